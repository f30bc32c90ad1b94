import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FileSystem, machineFiles } from '../../src/files/index.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import { evaluationHost } from '../../src/operations/session/evaluation-host.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import type { Plain } from '../../src/plain.ts'
import { noRetries, type RotationReport, rotate } from '../../src/rotation/index.ts'
import { loadRotator, type Rotator } from '../../src/rotators/index.ts'
import { Store, type StoreHost } from '../../src/store/index.ts'
import { decode } from '../../src/yaml/index.ts'
import { definitionOfAll } from '../crash-matrix/subject.ts'
import { createUserPair } from '../rotators/pair/postgres-pair.ts'
import { GatedProxy } from '../servers/gated-proxy.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { latentRotator } from './latent-rotator.ts'
import { benchRotationProgram } from './rotation-program.ts'

const author = { name: 'Bench', email: 'bench@example.com' }
const name = 'rotators/ci'
/** Simulated, for each call of the vendor. */
const latencyMs = 20
/** At most this much of the time of one at a time. */
const largestShare = 0.14
/**
 * The third rotation reads and writes two passwords where the first had none, so it takes longer:
 * at most so many times the processor time. What grows faster than the number of passwords takes
 * several times as long.
 */
const largestGrowth = { passwords: 2, pairs: 1.5 }

export interface RotationBench {
  readonly rounds: number
  /** How many passwords the environments have. */
  readonly passwords: readonly number[]
  /** How many PostgreSQL pairs of one managing user the environments have. */
  readonly pairs: readonly number[]
  /**
   * At most so many milliseconds for the rotation of the most pairs, where nothing else keeps the
   * machine busy.
   */
  readonly mostPairsMs?: number
  /** How many rotations of the simulated vendor. */
  readonly independent: number
}

/** What `benchRotation` has found, for whoever checks limits. */
export interface RotationFigures {
  /** Time of independent rotations to those of one target, which take turns. */
  readonly share: number
  /** fsyncs a rotation, in the environment with the most pairs. */
  readonly syncs: number
}

/** How long a rotation takes, and what it asks of the disk and the network. */
export async function benchRotation(options: RotationBench): Promise<RotationFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-rotation-'))
  try {
    console.log(`rotation, the first, second and third of an environment; least of ${options.rounds} each`)
    await benchPasswords(folder, options)
    benchRotationProgram(folder, { rounds: options.rounds, count: Math.max(...options.passwords) })
    const syncs = await benchPairs(folder, options)
    const share = await benchLatency(folder, options)
    if (share > largestShare) throw new Error(`independent rotations took ${share.toFixed(2)} of one at a time`)
    return { share, syncs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function benchPasswords(folder: string, { passwords, rounds }: RotationBench): Promise<void> {
  for (const count of passwords) {
    const rotators = Array.from({ length: count }, () => ({ rotator: 'password', inputs: { length: 32 } }))
    const runs = await leastOfThree(rounds, (round) =>
      Bench.create(join(folder, `passwords-${count}-${round}`), rotators),
    )
    console.log(lineOf(`${count} passwords`, runs))
    // Below that, it is mostly code that is still being compiled.
    if (count >= 400) requireSteady(`${count} passwords`, runs, largestGrowth.passwords)
  }
}

async function benchPairs(folder: string, { pairs, rounds, mostPairsMs }: RotationBench): Promise<number> {
  const server = await sharedPostgres()
  let calls = 0
  const proxy = await new GatedProxy(server, () => ({ pass: (_, when) => void (when === 'before' && calls++) })).start()
  let syncs = 0
  try {
    for (const count of pairs) {
      const runs = await leastOfThree(rounds, async (round) => {
        const first = await createUserPair(server)
        const others = Array.from({ length: count - 1 }, () => createUserPair(server, first))
        const rotators = [first, ...(await Promise.all(others))].map(({ inputs }) => ({
          rotator: 'postgres',
          inputs: { ...inputs, database: { ...inputs.database, port: proxy.port } },
        }))
        const bench = await Bench.create(join(folder, `pairs-${count}-${round}`), rotators)
        bench.onRotate = () => {
          calls = 0
        }
        bench.onRotated = () => {
          syncs = bench.syncs / count
        }
        return bench
      })
      const label = `${count} PostgreSQL pair${count === 1 ? '' : 's'}`
      const each = `${(calls / count).toFixed(1)} messages and ${syncs.toFixed(1)} fsyncs a rotation`
      console.log(`${lineOf(label, runs)}  ${each}`)
      if (count >= 50) requireSteady(label, runs, largestGrowth.pairs)
      const slowest = Math.max(...runs.map(({ ms }) => ms))
      if (mostPairsMs !== undefined && count === Math.max(...pairs) && slowest > mostPairsMs) {
        throw new Error(`${label} took ${slowest.toFixed(0)} ms, more than ${mostPairsMs}`)
      }
    }
  } finally {
    await proxy.stop()
  }
  return syncs
}

/** Milliseconds of time, and of the processor's time in this process. */
interface Spent {
  readonly ms: number
  readonly cpuMs: number
}

/**
 * The first, second and third rotation of an environment; of each the least of some, since others
 * on the machine only ever add.
 */
async function leastOfThree(rounds: number, create: (round: number) => Promise<Bench>): Promise<readonly Spent[]> {
  const least: Spent[] = []
  for (let round = 0; round < rounds; round++) {
    const bench = await create(round)
    for (let run = 0; run < 3; run++) {
      const { ms, cpuMs } = await bench.rotate()
      const before = least[run] ?? { ms, cpuMs }
      least[run] = { ms: Math.min(ms, before.ms), cpuMs: Math.min(cpuMs, before.cpuMs) }
    }
  }
  return least
}

function lineOf(label: string, runs: readonly Spent[]): string {
  return `  ${label.padEnd(28)} ${runs.map(({ ms }) => ms.toFixed(0).padStart(6)).join('')} ms`
}

function requireSteady(label: string, runs: readonly Spent[], largest: number): void {
  const [first, , third] = runs
  const growth = third!.cpuMs / first!.cpuMs
  if (growth > largest) throw new Error(`the third rotation of ${label} took ${growth.toFixed(2)} of the first`)
}

async function benchLatency(folder: string, { rounds, independent }: RotationBench): Promise<number> {
  const rotators = Array.from({ length: independent }, () => ({ rotator: 'latent', inputs: {} }))
  const kinds = { independent: undefined, 'one at a time': 'the same for all' } as const
  let target: string | undefined
  const latent = latentRotator({ latencyMs, target: () => target })
  const bench = await Bench.create(join(folder, 'latent'), rotators, async () => latent)
  // From the third on each rotation supersedes something.
  for (let rotation = 1; rotation <= 2; rotation++) await bench.rotate()
  // The least of some: what others do on the machine only ever adds to it.
  const least = { independent: Number.POSITIVE_INFINITY, 'one at a time': Number.POSITIVE_INFINITY }
  const syncs = { independent: 0, 'one at a time': 0 }
  const share = () => least.independent / least['one at a time']
  // Some more where the machine has so much else to do that it may be to blame.
  for (let round = 0; round < Math.min(rounds, 3) || (round < 6 && share() > largestShare); round++) {
    for (const kind of ['independent', 'one at a time'] as const) {
      target = kinds[kind]
      least[kind] = Math.min(least[kind], (await bench.rotate()).ms)
      syncs[kind] = bench.syncs / independent
    }
  }
  console.log(`  ${independent} rotations of a vendor that answers after ${latencyMs} ms, 4 calls a rotation`)
  for (const kind of ['independent', 'one at a time'] as const) {
    const each = `${syncs[kind].toFixed(1)} fsyncs a rotation`
    console.log(`  ${kind.padEnd(28)} ${least[kind].toFixed(1).padStart(7)} ms  ${each}`)
  }
  console.log(`  ${`ratio (at most ${largestShare})`.padEnd(28)} ${share().toFixed(2).padStart(7)}x`)
  return share()
}

/** One environment in a store of its own, on the machine's disk. */
class Bench {
  /** Of the last rotation. */
  syncs = 0
  onRotate = (): void => {}
  onRotated = (): void => {}
  readonly #store: Store
  readonly #loadRotator: (name: string) => Promise<Rotator>

  static async create(
    folder: string,
    rotators: readonly { readonly rotator: string; readonly inputs: object }[],
    load: (name: string) => Promise<Rotator> = loadRotator,
  ): Promise<Bench> {
    const bench = new Bench(folder, load)
    const environment = await bench.#store.additions.create(name, { author, created: new Date() })
    const key = await environment.dataKey()
    const cast = rotators.map(({ rotator, inputs }, at) => [`r${at}`, { rotator, inputs: inputs as Plain }])
    const text = definitionOfAll(Object.fromEntries(cast))
    const definition = encryptDefinition(name, text, (plaintext) => key.encrypt(plaintext))
    await environment.append({ base: 1, definition, change: 'edit', author, created: new Date() })
    return bench
  }

  private constructor(folder: string, load: (name: string) => Promise<Rotator>) {
    this.#loadRotator = load
    const files: FileSystem = {
      ...machineFiles,
      sync: (file) => {
        this.syncs++
        machineFiles.sync(file)
      },
      syncAside: (file) => {
        this.syncs++
        return machineFiles.syncAside(file)
      },
    }
    const world: StoreHost = {
      files,
      state: `${folder}-state`,
      keys: { env: {}, configFolder: `${folder}-keys`, notify: () => {}, files },
    }
    this.#store = Store.init(folder, {}, world)
  }

  /** Rotates everything once, as one run does. */
  async rotate(): Promise<Spent> {
    const environment = this.#store.environment(name)
    const workspace = { store: this.#store, host: { now: () => new Date() } } as Workspace
    this.syncs = 0
    this.onRotate()
    // As in a process of its own: what was parsed last is remembered, and would be the definition
    // where it was just made.
    decode('', '{}')
    const [started, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
    const report = await rotate({
      environment,
      author,
      mode: 'rotate',
      paths: [],
      loadRotator: this.#loadRotator,
      evaluationHost: (rotator, base) => {
        const host = evaluationHost(workspace, { rotator })
        return { host, unlock: host.environments.use(name, environment, base) }
      },
      context: {
        now: () => new Date(),
        random: (byteCount) => randomBytes(byteCount),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        signal: new AbortController().signal,
      },
      cooldown: { windowMs: 0 },
      retries: noRetries,
      onProgress: () => {},
    })
    const ms = Number(process.hrtime.bigint() - started) / 1e6
    const { user, system } = process.cpuUsage(cpu)
    requireSuccess(report)
    this.onRotated()
    return { ms, cpuMs: (user + system) / 1e3 }
  }
}

function requireSuccess({ status, paths }: RotationReport): void {
  if (status !== 'succeeded') throw new Error(`rotation ${status}: ${paths.find(({ error }) => error)?.error}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchRotation({ rounds: 3, passwords: [10, 100, 1000], pairs: [1, 10, 50, 100], independent: 100 })
}
