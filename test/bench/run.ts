// `npm run bench`: the figures of the README's table. `--sanity` makes one short round, to see that
// everything still runs;
// `--startup` measures the start of commands only; `--peers` that of other programs, which it
// installs from npm; `--server` the server under load, with SLOW=1 over a million reads;
// `--appends` the revisions that PostgreSQL takes in.
import { existsSync } from 'node:fs'
import { benchAppends } from './appends.ts'
import { benchRedaction } from './redaction.ts'
import { benchRotation } from './rotation.ts'
import { benchServer } from './server.ts'
import { benchStartup } from './startup.ts'
import { benchPeers } from './startup-peers.ts'
import { benchStore } from './store.ts'

const sanity = process.argv.includes('--sanity')
if (process.argv.includes('--peers')) {
  benchPeers({ rounds: 21 })
} else if (process.argv.includes('--appends')) {
  await benchAppends({ seconds: sanity ? 2 : 10 })
} else if (process.argv.includes('--server')) {
  const reads = process.env.SLOW === '1' ? 1_000_000 : 0
  await benchServer(
    sanity ? { rounds: 1, seconds: 2, reads: 0, leastRatio: 0.05 } : { rounds: 5, seconds: 4, reads, leastRatio: 0.5 },
  )
} else {
  await benchStartup({ rounds: sanity ? 5 : 41, strict: sanity })
  if (!process.argv.includes('--startup')) {
    await benchStore(sanity ? { rounds: 3, revisions: 100, environments: 100 } : { rounds: 101 })
    await benchRedaction(
      sanity
        ? { megabytes: 64, rounds: 1, leastMegabytesPerSecond: 20 }
        : { megabytes: 1000, rounds: 3, leastMegabytesPerSecond: 200 },
    )
    await benchRotation(
      sanity
        ? { rounds: 2, passwords: [10, 100, 400], pairs: [1, 10, 50], independent: 100 }
        : { rounds: 5, passwords: [10, 100, 1000], pairs: [1, 10, 50, 100], mostPairsMs: 1_500, independent: 100 },
    )
    const evaluate = new URL('./evaluate.ts', import.meta.url)
    if (existsSync(evaluate)) await import(evaluate.href)
  }
}
