import { expect } from 'chai'
import { slow, sweepMs } from '../sample.ts'
import { addCounts, type ReplicasDone, type ReplicaWork } from './replicas-worker.ts'
import { ask, startThreads } from './run.ts'
import type { DatabaseSabotage } from './shared-database.ts'

/** `SEED=… npx mocha test/simulation/replicas.test.ts` runs one schedule again. */
const replayed = process.env.SEED
const most = 100_000

let threads: ReturnType<typeof startThreads> | undefined

/** Simulates schedules on several threads, until one of them has found a violation. */
async function simulateMany(
  { first, count, endMs }: { readonly first: number; readonly count: number; readonly endMs: number },
  sabotage?: DatabaseSabotage,
): Promise<ReplicasDone> {
  threads ??= startThreads('replicas-worker')
  const workers = (await threads).slice(0, count)
  const found = new Int32Array(new SharedArrayBuffer(4))
  const done = await Promise.all(
    workers.map((worker, thread) =>
      ask<ReplicaWork, ReplicasDone>(worker, {
        first: first + thread,
        stride: workers.length,
        count: Math.ceil(count / workers.length),
        end: endMs,
        sabotage,
        found,
      }),
    ),
  )
  return done.reduce((one, other) => ({
    schedules: one.schedules + other.schedules,
    counts: addCounts(one.counts, other.counts),
    found: one.found ?? other.found,
  }))
}

describe('simulated servers on one database', function () {
  this.timeout(sweepMs + 300_000)

  it('lose no credential and run each instant once, whichever dies, freezes or is cut off', async () => {
    const first = replayed === undefined ? 1 + Math.floor(Math.random() * 1e9) : Number(replayed)
    const count = replayed !== undefined ? 1 : slow ? most : 15
    const endMs = slow ? Date.now() + sweepMs : Number.POSITIVE_INFINITY
    const { schedules, counts, found } = await simulateMany({ first, count, endMs })
    console.log(`      ${schedules} schedules from ${first}: ${JSON.stringify(counts)}`)
    if (found === undefined) return
    const again = `SEED=${found.seed} npx mocha test/simulation/replicas.test.ts`
    throw new Error(`${found.message}\nreplay with: ${again}\nwhat happened:\n  ${found.log.join('\n  ')}`)
  })

  if (replayed === undefined)
    for (const [seed, why] of [
      [568220213, 'one that slept while it made room asked for a credential that nobody looked for any more'],
      [
        931979738,
        'a run that finished what another had begun, and could not say so, was a success that nothing showed',
      ],
    ] as const)
      it(`do so in schedule ${seed}: ${why}`, async () => {
        const { found } = await simulateMany({ first: seed, count: 1, endMs: Number.POSITIVE_INFINITY })
        if (found !== undefined) throw new Error(`${found.message}\n  ${found.log.join('\n  ')}`)
      })

  describe('are not what they should be', () => {
    const wrongs: Readonly<Record<DatabaseSabotage, { readonly seed: number; readonly expected: RegExp }>> = {
      'late answers are believed': { seed: 334, expected: /nobody knows/ },
      'leases are not checked': { seed: 1, expected: /./ },
      'journal needs no lease': { seed: 1, expected: /./ },
      'keeps no runs': { seed: 1, expected: /./ },
    }
    for (const [wrong, { seed, expected }] of Object.entries(wrongs)) {
      it(`when ${wrong}`, async function () {
        if (!slow) return this.skip()
        const endMs = Date.now() + 120_000
        const { found } = await simulateMany({ first: seed, count: 20_000, endMs }, wrong as DatabaseSabotage)
        expect(found?.message).to.match(expected)
        return undefined
      })
    }
  })
})
