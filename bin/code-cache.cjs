'use strict'
// Loads a bundle through V8's code cache: the compiled form of the functions that earlier runs used. Without one, or with one
// that V8 refuses (other flags, other CPU), everything works and is slower.
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { Module } = require('node:module')

/** Scripts of this run whose cache is missing: file name of the cache → script. */
const uncached = new Map()
const loaded = new Map()

/**
 * V8 accepts a stale cache when the source merely has the same length, so the name of a cache holds the digest of the source.
 * The build writes that digest into the first line of the bundle.
 */
function cacheName(file, source, profile) {
  const digest = /^\/\/ sha256:([0-9a-f]{64})\n/.exec(source)
  const name = path.basename(file, '.cjs')
  return digest && `${name}-${profile}-${digest[1].slice(0, 32)}-${process.version}-${process.arch}.cache`
}

/**
 * Reading a cache takes time by its size, so there is one for each kind of command, with the functions that kind needs:
 * `version`, `open` (what scripts call all day) and `other`.
 */
function profileOf(argv) {
  const words = argv.filter((word) => !word.startsWith('-'))
  if (words[0] === 'version' || argv[0] === '--version') return 'version'
  const word = words[0] === 'env' ? words[1] : words[0]
  return word === 'open' || word === 'run' || word === 'get' ? 'open' : 'other'
}

/** Where caches for other versions of Node than the one that built this package are kept. A cache is code: only ours counts. */
function userCacheFolder() {
  const base = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
  return base && path.isAbsolute(base) ? path.join(base, 'esc') : undefined
}

function isPrivate(status) {
  return process.getuid !== undefined && status.uid === process.getuid() && (status.mode & 0o022) === 0
}

function readUserCache(name) {
  try {
    const folder = userCacheFolder()
    if (folder === undefined || !isPrivate(fs.statSync(folder))) return undefined
    const file = path.join(folder, name)
    return isPrivate(fs.lstatSync(file)) ? fs.readFileSync(file) : undefined
  } catch {
    return undefined
  }
}

function readShippedCache(file, name) {
  try {
    return fs.readFileSync(path.join(path.dirname(file), 'cache', name))
  } catch {
    return undefined
  }
}

function compile(file, profile) {
  // The bundles are pure ASCII; read as latin1 they stay one byte a character.
  const source = fs.readFileSync(file, 'latin1')
  const name = cacheName(file, source, profile)
  const options = {
    filename: file,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }
  if (name) {
    for (const read of [() => readShippedCache(file, name), () => readUserCache(name)]) {
      const cachedData = read()
      if (cachedData === undefined) continue
      const script = new vm.Script(source, { ...options, cachedData })
      if (!script.cachedDataRejected) return script
    }
  }
  const script = new vm.Script(source, options)
  if (name) uncached.set(name, script)
  return script
}

/** Loads one of our bundles, with the cache of a profile; the same file always gives the same module. */
function loadBundle(file, profile = 'all') {
  const known = loaded.get(file)
  if (known) return known.exports
  const module = new Module(file, undefined)
  module.filename = file
  module.paths = Module._nodeModulePaths(path.dirname(file))
  const requireOther = Module.createRequire(file)
  const requireHere = (id) =>
    id.startsWith('./') && id.endsWith('.cjs') ? loadBundle(path.join(path.dirname(file), id)) : requireOther(id)
  requireHere.resolve = requireOther.resolve
  requireHere.cache = requireOther.cache
  // Plugins are no bundles of ours.
  requireHere.importModule = (url) => import(url)
  const script = compile(file, profile)
  loaded.set(file, module)
  try {
    script.runInThisContext().call(module.exports, module.exports, requireHere, module, file, path.dirname(file))
  } catch (error) {
    loaded.delete(file)
    throw error
  }
  return module.exports
}

/**
 * Called after a run, when V8 knows which functions a command needs: writes what is missing into the user's cache folder.
 * `into` writes to another folder instead (the build). Never fails.
 */
function saveCodeCaches(into) {
  if (uncached.size === 0) return
  // With flags of its own, V8 would refuse every cache; writing one each time would only cost.
  if (into === undefined && (process.execArgv.length > 0 || process.env.NODE_OPTIONS || process.env.ESC_NO_CODE_CACHE))
    return
  const folder = into || userCacheFolder()
  if (folder === undefined) return
  try {
    fs.mkdirSync(folder, { recursive: true, mode: into === undefined ? 0o700 : 0o755 })
    if (into === undefined && !isPrivate(fs.statSync(folder))) return
    for (const [name, script] of uncached) {
      const temporary = path.join(folder, `.${name}.${process.pid}`)
      fs.writeFileSync(temporary, script.createCachedData(), { mode: into === undefined ? 0o600 : 0o644, flag: 'wx' })
      fs.renameSync(temporary, path.join(folder, name))
    }
    if (into === undefined) removeOldCaches(folder)
  } catch {
    // A read-only home or a full disk costs speed, not correctness.
  }
}

/** Keeps the folder small: caches of builds that are gone are never asked for again. */
function removeOldCaches(folder) {
  const aged = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.cache'))
    .map((name) => ({ name, time: fs.statSync(path.join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time)
  for (const { name } of aged.slice(16)) fs.rmSync(path.join(folder, name), { force: true })
}

module.exports = { loadBundle, profileOf, saveCodeCaches }
