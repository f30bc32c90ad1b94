import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importable } from '../sources.ts'
import type { CaseResult } from './result.ts'

/** A kind of recorded case: where it lies and the module that replays it. */
interface Kind {
  readonly kind: string
  readonly path: string
  readonly replay: (path: string) => Promise<CaseResult[]>
}

const kinds: readonly Kind[] = [
  { kind: 'eval', path: 'eval', replay: async (path) => (await import('./eval.ts')).replay(path, 'eval') },
  {
    kind: 'eval-extra',
    path: 'eval-extra',
    replay: async (path) => (await import('./eval.ts')).replay(path, 'eval-extra'),
  },
  { kind: 'eval-fuzz', path: 'eval-fuzz.jsonl', replay: async (path) => (await import('./eval.ts')).replayLines(path) },
  { kind: 'parse', path: 'parse', replay: async (path) => (await import('./parse.ts')).replay(path) },
  { kind: 'yaml', path: 'yaml', replay: load('yaml') },
  { kind: 'yaml-edit', path: 'yaml-edit', replay: load('yaml-edit') },
  { kind: 'crypt', path: 'crypt', replay: load('crypt') },
  { kind: 'cli', path: 'cli', replay: load('cli') },
]

/** The replayer of a kind, if it is there. */
function load(kind: string): Kind['replay'] {
  return async (path) => {
    const file = importable(fileURLToPath(new URL(`./${kind}.ts`, import.meta.url)))
    if (!existsSync(file)) throw new NoReplayer()
    const module = (await import(pathToFileURL(file).href)) as { replay: (path: string) => Promise<CaseResult[]> }
    return module.replay(path)
  }
}

class NoReplayer extends Error {}

export interface IntendedDifference {
  /** The decision, such as `D11`. */
  readonly decision: string
  readonly reason: string
}

export interface KindReport {
  readonly kind: string
  readonly passed: number
  readonly failed: readonly CaseResult[]
  /** Cases that differ on purpose. */
  readonly differing: readonly CaseResult[]
  /** Why nothing was replayed. */
  readonly skipped?: string
}

/**
 * At most this share of a kind may differ on purpose: a session of many commands differs as a
 * whole.
 */
const maxDiffering = (kind: string) => (kind === 'cli' ? 1 / 6 : 0.05)

/** Replays every kind of recorded case found in a folder, `except` some. */
export async function replayAll(directory: string, except: readonly string[] = []): Promise<readonly KindReport[]> {
  const file = new URL('./intended-differences.json', import.meta.url)
  const intended = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, IntendedDifference>>
  const reports: KindReport[] = []
  for (const { kind, path, replay } of kinds) {
    const place = join(directory, path)
    if (!existsSync(place) || except.includes(kind)) continue
    let results: readonly CaseResult[]
    try {
      results = await replay(place)
    } catch (error) {
      if (!(error instanceof NoReplayer)) throw error
      reports.push({ kind, passed: 0, failed: [], differing: [], skipped: 'no replayer yet' })
      continue
    }
    const failed = results.filter((result) => result.outcome === 'failed')
    const isIntended = (result: CaseResult) => Object.hasOwn(intended[kind] ?? {}, result.name)
    const differing = failed.filter(isIntended)
    const tooMany = differing.length > Math.max(1, Math.floor(results.length * maxDiffering(kind)))
    reports.push({
      kind,
      passed: results.length - failed.length,
      failed: tooMany ? failed : failed.filter((result) => !isIntended(result)),
      differing: tooMany ? [] : differing,
    })
  }
  return reports
}

function print(reports: readonly KindReport[], verbose: boolean): void {
  for (const { failed } of reports)
    for (const { kind, name, detail } of failed) {
      const lines = (detail ?? '').split('\n')
      console.log(`✗ ${kind} ${name}`)
      for (const line of verbose ? lines : lines.slice(0, 4)) console.log(`    ${line}`)
    }
  const row = (...cells: (string | number)[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(10))).join(''))
  row('kind', 'passed', 'failed', 'differing')
  for (const { kind, passed, failed, differing, skipped } of reports)
    if (skipped !== undefined) console.log(`${kind.padEnd(12)} skipped: ${skipped}`)
    else row(kind, passed, failed.length, differing.length)
  const sum = (count: (report: KindReport) => number) => reports.reduce((total, report) => total + count(report), 0)
  const skipped = sum((report) => report.differing.length + (report.skipped === undefined ? 0 : 1))
  console.log(`${sum((r) => r.passed)} passed, ${sum((r) => r.failed.length)} failed, ${skipped} skipped`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const args = process.argv.slice(2)
  const directory = args.find((arg) => !arg.startsWith('-'))
  if (directory === undefined || !existsSync(directory)) {
    console.error('usage: npm run conformance -- DIRECTORY [--verbose]')
    process.exit(2)
  }
  const reports = await replayAll(resolve(directory))
  print(reports, args.includes('--verbose'))
  process.exitCode = reports.some((report) => report.failed.length > 0) ? 1 : 0
}
