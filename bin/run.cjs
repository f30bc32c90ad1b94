#!/usr/bin/env node
'use strict'
// What npm links as `esc`. Everything here is paid for by every command and is compiled anew each time, so it is short, and uses
// next to nothing of Node.
const fs = require('node:fs')
const { dirname, isAbsolute } = require('node:path')
const { Script } = require('node:vm')

const root = dirname(__dirname)
const argv = process.argv.slice(2)
const profile = profileOf(argv)
/** Scripts of this run whose code cache is missing: name of the cache → script. */
const uncached = new Map()
const loaded = new Map()

/**
 * Reading a cache takes time by its size, so there is one for each kind of command, with the functions that kind needs: for what
 * scripts call all day, and `other`.
 */
function profileOf(words) {
  const word = words[0] === 'env' ? words[1] : words[0]
  if (word === '--version') return 'version'
  return word === 'open' || word === 'run' || word === 'get' || word === 'version' ? word : 'other'
}

/**
 * Loads a bundle of dist/ through V8's code cache: the compiled form of the functions that earlier runs used. Without one, or with
 * one that V8 refuses (other flags, other CPU), everything works and is slower. The same bundle always gives the same module.
 */
function load(name) {
  const known = loaded.get(name)
  if (known !== undefined) return known.exports
  const module = { exports: {} }
  const script = compile(name)
  loaded.set(name, module)
  try {
    script.runInThisContext().call(module.exports, module.exports, requireHere, module)
  } catch (error) {
    loaded.delete(name)
    throw error
  }
  return module.exports
}

/** A bundle asks for another one as './name.cjs', wherever it is itself. */
function requireHere(id) {
  return id.startsWith('./') ? load(id.slice(2)) : require(id)
}
/** A module of a bundle, for what is written `import()` in the sources. */
requireHere.later = async (id, table, file) => requireHere(id)[table](file)
// Plugins are no bundles of ours.
requireHere.importModule = (url) => import(url)
requireHere.packageFolder = root

function compile(name) {
  const filename = `${root}/dist/${name}`
  // The bundles are pure ASCII; read as latin1 they stay one byte a character.
  const source = fs.readFileSync(filename, 'latin1')
  // V8 accepts a stale cache when the source merely has the same length, so the name of a cache holds the digest of the source. The
  // build writes that digest into the first line: "// sha256:" and 64 digits.
  const kind = name.startsWith('sdk/') ? `${name.slice(4, -4)}-all` : `${name.slice(0, -4)}-${profile}`
  const cacheName = `${kind}-${source.slice(10, 42)}-${process.version}-${process.arch}.cache`
  for (const read of [readShipped, readOwn]) {
    const cachedData = read(cacheName)
    if (cachedData === undefined) continue
    const script = new Script(source, { filename, cachedData })
    if (!script.cachedDataRejected) return script
  }
  const script = new Script(source, { filename })
  uncached.set(cacheName, script)
  return script
}

function readShipped(cacheName) {
  try {
    return fs.readFileSync(`${root}/dist/cache/${cacheName}`)
  } catch {
    return undefined
  }
}

/** A cache is code: of those in the user's folder only what nobody else can write counts. */
function readOwn(cacheName) {
  try {
    const folder = ownFolder()
    const file = `${folder}/${cacheName}`
    if (folder === undefined || !isPrivate(fs.statSync(folder)) || !isPrivate(fs.lstatSync(file))) return undefined
    return fs.readFileSync(file)
  } catch {
    return undefined
  }
}

/** Where caches are kept that did not come with the program. */
function ownFolder() {
  const { XDG_CACHE_HOME, HOME } = process.env
  const base = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return base && isAbsolute(base) ? `${base}/esc` : undefined
}

function isPrivate(status) {
  return process.getuid !== undefined && status.uid === process.getuid() && (status.mode & 0o022) === 0
}

function start() {
  // Should anything end without an answer, that is a failure.
  process.exitCode = 1
  process.on('uncaughtException', fail)
  try {
    load('cli.cjs').main(argv, root).then(finish, fail)
  } catch (error) {
    fail(error.code === 'ENOENT' ? new Error(`esc has not been built\nhint: run "npm run build" in ${root}`) : error)
  }
}

function finish(code) {
  // Now V8 knows which functions the command needs.
  if (uncached.size > 0) require('./save-caches.cjs').saveOwnCaches(uncached, { folder: ownFolder(), isPrivate })
  // Everything has been written; connections that vendors' libraries keep open must not hold us up.
  process.exit(code)
}

function fail(error) {
  process.stderr.write(`Error: ${process.env.ESC_DEBUG ? error.stack : error.message}\n`)
  process.exit(1)
}

if (require.main === module) start()
else module.exports = { load, uncached }
