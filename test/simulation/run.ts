import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { present } from '../../src/present.ts'
import type { Schedule } from './schedule.ts'
import type { SimulationOptions } from './simulation.ts'
import { type Done, sum, type Work } from './worker.ts'

const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))

/** Simulates schedules on several threads, until one of them has found a violation. */
export async function simulateMany(
  what: { readonly firstSeed: number; readonly count: number } | { readonly schedules: readonly Schedule[] },
  options: SimulationOptions & Pick<Work, 'end'> = {},
): Promise<Done> {
  threads ??= startThreads('worker')
  const count = 'schedules' in what ? what.schedules.length : what.count
  const workers = (await threads).slice(0, count)
  const found = new Int32Array(new SharedArrayBuffer(4))
  const shares = workers.map((_, thread): Work => {
    if ('schedules' in what) {
      return { ...options, found, schedules: what.schedules.filter((_, index) => index % workers.length === thread) }
    }
    const seeds = { first: what.firstSeed + thread, stride: workers.length, count: Math.ceil(count / workers.length) }
    return { ...options, found, seeds }
  })
  const done = await Promise.all(workers.map((worker, thread) => ask<Work, Done>(worker, present(shares[thread]))))
  return done.reduce((one, other) => ({
    schedules: one.schedules + other.schedules,
    counts: sum(one.counts, other.counts),
    ...((one.found ?? other.found) && { found: one.found ?? other.found }),
  }))
}

/** One for all simulations of this process. */
let threads: Promise<readonly Worker[]> | undefined

/**
 * Starts threads that run a bundle: many times faster than modules that are compiled as they load.
 */
export async function startThreads(program: string): Promise<readonly Worker[]> {
  // Where imports of packages find them.
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'simulation-'))
  try {
    const bundle = join(folder, 'worker.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL(`${program}.ts`, import.meta.url))],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'error',
      packages: 'external',
    })
    return await Promise.all(Array.from({ length: availableParallelism() }, () => startThread(bundle)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function startThread(bundle: string): Promise<Worker> {
  const worker = new Worker(bundle, {
    execArgv: ['--enable-source-maps'],
    // Simulations leave much short-lived garbage.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  })
  await once(worker, 'message')
  // It ends with this process, and does not keep it.
  worker.unref()
  return worker
}

/** Has a thread do something, and returns its answer. */
export async function ask<Asked, Answer>(worker: Worker, work: Asked): Promise<Answer> {
  worker.ref()
  worker.postMessage(work)
  // An error of the thread rejects it.
  const [done] = (await once(worker, 'message')) as [Answer]
  worker.unref()
  return done
}
