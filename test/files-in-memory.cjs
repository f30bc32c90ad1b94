// Before the tests: temporary files go into memory where the machine has room there, as each test
// writes many small files and syncs each. On a disk the tests take a third longer. A folder that
// TMPDIR names is kept.
const { spawnSync } = require('node:child_process')
const { existsSync, rmSync, statfsSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')

const memory = '/dev/shm'
/** Several times what a run with every server takes. */
const enough = 4 * 2 ** 30

// The processes of a parallel run inherit it.
if (process.env.TMPDIR === undefined && hasRoom() && runsPrograms()) process.env.TMPDIR = memory

function hasRoom() {
  if (!existsSync(memory)) return false
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize >= enough
}

/** Containers often mount it so that nothing in it can be run. */
function runsPrograms() {
  const script = join(memory, `esc-test-${process.pid}.sh`)
  try {
    writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o700 })
    return spawnSync(script).status === 0
  } catch {
    return false
  } finally {
    rmSync(script, { force: true })
  }
}
