#!/usr/bin/env node
'use strict'
// What npm links as `esc`. No dependencies and next to no modules: everything here is paid for by every command.
const { loadBundle, saveCodeCaches } = require('./code-cache.cjs')
const { dirname, join } = require('node:path')

const root = dirname(__dirname)
let cli
try {
  cli = loadBundle(join(root, 'dist', 'cli.cjs'))
} catch (error) {
  if (error.code !== 'ENOENT') throw error
  process.stderr.write(`Error: esc has not been built\nhint: run "npm run build" in ${root}\n`)
  process.exit(1)
}

process.exitCode = 1
cli.main(process.argv.slice(2), root).then(
  (code) => {
    process.exitCode = code
    saveCodeCaches()
  },
  (error) => {
    process.stderr.write(`Error: ${error.message}\n`)
    process.exit(1)
  },
)
