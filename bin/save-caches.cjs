'use strict'
// Writes code caches. Loaded by a run that found none that fits, and by the build.
const fs = require('node:fs')
const path = require('node:path')

/**
 * Called after a run, for the folder of the user, who alone may write there. Undefined: there is no
 * folder. Never fails.
 */
function saveOwnCaches(scripts, { folder, isPrivate }) {
  // With flags of its own, V8 would refuse every cache; writing one each time would only cost.
  if (process.execArgv.length > 0 || process.env.NODE_OPTIONS || process.env.ESC_NO_CODE_CACHE) return
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

/** Keeps the folder small: caches of builds that are gone are never asked for again. */
function removeOldCaches(folder) {
  const aged = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.cache'))
    .map((name) => ({ name, time: fs.statSync(path.join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time)
  for (const { name } of aged.slice(32)) fs.rmSync(path.join(folder, name), { force: true })
}

module.exports = { saveCaches, saveOwnCaches }
