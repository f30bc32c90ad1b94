import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FileSystem, machineFiles } from '../../src/files/index.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import type { Plain } from '../../src/plain.ts'
import { noRetries, type RotationReport, rotate } from '../../src/rotation/index.ts'
import { loadRotator, type Rotator } from '../../src/rotators/index.ts'
import { Store, type StoreWorld } from '../../src/store/index.ts'
import { buildWorld } from '../../src/workspace/build-world.ts'
import type { Workspace } from '../../src/workspace/index.ts'
import { definitionOfAll } from '../crash-matrix/subject.ts'
import { createUserPair } from '../rotators/postgres-pair.ts'
import { GatedProxy } from '../servers/gated-proxy.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { latentRotator } from './latent-rotator.ts'

const author = { name: 'Bench', email: 'bench@example.com' }
const name = 'rotators/ci'
/** Simulated, for each call of the vendor. */
const latencyMs = 20
/** At most this much of the time of one at a time. */
const largestShare = 1 / 6

export interface RotationBench {
  readonly rounds: number
  /** How many PostgreSQL pairs the environments have. */
  readonly pairs: readonly number[]
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
    const syncs = await benchPairs(folder, options)
    const share = await benchLatency(folder, options)
    if (share > largestShare) throw new Error(`independent rotations took ${share.toFixed(2)} of one at a time`)
    return { share, syncs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function benchPairs(folder: string, { pairs, rounds }: RotationBench): Promise<number> {
  const server = await sharedPostgres()
  let calls = 0
  const proxy = await new GatedProxy(server, () => ({ pass: (_, when) => void (when === 'before' && calls++) })).start()
  console.log(`rotation, median of ${rounds} each`)
  let syncs = 0
  try {
    for (const count of pairs) {
      const rotators = await Promise.all(
        Array.from({ length: count }, async () => {
          const { inputs } = await createUserPair(server)
          return { rotator: 'postgres', inputs: { ...inputs, database: { ...inputs.database, port: proxy.port } } }
        }),
      )
      const bench = await Bench.create(join(folder, `pairs-${count}`), rotators, loadRotator)
      const times: number[] = []
      for (let round = 0; round < rounds; round++) {
        calls = 0
        times.push(await bench.rotate())
      }
      syncs = bench.syncs / count
      const label = `${count} PostgreSQL pair${count === 1 ? '' : 's'}`
      const each = `${(calls / count).toFixed(1)} messages and ${syncs.toFixed(1)} fsyncs a rotation`
      console.log(`  ${label.padEnd(28)} ${median(times).toFixed(1).padStart(7)} ms  ${each}`)
    }
  } finally {
    await proxy.stop()
  }
  return syncs
}

async function benchLatency(folder: string, { rounds, independent }: RotationBench): Promise<number> {
  const rotators = Array.from({ length: independent }, () => ({ rotator: 'latent', inputs: {} }))
  const kinds = { independent: undefined, 'one at a time': 'the same for all' } as const
  let target: string | undefined
  const latent = latentRotator({ latencyMs, target: () => target })
  const bench = await Bench.create(join(folder, 'latent'), rotators, async () => latent)
  // The least of some: what others do on the machine only ever adds to it.
  const least = { independent: Number.POSITIVE_INFINITY, 'one at a time': Number.POSITIVE_INFINITY }
  const syncs = { independent: 0, 'one at a time': 0 }
  const share = () => least.independent / least['one at a time']
  // Some more where the machine has so much else to do that it may be to blame.
  for (let round = 0; round < Math.min(rounds, 3) || (round < 6 && share() > largestShare); round++) {
    for (const kind of ['independent', 'one at a time'] as const) {
      target = kinds[kind]
      least[kind] = Math.min(least[kind], await bench.rotate())
      syncs[kind] = bench.syncs / independent
    }
  }
  console.log(`  ${independent} rotations of a vendor that answers after ${latencyMs} ms, 4 calls a rotation`)
  for (const kind of ['independent', 'one at a time'] as const) {
    const each = `${syncs[kind].toFixed(1)} fsyncs a rotation`
    console.log(`  ${kind.padEnd(28)} ${least[kind].toFixed(1).padStart(7)} ms  ${each}`)
  }
  console.log(`  ${'ratio (at most 0.17)'.padEnd(28)} ${share().toFixed(2).padStart(7)}x`)
  return share()
}

/** One environment in a store of its own, on the machine's disk. */
class Bench {
  /** Of the last rotation. */
  syncs = 0
  readonly #store: Store
  readonly #loadRotator: (name: string) => Promise<Rotator>

  static async create(
    folder: string,
    rotators: readonly { readonly rotator: string; readonly inputs: object }[],
    load: (name: string) => Promise<Rotator>,
  ): Promise<Bench> {
    const bench = new Bench(folder, load)
    const environment = await bench.#store.create(name, { author, created: new Date() })
    const key = await environment.dataKey()
    const cast = rotators.map(({ rotator, inputs }, at) => [`r${at}`, { rotator, inputs: inputs as Plain }])
    const text = definitionOfAll(Object.fromEntries(cast))
    const definition = encryptDefinition(name, text, (plaintext) => key.encrypt(plaintext))
    await environment.append({ base: 1, definition, change: 'edit', author, created: new Date() })
    // From the third on each rotation supersedes something.
    for (let rotation = 1; rotation <= 2; rotation++) await bench.rotate()
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
    const world: StoreWorld = {
      files,
      state: `${folder}-state`,
      keys: { env: {}, configFolder: `${folder}-keys`, notify: () => {}, files },
    }
    this.#store = Store.init(folder, {}, world)
  }

  /** Rotates everything once, as one run does; returns how long it took, in milliseconds. */
  async rotate(): Promise<number> {
    const environment = this.#store.environment(name)
    const workspace = { store: this.#store, options: { now: () => new Date() } } as Workspace
    this.syncs = 0
    const started = process.hrtime.bigint()
    const report = await rotate({
      environment,
      author,
      mode: 'rotate',
      paths: [],
      loadRotator: this.#loadRotator,
      buildWorld: (rotator, base) => {
        const world = buildWorld(workspace, { rotator })
        return { world, unlock: world.environments.use(name, environment, base) }
      },
      context: {
        now: () => new Date(),
        random: (byteCount) => randomBytes(byteCount),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        signal: new AbortController().signal,
      },
      guard: { windowMs: 0 },
      retries: noRetries,
      onProgress: () => {},
    })
    const ms = Number(process.hrtime.bigint() - started) / 1e6
    requireSuccess(report)
    return ms
  }
}

function requireSuccess({ status, paths }: RotationReport): void {
  if (status !== 'succeeded') throw new Error(`rotation ${status}: ${paths.find(({ error }) => error)?.error}`)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchRotation({ rounds: 5, pairs: [1, 10, 100], independent: 100 })
}
