import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import type { Schedule } from './schedule.ts'
import type { SimulationOptions } from './simulation.ts'
import { type Done, sum, type Work } from './worker.ts'

const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))

/** Simulates schedules on several threads. They run a bundle, which is many times faster than modules that are compiled as they load. */
export async function simulateMany(
  what: { readonly firstSeed: number; readonly count: number } | { readonly schedules: readonly Schedule[] },
  options: SimulationOptions & Pick<Work, 'end'> = {},
): Promise<Done> {
  // Where imports of packages find them.
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'simulation-'))
  try {
    const bundle = join(folder, 'worker.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'error',
      packages: 'external',
    })
    const count = 'schedules' in what ? what.schedules.length : what.count
    const threads = Math.min(count, availableParallelism())
    const shares = Array.from({ length: threads }, (_, thread): Work => {
      if ('schedules' in what) {
        return { ...options, schedules: what.schedules.filter((_, index) => index % threads === thread) }
      }
      const seeds = { first: what.firstSeed + thread, stride: threads, count: Math.ceil(count / threads) }
      return { ...options, seeds }
    })
    const done = await Promise.all(shares.map((share) => runWorker(bundle, share)))
    return done.reduce((one, other) => ({
      schedules: one.schedules + other.schedules,
      counts: sum(one.counts, other.counts),
      ...((one.found ?? other.found) && { found: one.found ?? other.found }),
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runWorker(bundle: string, work: Work): Promise<Done> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(bundle, {
      workerData: work,
      execArgv: ['--enable-source-maps'],
      // Simulations leave much short-lived garbage.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
