// Preloaded into the program under test (NODE_OPTIONS=--require): counts every call that changes a
// file and every remote call, each of the latter three times (before it is sent, when it is sent,
// when its answer arrives), and kills the process, as the kernel would, at point number
// ESC_TEST_KILL_AT. After a file call is before the next one. The points seen are written to
// ESC_TEST_KILL_LOG by name, so that a sweep knows when it has passed the last one, and where it
// was. ESC_TEST_STEP=1: around each remote call, and before a revision gets its name, the program
// stands still until it is told, on descriptor 3, to go on. ESC_TEST_CUT_FROM: from that point on
// every vendor is out of reach.
'use strict'
const fs = require('node:fs')
const net = require('node:net')
const { basename, dirname } = require('node:path')

const killAt = Number(process.env.ESC_TEST_KILL_AT ?? 0)
const { openSync, writeSync } = fs
const log = process.env.ESC_TEST_KILL_LOG && openSync(process.env.ESC_TEST_KILL_LOG, 'a')
const stepping = process.env.ESC_TEST_STEP === '1'
const cutFrom = Number(process.env.ESC_TEST_CUT_FROM ?? Number.POSITIVE_INFINITY)
let count = 0

function point(name) {
  count += 1
  if (log) writeSync(log, `${name}\n`)
  if (stepping && /^remote|link revision/.test(name)) standStill(name)
  if (count === killAt) process.kill(process.pid, 'SIGKILL')
}

function standStill(name) {
  writeSync(3, `${name}\n`)
  for (;;) {
    try {
      fs.readSync(3, Buffer.alloc(1))
      return
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** A point of a connection. True: the vendor is out of reach, and the connection is gone. */
function remotePoint(socket, name) {
  point(`remote: ${name}`)
  if (count < cutFrom) return false
  socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }))
  return true
}

// Tests keep their temporary files in /dev/shm, which is a folder like any other.
const outside = (path) => typeof path === 'string' && /^\/(dev|proc)\/(?!shm(\/|$))/.test(path)

/** Paths of open files, by descriptor. */
const open = new Map()

/** What a file is to the store (docs/store.md), whatever its name is this time. */
function nameOf(path) {
  const text = String(path)
  const folder = dirname(text)
  const temporary = basename(text).startsWith('.tmp-')
  if (/\/locks\/break-/.test(text)) return 'right to break a lock'
  if (/\/locks$/.test(text)) return 'lock folder'
  if (/\/locks\//.test(text)) return 'lock'
  if (/\/seen($|\/)/.test(text)) return temporary ? 'new memory of what was seen' : 'memory of what was seen'
  if (/\/journal\/[^/]+\/./.test(text)) return temporary ? 'new journal record' : 'journal record'
  if (/\/state(\/journal(\/[^/]+)?)?$/.test(text)) return 'journal folder'
  if (/\/revisions\/[0-9]+\.yaml$/.test(text)) return 'revision'
  if (/\/revisions$/.test(text)) return 'revisions folder'
  if (/\/events(\/|$)/.test(text)) return 'rotation history'
  if (/\/(environment|settings)\.yaml$/.test(text)) return basename(text)
  if (temporary && /\/environments\/[^/]+\/[^/]+$/.test(folder)) return 'temporary file of the environment'
  if (/\/environments\/[^/]+\/[^/]+$/.test(text)) return 'folder of the environment'
  if (/\/environments(\/[^/.]+)?$/.test(text)) return 'folders above the environment'
  if (/\/state\/stores\/[^/]+\/audit(\/|$)/.test(text)) return 'audit log'
  if (/\/state\/stores(\/|$)/.test(text)) return 'state of the store'
  return /\/config(\/|$)/.test(text) ? 'configuration of the user' : 'other file'
}

const verbs = {
  mkdirSync: 'make',
  linkSync: 'link',
  renameSync: 'rename into',
  unlinkSync: 'remove',
  rmSync: 'remove',
  fsyncSync: 'sync',
  fsync: 'sync',
  fdatasyncSync: 'sync',
  writeFileSync: 'write',
}

for (const [call, verb] of Object.entries(verbs)) {
  const original = fs[call]
  fs[call] = (...args) => {
    const target = call === 'linkSync' || call === 'renameSync' ? args[1] : args[0]
    const path = typeof target === 'number' ? open.get(target) : target
    if (!outside(path)) point(`file: ${verb} ${nameOf(path)}`)
    return original.apply(fs, args)
  }
}

fs.openSync = (path, flags, ...rest) => {
  const writes = typeof flags === 'string' ? /[wa+]/.test(flags) : typeof flags === 'number' && (flags & 3) !== 0
  if (writes && !outside(path)) point(`file: open ${nameOf(path)}`)
  const file = openSync.call(fs, path, flags, ...rest)
  open.set(file, path)
  return file
}
fs.writeSync = (fd, ...rest) => {
  if (fd > 2) point(`file: write ${nameOf(open.get(fd))}`)
  return writeSync.call(fs, fd, ...rest)
}

const { write, push } = net.Socket.prototype
/** The request on each connection whose answer has not arrived. */
const asked = new WeakMap()

net.Socket.prototype.write = function (chunk, ...rest) {
  // Standard output is a socket when it is a pipe; only connections are remote calls.
  if (this.remoteAddress === undefined && !this.connecting) return write.call(this, chunk, ...rest)
  const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
  // All but its first words is encrypted; what the server sends meanwhile, and when, is not up to us.
  const ssh = asked.get(this)?.name === 'SSH' || bytes.subarray(0, 4).toString() === 'SSH-'
  const name = ssh ? 'SSH' : (requestOf(bytes) ?? asked.get(this)?.name ?? 'log in')
  // Nobody waits for it, so its place among the other calls is a matter of chance.
  if (name === 'disconnect') return write.call(this, chunk, ...rest)
  if (ssh && !isNewMessage(this)) return write.call(this, chunk, ...rest)
  if (remotePoint(this, `${name}, before it is sent`)) return false
  asked.set(this, { name, answered: ssh })
  const done = typeof rest.at(-1) === 'function' ? rest.pop() : undefined
  return write.call(this, chunk, ...rest, (...results) => {
    // With SSH, before the next message is when this one was answered.
    if (!ssh && (results[0] === undefined || results[0] === null)) remotePoint(this, `${name}, sent`)
    done?.(...results)
  })
}
/** Sockets to which something was written in this turn of the event loop. */
const busy = new Set()

/** False for the rest of a message that is written in pieces. */
function isNewMessage(socket) {
  if (busy.has(socket)) return false
  busy.add(socket)
  setImmediate(() => busy.delete(socket))
  return true
}

net.Socket.prototype.push = function (chunk, ...rest) {
  const request = chunk && asked.get(this)
  if (request && !request.answered) {
    request.answered = true
    if (remotePoint(this, `${request.name}, answered`)) return false
  }
  return push.call(this, chunk, ...rest)
}

/**
 * What is asked, without anything secret or different every time. Undefined: the rest of a request.
 */
function requestOf(bytes) {
  if (bytes.length < 5) return undefined
  const text = bytes.toString('latin1')
  const http = /^(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP\/1/.exec(text)
  if (http) {
    const action = /(?:^|[&\n])Action=(\w+)/.exec(text)
    if (action) return action[1]
    const path = http[2].replace(/\?.*/, '').replace(/[^/]*([0-9a-f]{6,}|[A-Z]{2}[0-9a-z]{20,})[^/]*/g, '…')
    return path === '/' ? undefined : `${http[1]} ${path}`
  }
  const action = /^(?:[\w.]+=[^&]*&)*Action=(\w+)/.exec(text)
  if (action) return action[1]
  const statement = /(SELECT|ALTER (?:ROLE|USER)|SET PASSWORD|BEGIN|COMMIT|FLUSH|SHOW \w+|DESC(?:RIBE)? \w+)\b/i.exec(
    text,
  )
  if (statement && !/^[{[]/.test(text)) return statement[1].toUpperCase()
  if (/"statement"/.test(text))
    return `SQL: ${/(ALTER USER|DESC(?:RIBE)? USER|SHOW \w+|SELECT)/i.exec(text)?.[1].toUpperCase() ?? 'statement'}`
  const redis = /^\*\d+\r\n\$\d+\r\n(\w+)\r\n(?:\$\d+\r\n(SETUSER|GETUSER|SAVE|WHOAMI|DRYRUN|LIST)\r\n)?/i.exec(text)
  if (redis) return [redis[1], redis[2]].filter(Boolean).join(' ').toUpperCase()
  // LDAP (RFC 4511): SEQUENCE, message id, then the operation's tag.
  const ldap =
    bytes[0] === 0x30 ? { 96: 'bind', 99: 'search', 102: 'modify', 66: 'unbind', 119: 'extended request' } : {}
  const at = bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7f)
  const operation = ldap[bytes[at + 2 + bytes[at + 1]]]
  if (operation) return `LDAP ${operation}`
  if (bytes.readUInt32BE(0) === bytes.length && bytes[5] === 3 && bytes[4] === 0) return 'connect'
  if (text[0] === 'p') return 'authenticate'
  if (text[0] === 'X' && bytes.length === 5) return 'disconnect'
  if (bytes.length === 5 && bytes[0] === 1 && bytes[4] === 1) return 'disconnect'
  return undefined
}

// Waits for an eventually consistent vendor are long; a sweep has hundreds of them.
const { setTimeout: wait } = globalThis
// Long ones may be limits of time, which standing still uses up.
const longest = stepping ? 2_000 : 15_000
const shorter = (ms) => (ms >= 200 && ms <= longest ? ms / (ms <= 2_000 ? 40 : 10) : ms)
globalThis.setTimeout = Object.assign((work, ms, ...args) => wait(work, shorter(ms), ...args), wait)

// Vendors whose address nobody can set: their origins lead to servers of this machine.
const routes = JSON.parse(process.env.ESC_TEST_ROUTES ?? '{}')
const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const url = new URL(String(input))
  const route = routes[url.origin]
  return fetch(route === undefined ? url : `${route}${url.pathname}${url.search}`, init)
}
const dns = require('node:dns')
const { lookup } = dns
const hosts = (process.env.ESC_TEST_HOSTS ?? '').split(',')
dns.lookup = (host, options, done) => {
  if (!hosts.includes(host)) return lookup(host, options, done)
  const callback = done ?? options
  return options?.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
}
