#!/usr/bin/env node
'use strict'
// What npm links as `esc`. No dependencies and next to no modules: everything here is paid for by every command.
const { loadBundle, profileOf, saveCodeCaches } = require('./code-cache.cjs')
const { dirname, join } = require('node:path')

const root = dirname(__dirname)
const argv = process.argv.slice(2)
let cli
try {
  cli = loadBundle(join(root, 'dist', 'cli.cjs'), profileOf(argv))
} catch (error) {
  if (error.code !== 'ENOENT') throw error
  process.stderr.write(`Error: esc has not been built\nhint: run "npm run build" in ${root}\n`)
  process.exit(1)
}

function fail(error) {
  process.stderr.write(`Error: ${process.env.ESC_DEBUG ? error.stack : error.message}\n`)
  process.exit(1)
}

// Should anything end without an answer, that is a failure.
process.exitCode = 1
process.on('uncaughtException', fail)
cli.main(argv, root).then((code) => {
  saveCodeCaches()
  // Everything has been written; connections that vendors' libraries keep open must not hold us up.
  process.exit(code)
}, fail)
