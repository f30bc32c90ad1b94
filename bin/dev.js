#!/usr/bin/env node
// Runs esc from its sources, without a build: `node bin/dev.js env ls`.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register()
const { main } = await import('../src/index.ts')
process.exitCode = await main(process.argv.slice(2), dirname(dirname(fileURLToPath(import.meta.url))))
