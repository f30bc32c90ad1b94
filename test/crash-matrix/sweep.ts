import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ended, Program } from '../end-to-end/program.ts'
import { rotatorsUnderTest as registry } from '../rotators/registry.ts'
import { definitionOf, type Problems, type Subject } from './subject.ts'

const preload = fileURLToPath(new URL('../end-to-end/kill-at.cjs', import.meta.url))
const environment = 'rotators/ci'

/** What had become of a killed rotation once the next run had put it in order. */
export type Outcome =
  /** Neither the vendor nor the journal had been touched. */
  | 'nothing had begun'
  /** The new credential was taken back, or had never come to be. */
  | 'undone'
  /** The new credential was found to work, and is saved. */
  | 'finished'
  /** It was saved when the process was killed. */
  | 'had been saved'

/** One kill and what came of it. */
export interface Cell {
  /** Such as `remote: CreateAccessKey, sent`. */
  readonly point: string
  readonly outcome: Outcome
  readonly problems: Problems
}

export interface SweepOptions {
  /** Take only every so-manieth point, from the `first` on. Default: all. */
  readonly stride?: number
  readonly first?: number
}

/**
 * Rotates again and again, each time killed (SIGKILL) one point later; after each kill resumes,
 * compares the vendor with the environment, and rotates once more to its end. So the killed
 * rotation is never the first: there is always a current and a previous credential to lose.
 */
export async function sweep(rotator: string, options: SweepOptions = {}): Promise<readonly Cell[]> {
  const { stride = 1, first = 1 } = options
  const subject = await registry[rotator]!.start()
  const program = new Program()
  const logs = mkdtempSync(join(tmpdir(), 'esc-matrix-log-'))
  try {
    // A subject that has a configuration folder of its own does not move what this machine keeps.
    Object.assign(program.env, subject.env, { ESC_STATE_HOME: program.machine })
    await program.ok('init')
    if (subject.configuration !== undefined) appendFileSync(join(program.store, 'esc.yaml'), subject.configuration)
    await program.withEnvironment(environment, definitionOf(rotator, subject.inputs))
    await program.ok('trust', '--yes')
    const run = new Runs(program, subject)
    for (const _ of ['current', 'previous']) await run.whole('the first rotations')
    const cells: Cell[] = []
    for (let nth = first; ; nth += stride) {
      const log = join(logs, `${nth}`)
      const before = run.revisions()
      const cut = await run.rotate(['--force'], { ESC_TEST_KILL_AT: String(nth), ESC_TEST_KILL_LOG: log })
      if (cut.signal !== 'SIGKILL') {
        if (cut.code !== 0) throw new Error(`not killed, and failed: ${cut.out}${cut.err}`)
        return cells
      }
      const point = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)!
      cells.push(await run.afterKill(point, before))
      rmSync(log)
    }
  } finally {
    program.remove()
    rmSync(logs, { recursive: true })
    await subject.stop?.()
  }
}

class Runs {
  readonly #program: Program
  readonly #subject: Subject
  /** What consumers held as current before the last kill. */
  #held: string | undefined

  constructor(program: Program, subject: Subject) {
    this.#program = program
    this.#subject = subject
  }

  /** The real program; it waits less than it would. */
  rotate(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const options = { NODE_OPTIONS: `--require ${preload}`, ...this.#subject.env, ...env }
    return this.#program.esc(['env', 'rotate', environment, ...words], options)
  }

  async whole(context: string): Promise<Problems> {
    const { code, out, err } = await this.rotate(['--force'])
    if (code !== 0) throw new Error(`${context}: the rotation exited with ${code}: ${out}${err}`)
    return this.#problems(undefined)
  }

  async afterKill(point: string, before: number): Promise<Cell> {
    const saved = this.revisions() > before
    const recorded = this.#hasJournal()
    const resumed = await this.rotate(['--resume'])
    const context = `${point}: resumed: ${resumed.out}${resumed.err}`
    if (this.#hasJournal()) throw new Error(`${context}\nthe journal is not cleared`)
    const outcome: Outcome = saved
      ? 'had been saved'
      : !recorded
        ? 'nothing had begun'
        : this.revisions() > before
          ? 'finished'
          : 'undone'
    const problems = await this.#problems(outcome)
    const after = await this.whole(context)
    const both = (kind: keyof Problems) => [...new Set([...problems[kind], ...after[kind]])]
    return { point, outcome, problems: { lost: both('lost'), unknown: both('unknown'), deleted: both('deleted') } }
  }

  revisions(): number {
    return readdirSync(join(this.#program.store, environment, 'revisions')).filter((name) => name.endsWith('.yaml'))
      .length
  }

  async #problems(outcome: Outcome | undefined): Promise<Problems> {
    const opened = await this.#program.run(['env', 'open', environment, 'it'])
    if (opened.code !== 0) throw new Error(`cannot be opened: ${opened.err}`)
    const value = JSON.parse(opened.out)
    const found = await this.#subject.problems(value)
    const { current, previous } = value
    const names = [current, previous].map((each) => JSON.stringify(each))
    // Where the environment names the one before the current, what consumers hold must be one of
    // the two.
    const forgotten = this.#held !== undefined && outcome && previous !== undefined && !names.includes(this.#held)
    this.#held = names[0]
    const problems = forgotten ? { ...found, lost: [...found.lost, 'the former current'] } : found
    // Where a vendor's limit leaves room for two, the superseded one had to go before a rotation
    // that was then undone.
    if (outcome !== 'undone' || value?.previous === undefined) return problems
    const { previous: _, ...rest } = value
    const without = await this.#subject.problems(rest)
    return { ...problems, deleted: problems.deleted.filter((each) => without.deleted.includes(each)) }
  }

  #hasJournal(): boolean {
    const folder = join(this.#program.machine, 'journal')
    if (!existsSync(folder)) return false
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return names.some((name) => name.endsWith('.entry') && !name.includes('.tmp-'))
  }
}
