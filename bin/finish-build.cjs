'use strict'
// The last step of the build: writes the oclif manifest, and the code caches of the commands that people wait for. Each cache is made
// by a process of its own, because V8 caches whatever functions have been used in it.
const { spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { load, uncached } = require('./run.cjs')
const { saveCaches } = require('./save-caches.cjs')

const root = dirname(__dirname)
// `other` first: it makes the store that the others read.
const PROFILES = ['other', 'open', 'get', 'run', 'version']

async function main() {
  // The first word is the profile for run.cjs too.
  const [profile, folder] = process.argv.slice(2)
  if (profile !== undefined) {
    const { main, warmUp } = load('cli.cjs')
    await warmUp(main, { profile, root, scratch: folder })
    // Its functions would be in no cache that is small, and reading it takes longer than the command.
    const isSlow = profile !== 'other' && [...uncached.keys()].some((name) => name.startsWith('rest-'))
    if (isSlow) throw new Error(`esc ${profile} needs dist/rest.cjs: see EVERYDAY in esbuild.config.mjs`)
    return saveCaches(uncached, join(root, 'dist', 'cache'), 0o644)
  }
  const manifest = await load('cli.cjs').commandManifest(root)
  writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const scratch = mkdtempSync(join(tmpdir(), 'esc-build-'))
  try {
    for (const each of PROFILES) {
      const { status } = spawnSync(process.execPath, [__filename, each, scratch], { stdio: 'inherit' })
      if (status !== 0) process.exitCode = 1
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
