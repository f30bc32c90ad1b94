import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { evaluateEnvironment } from '../../src/evaluate/index.ts'
import { type Delays, decrypt, executionContext, fakeWorld } from '../conformance/fakes.ts'
import { besideClone } from '../sources.ts'

/** Recorded environments for timing; `generate.mjs` there makes larger ones. */
const recorded = besideClone('shared/conformance/bench/')

interface Variant {
  readonly name: string
  readonly folder: string
  readonly delays?: Delays
  readonly mode?: 'open' | 'check'
  /** What it should take at most, warm. */
  readonly targetMs?: number
}

const variants: readonly Variant[] = [
  { name: '26 imports', folder: 'imports-26', targetMs: 4 },
  { name: '26 imports, 10 ms an open', folder: 'imports-26', delays: { openMs: 10 }, targetMs: 20 },
  { name: '26 imports, 10 ms a load', folder: 'imports-26', delays: { loadMs: 10 }, targetMs: 30 },
  { name: '26 imports, 10 ms each', folder: 'imports-26', delays: { openMs: 10, loadMs: 10 }, targetMs: 50 },
  { name: '1,000 keys', folder: 'keys-1000', targetMs: 17 },
  { name: '2,000 keys', folder: 'keys-2000' },
  { name: '5,000 keys', folder: 'keys-5000' },
  { name: '10,000 keys', folder: 'keys-10000', targetMs: 145 },
  { name: '10,000 keys, check', folder: 'keys-10000', mode: 'check' },
  { name: 'chain of 10', folder: 'chain-10', targetMs: 3 },
  { name: 'chain of 50', folder: 'chain-50' },
  { name: 'chain of 100', folder: 'chain-100', targetMs: 60 },
  { name: 'chain of 200', folder: 'chain-200' },
  { name: '2,000 references', folder: 'references-2000', targetMs: 40 },
  { name: '8,000 references', folder: 'references-8000' },
]

export interface Measurement {
  readonly name: string
  readonly firstMs: number
  readonly medianMs: number
  readonly runsPerSecond: number
  /** Highest resident memory of the process that ran this variant only. */
  readonly peakMegabytes: number
  readonly targetMs: number | undefined
}

async function measure(variant: Variant, folder: string): Promise<Measurement> {
  const files = new Map<string, string>()
  for (const file of readdirSync(folder))
    if (file.endsWith('.yaml')) files.set(file.replace(/\.yaml$/, ''), readFileSync(join(folder, file), 'utf8'))
  const world = fakeWorld((name) => files.get(name)!, variant.delays)
  const text = files.get('env')!
  const once = async () => {
    const start = performance.now()
    const { environment, diagnostics } = await evaluateEnvironment(
      { name: 'bench', text, mode: variant.mode ?? 'open', unlock: async () => decrypt, context: executionContext },
      world,
    )
    // The properties are what every caller reads.
    if (diagnostics.length > 0 || !environment?.properties) throw new Error(`${variant.name}: did not evaluate`)
    return performance.now() - start
  }
  const firstMs = await once()
  const warmUntil = performance.now() + 1500
  for (let i = 0; i < 200 && (i < 5 || performance.now() < warmUntil); i++) await once()
  const times: number[] = []
  const until = performance.now() + 1500
  while (times.length < 5 || (performance.now() < until && times.length < 500)) times.push(await once())
  times.sort((a, b) => a - b)
  const medianMs = times[times.length >> 1]!
  return {
    name: variant.name,
    firstMs,
    medianMs,
    runsPerSecond: 1000 / medianMs,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    targetMs: variant.targetMs,
  }
}

/**
 * Measures every variant, each in a process of its own. Undefined: the recorded environments are
 * not there.
 */
export function benchEvaluate(only?: string): readonly Measurement[] | undefined {
  if (!existsSync(recorded)) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-'))
  try {
    cpSync(recorded, folder, { recursive: true })
    const generate = (...args: string[]) => execFileSync(process.execPath, [join(folder, 'generate.mjs'), ...args])
    const chosen = variants.filter(({ name }) => only === undefined || name.includes(only))
    for (const variant of chosen) {
      const [kind, size] = variant.folder.split('-')
      if (!existsSync(join(folder, variant.folder))) generate(kind!, size!)
    }
    return chosen.map((variant) => {
      const args = [...process.execArgv, fileURLToPath(import.meta.url), '--variant', variant.name, folder]
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measurement
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function printMeasurements(measurements: readonly Measurement[]): void {
  const row = (...cells: string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(12))).join(''))
  row('evaluation', 'first ms', 'warm ms', 'ops/s', 'peak MB', 'target ms')
  for (const { name, firstMs, medianMs, runsPerSecond, peakMegabytes, targetMs } of measurements) {
    const verdict = targetMs === undefined ? '' : `${targetMs}${medianMs <= targetMs ? '' : ' !'}`
    row(name, firstMs.toFixed(1), medianMs.toFixed(2), runsPerSecond.toFixed(1), peakMegabytes.toFixed(0), verdict)
  }
}

if (process.argv.includes('--variant')) {
  const at = process.argv.indexOf('--variant')
  const variant = variants.find(({ name }) => name === process.argv[at + 1])!
  console.log(JSON.stringify(await measure(variant, join(process.argv[at + 2]!, variant.folder))))
} else if (/[\\/]bench[\\/](evaluate|run)\.ts$/.test(process.argv[1] ?? '')) {
  const only = process.argv.slice(2).find((argument) => !argument.startsWith('-'))
  const measurements = benchEvaluate(process.argv.includes('--sanity') ? '1,000 keys' : only)
  if (measurements === undefined) console.log('evaluation: skipped, the recorded environments are not there')
  else printMeasurements(measurements)
}
