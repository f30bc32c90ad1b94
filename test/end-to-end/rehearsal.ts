import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { definitionOfAll, type Subject } from '../crash-matrix/subject.ts'
import { Consumer, type Scene } from './consumer.ts'
import { type Ended, ended, Program } from './program.ts'

const preload = fileURLToPath(new URL('kill-at.cjs', import.meta.url))
const environment = 'rotators/ci'

export interface Cast {
  readonly rotator: string
  readonly subject: Subject
}

export interface RunOptions {
  /** What to call this run in messages and counts. */
  readonly phase: string
  /** Options and paths of `esc env rotate`. */
  readonly words?: readonly string[]
  /** The paths whose next rotation it begins. Default: all. */
  readonly begins?: readonly string[]
  /** At which point it is killed; or from which point on no vendor can be reached. */
  readonly killAt?: number
  readonly cutFrom?: number
  /**
   * Around each remote call the program stands still until every consumer has logged in once more.
   */
  readonly stepped?: boolean
  /** What somebody else does while the program stands still at a point; needs `stepped`. */
  readonly meanwhile?: (point: string) => Promise<void>
}

export interface Performed extends Ended {
  /** What the program did, call by call. */
  readonly points: readonly string[]
  /** At how many of them it stood still. */
  readonly stops: number
  /** Log-ins while it ran, of the consumer that made the fewest. */
  readonly polls: number
}

/**
 * One environment with rotators, rotated by the built program, and its consumers: each gets what a
 * committed revision calls
 * `current`, and must be able to log in until a rotation begins that comes after the next one.
 */
export class Rehearsal {
  readonly program = new Program()
  readonly #cast: Readonly<Record<string, Cast>>
  readonly #scene: Scene = { phase: 'the beginning' }
  /** By path, those whose credential must work, oldest first. */
  readonly #consumers: ReadonlyMap<string, Consumer[]>
  readonly #released: Consumer[] = []
  /** By path, the credential that was handed out last. */
  readonly #newest = new Map<string, string>()
  readonly #logs = mkdtempSync(join(tmpdir(), 'esc-rehearsal-'))
  #runs = 0

  /** By path. Nothing is rotated yet. */
  static async of(cast: Readonly<Record<string, Cast>>): Promise<Rehearsal> {
    const rehearsal = new Rehearsal(cast)
    const { program } = rehearsal
    await program.ok('init')
    const entries = Object.entries(cast).map(([path, { rotator, subject }]) => [
      path,
      { rotator, inputs: subject.inputs },
    ])
    for (const { subject } of Object.values(cast)) {
      Object.assign(program.env, subject.env)
      if (subject.configuration) appendFileSync(join(program.store, 'esc.yaml'), subject.configuration)
    }
    await program.withEnvironment(environment, definitionOfAll(Object.fromEntries(entries)))
    await program.ok('trust', '--yes')
    return rehearsal
  }

  private constructor(cast: Readonly<Record<string, Cast>>) {
    this.#cast = cast
    this.#consumers = new Map(Object.keys(cast).map((path) => [path, []]))
  }

  /** Runs `esc env rotate` with consumers at work, and hands out what it has committed. */
  async rotate(options: RunOptions): Promise<Performed> {
    const { phase, words = [], begins = [...this.#consumers.keys()], killAt, cutFrom, stepped } = options
    for (const path of begins) await this.#releaseAllButNewest(path)
    const log = join(this.#logs, `${++this.#runs}`)
    this.#scene.phase = phase
    this.#scene.stepped = stepped === true
    const child = this.program.start(
      ['env', 'rotate', environment, '--force', ...words],
      {
        NODE_OPTIONS: `--require ${preload}`,
        ESC_TEST_KILL_LOG: log,
        ESC_TEST_KILL_AT: String(killAt ?? 0),
        ...(cutFrom !== undefined && { ESC_TEST_CUT_FROM: String(cutFrom) }),
        ...(stepped && { ESC_TEST_STEP: '1' }),
      },
      { channel: stepped === true },
    )
    let stops = 0
    if (stepped) {
      this.#accompany(child.stdio[3] as unknown as Duplex, async (point) => {
        stops++
        await options.meanwhile?.(point)
      })
    }
    // However short it is, everybody logs in meanwhile.
    const [result] = await Promise.all([ended(child), this.#pollAll()])
    this.#scene.point = undefined
    this.#scene.stepped = false
    const polls = Math.min(...this.#held().map((consumer) => consumer.polls.get(phase) ?? 0))
    this.#scene.phase = `after ${phase}`
    await this.#handOut()
    await this.#pollAll()
    return { ...result, polls, stops, points: readFileSync(log, 'utf8').trimEnd().split('\n') }
  }

  /** What the newest revision says at a path. */
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each rotator knows
  readonly opened = async (path: string): Promise<any> => {
    const { code, out, err } = await this.program.run(['env', 'open', environment, path])
    if (code !== 0) throw new Error(`cannot be opened: ${err}`)
    return JSON.parse(out)
  }

  /** Log-ins that should have worked and did not. */
  get refusals(): readonly string[] {
    return [...this.#released, ...this.#held()].flatMap(({ refusals }) => refusals)
  }

  /** How many consumers were released so far, and how many of those the vendor refuses by now. */
  readonly released = async (): Promise<{ readonly count: number; readonly refused: number }> => {
    const answers = await Promise.all(this.#released.map((consumer) => consumer.logIn()))
    return { count: answers.length, refused: answers.filter((answer) => answer !== true).length }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#held().map((consumer) => consumer.release()))
    for (const { subject } of Object.values(this.#cast)) await subject.stop?.()
    this.program.remove()
    rmSync(this.#logs, { recursive: true })
  }

  #held(): readonly Consumer[] {
    return [...this.#consumers.values()].flat()
  }

  async #pollAll(): Promise<void> {
    await Promise.all(this.#held().map((consumer) => consumer.poll()))
  }

  async #releaseAllButNewest(path: string): Promise<void> {
    const consumers = this.#consumers.get(path) ?? []
    const superseded = consumers.splice(0, consumers.length - 1)
    for (const consumer of superseded) await consumer.release()
    this.#released.push(...superseded)
  }

  async #handOut(): Promise<void> {
    for (const [path, { subject, rotator }] of Object.entries(this.#cast)) {
      const value = await this.opened(path)
      if (value === null) continue
      const credential = value.current ?? value
      const text = JSON.stringify(credential)
      if (text === this.#newest.get(path)) continue
      this.#newest.set(path, text)
      const name = `${path} (${rotator}) of ${this.#scene.phase}`
      const consumer = new Consumer(name, this.#scene, () => subject.logIn!(credential))
      this.#consumers.get(path)!.push(consumer)
    }
  }

  #accompany(channel: Duplex, meanwhile: (point: string) => Promise<void>): void {
    createInterface({ input: channel }).on('line', async (point) => {
      this.#scene.point = point
      await meanwhile(point)
      await this.#pollAll()
      channel.write('.')
    })
    // The program is killed before it reads that.
    channel.on('error', () => {})
  }
}
