'use strict'
// The last step of the build: writes the oclif manifest, and the code cache of the commands that people wait for.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { loadBundle, saveCodeCaches } = require('./code-cache.cjs')

const root = dirname(__dirname)

async function main() {
  const cli = loadBundle(join(root, 'dist', 'cli.cjs'))
  const scratch = mkdtempSync(join(tmpdir(), 'esc-build-'))
  try {
    // A run comes first: V8 can only cache functions that have been compiled, and the manifest would compile all of oclif.
    await cli.warmUp(root, scratch)
    saveCodeCaches(join(root, 'dist', 'cache'))
    writeFileSync(join(root, 'oclif.manifest.json'), JSON.stringify(await cli.commandManifest(root), null, 2) + '\n')
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
