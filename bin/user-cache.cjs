'use strict'
// Code caches for other versions of Node than the one that built this package, in a folder of the user's. A cache is code: only what
// nobody else can write counts. Loaded when the caches of the build do not fit.
const fs = require('node:fs')
const path = require('node:path')

/** Undefined: there is none, or it is not the user's own. */
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

/** Called after a run, when V8 knows which functions a command needs. Never fails. */
function saveUserCaches(scripts) {
  // With flags of its own, V8 would refuse every cache; writing one each time would only cost.
  if (process.execArgv.length > 0 || process.env.NODE_OPTIONS || process.env.ESC_NO_CODE_CACHE) return
  const folder = userCacheFolder()
  if (folder === undefined) return
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isPrivate(fs.statSync(folder))) return
    saveCaches(scripts, folder, 0o600)
    removeOldCaches(folder)
  } catch {
    // A read-only home or a full disk costs speed, not correctness.
  }
}

/** Writes the code caches of scripts (by file name) into a folder. */
function saveCaches(scripts, folder, mode) {
  for (const [name, script] of scripts) {
    const temporary = path.join(folder, `.${name}.${process.pid}`)
    fs.writeFileSync(temporary, script.createCachedData(), { mode, flag: 'wx' })
    fs.renameSync(temporary, path.join(folder, name))
  }
}

function userCacheFolder() {
  const base = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
  return base && path.isAbsolute(base) ? path.join(base, 'esc') : undefined
}

function isPrivate(status) {
  return process.getuid !== undefined && status.uid === process.getuid() && (status.mode & 0o022) === 0
}

/** Keeps the folder small: caches of builds that are gone are never asked for again. */
function removeOldCaches(folder) {
  const aged = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.cache'))
    .map((name) => ({ name, time: fs.statSync(path.join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time)
  for (const { name } of aged.slice(32)) fs.rmSync(path.join(folder, name), { force: true })
}

module.exports = { readUserCache, saveCaches, saveUserCaches }
