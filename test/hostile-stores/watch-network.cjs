// Preloaded into the program under test (NODE_OPTIONS=--require): writes every connection and every
// look-up of a name to ESC_TEST_NETWORK_LOG, and refuses it. An address in ESC_TEST_NETWORK_ALLOW
// (`host:port`, comma-separated) is let through.
'use strict'
const { appendFileSync } = require('node:fs')
const net = require('node:net')
const dns = require('node:dns')

const log = process.env.ESC_TEST_NETWORK_LOG
const allowed = (process.env.ESC_TEST_NETWORK_ALLOW ?? '').split(',').filter(Boolean)

const isAllowed = (name) => allowed.some((place) => place.startsWith(`${name}:`))

function refused(what) {
  appendFileSync(log, `${what}\n`)
  return Object.assign(new Error(`connect ECONNREFUSED ${what}`), { code: 'ECONNREFUSED', syscall: 'connect' })
}

if (log) {
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (...args) {
    const [options] = net._normalizeArgs(Array.isArray(args[0]) ? args[0] : args)
    const place = options.path ?? `${options.host ?? 'localhost'}:${options.port}`
    if (options.path !== undefined || allowed.includes(place)) return connect.apply(this, args)
    const error = refused(place)
    process.nextTick(() => this.destroy(error))
    return this
  }
  const { lookup } = dns
  dns.lookup = (name, options, callback) => {
    const done = typeof options === 'function' ? options : callback
    if (isAllowed(name)) return lookup(name, options, callback)
    const error = refused(`look-up of ${name}`)
    return process.nextTick(() => done(error))
  }
  const { lookup: lookUp } = dns.promises
  dns.promises.lookup = async (name, options) => {
    if (isAllowed(name)) return lookUp(name, options)
    throw refused(`look-up of ${name}`)
  }
}
