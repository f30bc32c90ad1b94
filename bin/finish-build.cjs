'use strict'
// The last step of the build: writes the oclif manifest, and the code caches of the commands that people wait for. Each cache is made
// by a process of its own, because V8 caches whatever functions have been used in it.
const { spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { loadBundle, saveCodeCaches } = require('./code-cache.cjs')

const root = dirname(__dirname)
const bundle = join(root, 'dist', 'cli.cjs')
// `other` first: it makes the store that `open` reads.
const PROFILES = ['other', 'open', 'version']

async function warmUp(profile, scratch) {
  const cli = loadBundle(bundle, profile)
  await cli.warmUp(profile, root, scratch)
  saveCodeCaches(join(root, 'dist', 'cache'))
}

async function main() {
  const [profile, folder] = process.argv.slice(2)
  if (profile !== undefined) return warmUp(profile, folder)
  const manifest = await loadBundle(bundle).commandManifest(root)
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
