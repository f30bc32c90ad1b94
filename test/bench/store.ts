import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FileSystem, machineFiles } from '../../src/files/index.ts'
import { Store, type StoreHost } from '../../src/store/index.ts'
import { digestOf, formatRevision } from '../../src/store/revisions/revision-file.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const program = join(root, 'bin', 'run.cjs')
const by = { author: { name: 'Bench', email: 'bench@example.com' }, created: new Date('2026-01-01T00:00:00Z') }

export interface StoreBench {
  /** Appends and opens of each kind. */
  readonly rounds: number
  /** How long the long history is. Default: 10,000. */
  readonly revisions?: number
  /** How many environments `env ls` lists. Default: 10,000. */
  readonly environments?: number
}

/** What `benchStore` has found, for whoever checks limits. Ratios are of medians. */
export interface StoreFigures {
  /** Long history to one of ten revisions; at most 1.3. */
  readonly appendRatio: number
  readonly openRatio: number
  /** `esc env ls` to `node -e 0`; under 12. Undefined: there is no built program. */
  readonly listRatio: number | undefined
  /** Unwraps of the data key for opening 1,000 secrets; exactly 1. */
  readonly unwraps: number
}

/**
 * Whether time stays the same as a store grows. Variants take turns, so that a busy machine slows
 * all of them alike.
 */
export async function benchStore(options: StoreBench): Promise<StoreFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-store-'))
  try {
    const { append, open } = await benchHistory(folder, options)
    const unwraps = await countUnwraps(folder)
    const listRatio = benchList(folder, options)
    return { appendRatio: append, openRatio: open, listRatio, unwraps }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function worldOf(folder: string, files: FileSystem = machineFiles): StoreHost {
  return {
    files,
    state: join(folder, 'state'),
    keys: { env: {}, configFolder: join(folder, 'config'), notify: () => {}, files },
  }
}

async function benchHistory(folder: string, { rounds, revisions = 10_000 }: StoreBench) {
  const world = worldOf(folder)
  const place = join(folder, 'histories')
  const store = Store.init(place, {}, world)
  const counts = { 'app/short': 10, 'app/long': revisions }
  for (const [name, count] of Object.entries(counts)) await grow(store, name, count)
  const names = Object.keys(counts)
  const times: Record<string, { append: number[]; open: number[] }> = {}
  for (const name of names) times[name] = { append: [], open: [] }
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      // Each as a new process would find it, but for the key, which costs the same for both.
      const environment = Store.open(place, world).environment(name)
      await environment.unlock()
      times[name]!.open.push(await timed(async () => void (await environment.unlock(environment.current()))))
      const base = environment.current().number
      const definition = `values:\n  a: ${round}\n`
      const append = () => environment.append({ base, definition, change: 'set', ...by })
      times[name]!.append.push(await timed(append))
    }
  }
  const ratio = (kind: 'append' | 'open') => median(times['app/long']![kind]) / median(times['app/short']![kind])
  console.log(`store, median of ${rounds} each, interleaved`)
  for (const kind of ['append', 'open'] as const) {
    for (const [name, count] of Object.entries(counts)) {
      const ms = median(times[name]![kind])
      console.log(`  ${`${kind}, ${count} revisions`.padEnd(28)} ${ms.toFixed(2).padStart(7)} ms`)
    }
    console.log(`  ${`${kind}, ratio (at most 1.3)`.padEnd(28)} ${ratio(kind).toFixed(2).padStart(7)}x`)
  }
  return { append: ratio('append'), open: ratio('open') }
}

/** A sealed history, written without syncing each file. */
async function grow(store: Store, name: string, count: number): Promise<void> {
  const environment = await store.additions.create(name, by)
  const key = await environment.dataKey()
  let { digest: previous } = environment.current()
  let definition = ''
  for (let number = 2; number <= count; number++) {
    definition = `values:\n  a: ${number}\n`
    const record = { number, ...by, change: 'set', details: {}, previous }
    const bytes = formatRevision(record, definition, (sealed) => key.seal('revision', sealed))
    writeFileSync(join(environment.folder, 'revisions', `${number}.yaml`), bytes)
    previous = digestOf(bytes)
  }
  writeFileSync(join(environment.folder, 'environment.yaml'), definition)
  environment.current()
}

async function countUnwraps(folder: string): Promise<number> {
  const place = join(folder, 'secrets')
  const environment = await Store.init(place, {}, worldOf(folder)).additions.create('app/many', by)
  const key = await environment.dataKey()
  const lines = Array.from(
    { length: 1000 },
    (_, n) => `s${n}: ${Buffer.from(key.encrypt(`secret ${n}`)).toString('base64')}`,
  )
  await environment.append({ base: 1, definition: `${lines.join('\n')}\n`, change: 'set', ...by })
  let unwraps = 0
  const counting: FileSystem = {
    ...machineFiles,
    readFile: (path) => {
      if (path.endsWith('default.key')) unwraps++
      return machineFiles.readFile(path)
    },
  }
  const reader = Store.open(place, worldOf(folder, counting)).environment('app/many')
  const revision = reader.current()
  const ms = await timed(async () => {
    for (const [, base64] of revision.definition.matchAll(/: (.*)/g)) {
      // As the evaluator does: each secret asks for the key.
      const own = await reader.unlock(revision)
      own.decrypt(Buffer.from(base64!, 'base64'))
    }
  })
  console.log(`  ${'1,000 secrets'.padEnd(28)} ${ms.toFixed(2).padStart(7)} ms, ${unwraps} unwrap of the key`)
  return unwraps
}

function benchList(folder: string, { rounds, environments = 10_000 }: StoreBench): number | undefined {
  if (!existsSync(join(root, 'dist', 'cli.cjs'))) return undefined
  const place = join(folder, 'many')
  Store.init(place, {}, worldOf(folder))
  for (let number = 0; number < environments; number++) {
    const own = join(place, `project${Math.floor(number / 100)}`, `environment${number}`)
    mkdirSync(join(own, 'revisions'), { recursive: true })
    const record = { number: 1, ...by, change: 'create', details: {} }
    writeFileSync(join(own, 'revisions', '1.yaml'), formatRevision(record, ''))
    writeFileSync(join(own, 'environment.yaml'), '')
    writeFileSync(join(own, 'settings.yaml'), `id: 00000000-0000-4000-8000-${String(number).padStart(12, '0')}\n`)
  }
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_STORE: ___, ...inherited } = process.env
  const env = { ...inherited, HOME: folder, ESC_CONFIG_HOME: join(folder, 'config') }
  const run = (args: readonly string[]) => {
    const started = process.hrtime.bigint()
    const result = spawnSync(process.execPath, args, {
      cwd: place,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 26,
    })
    if (result.status !== 0) throw new Error(`node ${args.join(' ')} exited with ${result.status}: ${result.stderr}`)
    const lines = result.stdout.toString().split('\n').length
    if (args[0] === program && lines < environments) throw new Error(`env ls printed ${lines} lines`)
    return Number(process.hrtime.bigint() - started) / 1e6
  }
  const bare: number[] = []
  const list: number[] = []
  for (let round = 0; round < Math.min(rounds, 11); round++) {
    bare.push(run(['-e', '0']))
    list.push(run([program, 'env', 'ls']))
  }
  const ratio = median(list) / median(bare)
  const label = `env ls, ${environments} environments`.padEnd(28)
  console.log(`  ${label} ${median(list).toFixed(1).padStart(7)} ms  ${ratio.toFixed(2)}x node -e 0 (under 12)`)
  return ratio
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint()
  await run()
  return Number(process.hrtime.bigint() - started) / 1e6
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await benchStore({ rounds: 101 })
