// `npm run bench`: the figures of the README's table. `--sanity` makes one short round, to see that everything still runs.
import { existsSync } from 'node:fs'
import { benchStartup } from './startup.ts'

const sanity = process.argv.includes('--sanity')
await benchStartup({ rounds: sanity ? 3 : 31 })

const evaluate = new URL('./evaluate.ts', import.meta.url)
if (existsSync(evaluate)) await import(evaluate.href)
