'use strict'
// Libraries that are not JavaScript: the system loads them from a file only.
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const loaded = new Map()

/**
 * Loads a library from its bytes. The file that this takes is in a new folder that only this user
 * can enter, and is gone when this returns.
 */
exports.nativePart = function nativePart(name, bytes) {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const failures = []
  for (const base of folders()) {
    try {
      const library = loadFrom(base, name, bytes)
      loaded.set(name, library)
      return library
    } catch (error) {
      failures.push(`${base}: ${error.message}`)
    }
  }
  throw new Error(`${name} can be loaded from no folder (${failures.join('; ')})`)
}

/** Folders in which files may be written. No program may be run from some, such as /dev/shm. */
function folders() {
  return [os.tmpdir(), process.env.XDG_RUNTIME_DIR, process.env.XDG_CACHE_HOME, os.homedir()].filter(Boolean)
}

function loadFrom(base, name, bytes) {
  const module = { exports: {} }
  const folder = fs.mkdtempSync(path.join(base, '.esc-'))
  try {
    const file = path.join(folder, path.basename(name))
    fs.writeFileSync(file, bytes, { mode: 0o500, flag: 'wx' })
    process.dlopen(module, file)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
  return module.exports
}
