// Preloaded into the program under test (NODE_OPTIONS=--require): counts every call that changes a file and every write
// to a socket, and kills the process, as the kernel would, just before call number ESC_TEST_KILL_AT. The calls seen are
// written to ESC_TEST_KILL_LOG, so that a sweep knows when it has passed the last one.
'use strict'
const fs = require('node:fs')
const net = require('node:net')

const killAt = Number(process.env.ESC_TEST_KILL_AT ?? 0)
const { openSync, writeSync } = fs
const log = process.env.ESC_TEST_KILL_LOG && openSync(process.env.ESC_TEST_KILL_LOG, 'a')
let count = 0

function point(name) {
  count += 1
  if (log) writeSync(log, `${name}\n`)
  if (count === killAt) process.kill(process.pid, 'SIGKILL')
}

const outside = (path) => typeof path === 'string' && /^\/(dev|proc)\//.test(path)

for (const name of [
  'mkdirSync',
  'linkSync',
  'renameSync',
  'unlinkSync',
  'rmSync',
  'fsyncSync',
  'fdatasyncSync',
  'writeFileSync',
]) {
  const original = fs[name]
  fs[name] = (...args) => {
    if (!outside(args[0])) point(name)
    return original.apply(fs, args)
  }
}

fs.openSync = (path, flags, ...rest) => {
  const writes = typeof flags === 'string' ? /[wa+]/.test(flags) : typeof flags === 'number' && (flags & 3) !== 0
  if (writes && !outside(path)) point('openSync')
  return openSync.call(fs, path, flags, ...rest)
}
fs.writeSync = (fd, ...rest) => {
  if (fd > 2) point('writeSync')
  return writeSync.call(fs, fd, ...rest)
}

const { write } = net.Socket.prototype
net.Socket.prototype.write = function (...args) {
  // Standard output is a socket when it is a pipe; only connections are remote calls.
  if (this.remoteAddress !== undefined) point('send')
  return write.apply(this, args)
}

// Waits for an eventually consistent vendor are long; a sweep has hundreds of them.
const { setTimeout: wait } = globalThis
globalThis.setTimeout = Object.assign(
  (work, ms, ...args) => wait(work, ms >= 200 && ms <= 15_000 ? ms / 10 : ms, ...args),
  wait,
)
