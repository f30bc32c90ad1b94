#!/usr/bin/env node
'use strict'
// What npm links as `esc`. Everything here is paid for by every command and is compiled anew each
// time, so it is short, and uses next to nothing of Node. It is ES5: a Node of any age must read
// the whole file before it can say that it is too old.
refuseOldNode(process.versions.node)

var fs = require('node:fs')
var path = require('node:path')
var vm = require('node:vm')

var root = path.dirname(__dirname)
var argv = process.argv.slice(2)
var profile = profileOf(argv)
/** Scripts of this run whose code cache is missing: name of the cache → script. */
var uncached = new Map()
var loaded = new Map()
/** Bundles that are in the file of another, by name. */
var held = new Map()
var builtins = new Map()
/** Reads a file of this package, in UTF-8 or, without `encoding`, as bytes. */
var readPackage = function (name, encoding) {
  return fs.readFileSync(root + '/' + name, encoding)
}

/**
 * Node 21 and the first releases of 22 have no `getBuiltinModule`, which the bundles ask for
 * built-in modules.
 */
function refuseOldNode(version) {
  var parts = version.split('.')
  var isOld = Number(parts[0]) < 20 || (Number(parts[0]) === 20 && Number(parts[1]) < 19)
  if (!isOld && process.getBuiltinModule !== undefined) return
  var needed = isOld ? 'Node 20.19 or later' : 'Node 20.19, or 22.3 or later'
  var found = 'this is Node ' + version + ' (' + process.execPath + ')'
  // biome-ignore lint/style/useNodejsImportProtocol: a Node that old knows no such names.
  require('fs').writeSync(
    2,
    'Error: esc needs ' + needed + '; ' + found + '. Install a newer one: https://nodejs.org\n'
  )
  process.exit(1)
}

/**
 * Reading a cache takes time by its size, so there is one for each kind of command, with the
 * functions that kind needs: for what scripts call all day, and `other`.
 */
function profileOf(words) {
  var word = words[0] === 'env' ? words[1] : words[0]
  if (word === '--version') return 'version'
  return word === 'open' || word === 'run' || word === 'get' || word === 'version' ? word : 'other'
}

/**
 * Loads a bundle of dist/ through V8's code cache: the compiled form of the functions that earlier
 * runs used. Without one, or with one that V8 refuses (other flags, other CPU), everything works
 * and is slower. The same bundle always gives the same module.
 */
function load(name) {
  var known = loaded.get(name)
  if (known !== undefined) return known.exports
  var module = { exports: {} }
  var run = held.get(name) || compile(name).runInThisContext()
  loaded.set(name, module)
  try {
    run.call(module.exports, module.exports, requireHere, module)
  } catch (error) {
    loaded.delete(name)
    throw error
  }
  return module.exports
}

/**
 * A bundle asks for another one as './name.cjs', wherever it is itself, and for a module of Node
 * once for each file that uses it.
 */
function requireHere(id) {
  if (id.startsWith('./')) return load(id.slice(2))
  var builtin = builtins.get(id)
  if (builtin === undefined) {
    builtin = require(id)
    builtins.set(id, builtin)
  }
  return builtin
}
requireHere.hold = function (name, run) {
  held.set(name, run)
}
/** A module of a bundle, for what is written `import()` in the sources. */
requireHere.later = function (id, table, file) {
  return new Promise(function (resolve) {
    resolve(requireHere(id)[table](file))
  })
}
// Plugins are no bundles of ours. `import()` is no ES5, so it stands in a file of its own.
requireHere.importModule = function (url) {
  return require('./import-module.cjs').importModule(url)
}
/** Undefined in the executable, which has its files inside. */
requireHere.packageFolder = root
requireHere.packageFile = function (name) {
  return readPackage(name)
}

function compile(name) {
  var filename = root + '/dist/' + name
  // Node reads UTF-8 in half the time of latin1. The bundles are pure ASCII, so that they are one
  // byte a character either way.
  var source = readPackage('dist/' + name, 'utf8')
  // V8 accepts a stale cache when the source merely has the same length, so the name of a cache
  // holds the digest of the source. The build writes that digest into the first line: "// sha256:"
  // and 64 digits.
  var kind = name.indexOf('vendor/') === 0 ? name.slice(7, -4) + '-all' : name.slice(0, -4) + '-' + profile
  var cacheName = kind + '-' + source.slice(10, 42) + '-' + process.version + '-' + process.arch + '.cache'
  var script =
    compileCached(source, filename, readShipped(cacheName)) || compileCached(source, filename, readOwn(cacheName))
  if (script !== undefined) return script
  script = new vm.Script(source, { filename: filename })
  uncached.set(cacheName, script)
  return script
}

function compileCached(source, filename, cachedData) {
  if (cachedData === undefined) return undefined
  var script = new vm.Script(source, { filename: filename, cachedData: cachedData })
  return script.cachedDataRejected ? undefined : script
}

function readShipped(cacheName) {
  try {
    return readPackage('dist/cache/' + cacheName)
  } catch (_absent) {
    return undefined
  }
}

/** A cache is code: of those in the user's folder only what nobody else can write counts. */
function readOwn(cacheName) {
  var folder = ownFolder()
  var file = folder + '/' + cacheName
  try {
    if (folder === undefined || !isPrivate(fs.statSync(folder)) || !isPrivate(fs.lstatSync(file))) return undefined
    return fs.readFileSync(file)
  } catch (_absent) {
    return undefined
  }
}

/** Where caches are kept that did not come with the program. */
function ownFolder() {
  var home = process.env.HOME
  var base = process.env.XDG_CACHE_HOME || (home && home + '/.cache')
  return base && path.isAbsolute(base) ? base + '/esc' : undefined
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
    fail(error.code === 'ENOENT' ? new Error('esc has not been built\nhint: run "npm run build" in ' + root) : error)
  }
}

function finish(code) {
  // Now V8 knows which functions the command needs.
  if (uncached.size > 0)
    require('./save-caches.cjs').saveOwnCaches(uncached, { folder: ownFolder(), isPrivate: isPrivate })
  // Everything has been written; connections that vendors' libraries keep open must not hold us up.
  process.exit(code)
}

function fail(error) {
  process.stderr.write('Error: ' + (process.env.ESC_DEBUG ? error.stack : error.message) + '\n')
  process.exit(1)
}

/**
 * Starts the program with the files that the executable holds (packaging/executable). Stack traces
 * name `place` instead of a folder; `nativePart` loads a library that is not JavaScript.
 */
function startFrom(files) {
  root = files.place
  readPackage = files.read
  requireHere.packageFolder = undefined
  requireHere.nativePart = files.nativePart
  start()
}

if (require.main === module) start()
else module.exports = { load: load, uncached: uncached, startFrom: startFrom }
