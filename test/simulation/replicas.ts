import { EscError } from '../../src/errors.ts'
import { type RotateOptions, rotateEnvironment } from '../../src/operations/rotating/rotate.ts'
import { type RunOutcome, runDueSchedule } from '../../src/operations/schedules/scheduled-run.ts'
import { evaluationHost } from '../../src/operations/session/evaluation-host.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { type RotationReport, rotate } from '../../src/rotation/index.ts'
import { password } from '../../src/rotators/generated/password.ts'
import type { Rotator } from '../../src/rotators/index.ts'
import { nextRuns, type Schedule } from '../../src/schedule/index.ts'
import { Store } from '../../src/store/index.ts'
import { Ledger, Violation } from './ledger.ts'
import { Killed, Machines, storeFolder } from './machine.ts'
import { pairRotator, tokenRotator } from './model-rotators.ts'
import { Random } from './random.ts'
import { ReplicaProcess, type StatementFault } from './replica-process.ts'
import type { RotatorKind } from './schedule.ts'
import { environmentName, preparedDisk } from './setup.ts'
import { type DatabaseSabotage, SharedDatabase, SharedRecordsOf } from './shared-database.ts'
import { Timeline } from './timeline.ts'
import { calm, Remote, TokenAccount, UserServer, Vendors, type Weather } from './vendors.ts'

/** One process that does something, some time after an instant of the schedule. */
export interface Task {
  /** `run`: what is due; `resume`: what was cut off; `rotate`: as a person asks for it. */
  readonly kind: 'run' | 'resume' | 'rotate' | 'edit'
  readonly afterMs: number
  readonly weather: Weather
  readonly fault?: StatementFault
}

/** The things that happen on each of several days; the schedule asks for one rotation a day. */
export interface ReplicaSchedule {
  readonly seed: number
  readonly rotators: Readonly<Record<string, RotatorKind>>
  readonly days: readonly (readonly Task[])[]
}

export interface ReplicaCounts {
  ticks: number
  tasks: number
  died: number
  frozen: number
  cut: number
  recovered: number
  doneElsewhere: number
  locked: number
  remoteCalls: number
}

export interface ReplicaOutcome {
  readonly counts: ReplicaCounts
  readonly violation?: { readonly message: string; readonly log: readonly string[] }
}

const dayMs = 24 * 3_600_000
const dueOfDay = '03:00:00.000Z'
const everyDay: Omit<Schedule, 'created' | 'modified'> = {
  id: 'sched-1',
  kind: 'environment_rotation',
  timing: { kind: 'cron', expression: '0 3 * * *' },
  timezone: 'UTC',
  paused: false,
}
const author = { name: 'Ada Lovelace', email: 'ada@example.com' }
const kinds: readonly RotatorKind[] = ['slots', 'retiring', 'pair', 'password']

/** Makes what happens from a seed. */
export function replicaSchedule(seed: number): ReplicaSchedule {
  const random = new Random(seed)
  const names = ['a', 'b'].slice(0, random.pick([1, 1, 2]))
  const rotators = Object.fromEntries(names.map((name) => [name, random.pick(kinds)]))
  const days = Array.from({ length: 1 + random.below(2) }, () => {
    const count = 2 + random.below(3)
    return Array.from({ length: count }, (_, index) => taskOf(random, index === 0 ? 'run' : undefined))
  })
  return { seed, rotators, days }
}

function taskOf(random: Random, kind: Task['kind'] | undefined): Task {
  const odds = () => random.pick([0, 0, 0, 0.1])
  return {
    kind: kind ?? random.pick(['run', 'run', 'run', 'resume', 'rotate', 'edit'] as const),
    afterMs: random.pick([0, random.below(1500), random.below(40_000), 30_000 + random.below(60_000)]),
    weather: random.chance(0.6)
      ? calm
      : { refused: odds(), lostRequest: odds(), lostAnswer: odds(), lagMs: random.pick([0, 0, 1_000]) },
    ...(random.chance(0.7) && { fault: faultOf(random) }),
  }
}

function faultOf(random: Random): StatementFault {
  const when = random.pick(['before', 'after'] as const)
  const ms = random.pick([2_000, 15_000, 32_000, 45_000, 90_000])
  const kind = random.pick(['kill', 'kill', 'freeze', 'freeze', 'cut'] as const)
  return { nth: 1 + random.below(24), effect: kind === 'kill' ? { kind, when } : { kind, when, ms } }
}

/** Runs one schedule to its end, and looks whether anything has happened that may not. */
export async function simulateReplicas(
  schedule: ReplicaSchedule,
  sabotage?: DatabaseSabotage,
): Promise<ReplicaOutcome> {
  const simulation = new ReplicaSimulation(schedule, sabotage)
  try {
    await simulation.run()
    return { counts: simulation.counts }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const message = error instanceof Violation ? error.message : `${error.stack}`
    return { counts: simulation.counts, violation: { message, log: simulation.log } }
  }
}

function told(outcome: RunOutcome | undefined): string {
  if (outcome === undefined) return 'refused'
  const { result, due, attempt, error, warnings } = outcome
  return [`${result} (${due.toISOString()}, attempt ${attempt})`, error, ...warnings].filter(Boolean).join(': ')
}

class ReplicaSimulation {
  readonly log: string[] = []
  readonly counts: ReplicaCounts = {
    ticks: 0,
    tasks: 0,
    died: 0,
    frozen: 0,
    cut: 0,
    recovered: 0,
    doneElsewhere: 0,
    locked: 0,
    remoteCalls: 0,
  }
  readonly #schedule: ReplicaSchedule
  readonly #sabotage: DatabaseSabotage | undefined
  readonly #timeline = new Timeline()
  readonly #random: Random
  readonly #vendors: Vendors
  #machines!: Machines
  #database!: SharedDatabase
  #ledger!: Ledger
  #pid = 0
  #seen: unknown

  constructor(schedule: ReplicaSchedule, sabotage: DatabaseSabotage | undefined) {
    this.#schedule = schedule
    this.#sabotage = sabotage
    this.#random = new Random(schedule.seed ^ 0x5eed)
    this.#vendors = new Vendors(this.#timeline, this.#random)
  }

  async run(): Promise<void> {
    await this.#prepare()
    const dues: string[] = []
    for (const tasks of this.#schedule.days) {
      const day = new Date(this.#timeline.nowMs + dayMs).toISOString().slice(0, 11)
      const due = `${day}${dueOfDay}`
      dues.push(due)
      await this.#timeline.pass(Date.parse(due) - this.#timeline.nowMs)
      this.#note(`due ${due}`)
      let waiting = tasks.length
      for (const task of tasks) {
        this.#timeline.after(task.afterMs, () => void this.#perform(task).finally(() => waiting--))
      }
      await this.#timeline.runUntil(() => waiting === 0)
      this.#check()
      // Whoever is frozen comes back, and leases of the dead end.
      await this.#timeline.pass(150_000)
      await this.#settle(due)
      this.#checkRuns(dues)
    }
    // Where one failed, `previous` may have ended already.
    await this.#calmly((store, process) => this.#rotate(store, process, calm, { mode: 'rotate' }))
    this.#ledger.checkAgreement()
    this.counts.ticks = dues.length
    this.counts.remoteCalls = this.#vendors.calls
  }

  async #prepare(): Promise<void> {
    const { rotators } = this.#schedule
    for (const [name, kind] of Object.entries(rotators)) {
      if (kind === 'slots' || kind === 'retiring') {
        this.#vendors.accounts.set(name, new TokenAccount(name, kind === 'slots' ? 2 : 5))
      }
      if (kind === 'pair') this.#vendors.servers.set(name, new UserServer(name))
    }
    // A library that is loaded meanwhile would look as if nothing were to happen any more.
    await nextRuns(
      { ...everyDay, created: new Date(this.#timeline.nowMs), modified: new Date(this.#timeline.nowMs) },
      new Date(this.#timeline.nowMs),
      1,
    )
    const { disk, id, key } = await preparedDisk(rotators)
    this.#machines = new Machines(this.#timeline, this.#random, disk)
    this.#database = new SharedDatabase(disk, this.#sabotage)
    this.#ledger = new Ledger({ disk, vendors: this.#vendors, rotators, environment: { id, key } })
    this.#database.onWrite = (bytes) => this.#watch(() => this.#ledger.inspectWrite(bytes))
    this.#database.onChange = () => this.#watch(() => this.#ledger.checkConsumers())
    this.#vendors.changed = () => this.#watch(() => this.#ledger.checkConsumers())
    this.#vendors.removing = (...credential) => this.#watch(() => this.#ledger.checkRemoval(...credential))
    await this.#calmly(async (store) => {
      const environment = store.environment(environmentName)
      const since = new Date(this.#timeline.nowMs).toISOString()
      const times = { created: since, modified: since }
      await environment.settingsWriter.changeSealed('schedule', () => ({
        schedule: { id: 'sched-1', kind: 'environment_rotation', cron: '0 3 * * *', ...times },
      }))
    })
    await this.#calmly((store, process) => this.#rotate(store, process, calm, { mode: 'rotate', force: true }))
  }

  /** Does something in a process to which nothing happens. */
  async #calmly<T>(act: (store: Store, process: ReplicaProcess) => Promise<T>): Promise<T> {
    const process = new ReplicaProcess(this.#machines, { pid: ++this.#pid })
    let ended: { readonly value: T } | { readonly error: unknown } | undefined
    const store = Store.openIn(new SharedRecordsOf(this.#database, process), process.world())
    void act(store, process).then(
      (value) => {
        ended = { value }
      },
      (error) => {
        ended = { error }
      },
    )
    await this.#timeline.runUntil(() => ended !== undefined)
    process.end()
    if (ended !== undefined && 'error' in ended) throw ended.error
    return (ended as unknown as { readonly value: T }).value
  }

  async #perform(task: Task): Promise<void> {
    const process = new ReplicaProcess(this.#machines, { pid: ++this.#pid, fault: task.fault })
    const name = `${process.pid} ${task.kind}`
    this.counts.tasks++
    this.#note(`${name} begins ${JSON.stringify(task)}`)
    try {
      const store = Store.openIn(new SharedRecordsOf(this.#database, process), process.world())
      this.#note(`${name} ends: ${await this.#act(store, process, task)}`)
    } catch (error) {
      if (process.alive && !(error instanceof Killed)) {
        if (!(error instanceof EscError)) this.#seen ??= error
        if ((error as EscError).code === 'locked') this.counts.locked++
        this.#note(`${name} is refused: ${(error as Error).message}`)
      } else {
        this.counts.died++
        this.#note(`${name} died`)
      }
    } finally {
      if (task.fault !== undefined && process.struck) {
        if (task.fault.effect.kind === 'freeze') this.counts.frozen++
        if (task.fault.effect.kind === 'cut') this.counts.cut++
      }
      process.end()
    }
  }

  async #act(store: Store, process: ReplicaProcess, { kind, weather }: Task): Promise<string> {
    await store.refresh()
    if (kind === 'run') return (await this.#runDue(store, process, weather)).map(told).join() || 'nothing'
    if (kind === 'edit') {
      const environment = store.environment(environmentName)
      const base = environment.current()
      const definition = `${base.definition}# edited by ${process.pid}\n`
      const stamp = { author, created: new Date(this.#timeline.nowMs) }
      const { number } = await environment.append({ base: base.number, definition, change: 'edit', ...stamp })
      this.#ledger.acknowledge(number)
      return `revision ${number}`
    }
    const { status } = await this.#rotate(store, process, weather, { mode: kind, force: kind === 'rotate' })
    return status
  }

  /** Runs what is due, as a server performs a job. */
  async #runDue(store: Store, process: ReplicaProcess, weather: Weather): Promise<RunOutcome[]> {
    const outcomes: RunOutcome[] = []
    for (let step = 0; step < 3; step++) {
      const work = {
        store,
        subject: { name: environmentName },
        host: { now: () => new Date(this.#timeline.nowMs) },
        signal: new AbortController().signal,
        commitAlso() {},
        perform: (operation: unknown, _: unknown, options: Partial<RotateOptions>) => {
          if (operation !== rotateEnvironment) throw new Error('a run performs nothing but rotations')
          return this.#rotate(store, process, weather, options)
        },
      }
      const outcome = await runDueSchedule.run(work as never, undefined)
      if (outcome === undefined) break
      outcomes.push(outcome)
      if (outcome.result === 'recovered') this.counts.recovered++
      else break
    }
    if (outcomes.length === 0) this.counts.doneElsewhere++
    return outcomes
  }

  async #rotate(
    store: Store,
    process: ReplicaProcess,
    weather: Weather,
    options: Partial<RotateOptions>,
  ): Promise<RotationReport> {
    const environment = store.environment(environmentName)
    const now = () => new Date(this.#timeline.nowMs - process.unnoticedMs)
    const workspace = { options: { now }, store } as unknown as Workspace
    const remote = new Remote(this.#vendors, process, weather)
    const report = await rotate({
      environment,
      author,
      mode: options.mode ?? 'rotate',
      paths: options.paths ?? [],
      cause: options.cause,
      locked: options.locked,
      cooldown: { windowMs: 0 },
      loadRotator: async (name) => this.#rotator(name, remote),
      evaluationHost: (rotator, base) => {
        const host = evaluationHost(workspace, { rotator })
        return { host, unlock: host.environments.use(environmentName, environment, base) }
      },
      context: {
        now,
        random: (count) => this.#vendors.secrets.bytes(count),
        sleep: (ms) => process.sleep(ms),
        signal: new AbortController().signal,
      },
      onProgress: () => {},
    })
    process.requireAlive()
    if (report.revision !== undefined) this.#ledger.acknowledge(report.revision)
    return report
  }

  #rotator(name: string, remote: Remote): Rotator {
    const rotator =
      name === 'pair'
        ? pairRotator(remote, () => this.#vendors.newSecret())
        : name === 'password'
          ? (password as unknown as Rotator)
          : tokenRotator(name as 'slots' | 'retiring', remote)
    return {
      ...rotator,
      plan: (request, context) => {
        this.#ledger.begin(request.inputs)
        return rotator.plan(request, context)
      },
      reconcile: (pending, request, context) => {
        this.#ledger.begin(request.inputs)
        return rotator.reconcile(pending, request, context)
      },
    }
  }

  /** Jobs come until nothing is due, and until no journal holds anything. */
  async #settle(due: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const outcomes = await this.#calmly((store, process) => this.#runDue(store, process, calm)).catch((error) => {
        if (error instanceof EscError) return [undefined]
        throw error
      })
      this.#note(`settling: ${outcomes.map(told).join() || 'nothing is due'}`)
      const left = this.#ledger.journal('A').length
      if (outcomes.length === 0 && left === 0 && this.#succeeded(due) > 0) break
      if (outcomes.length === 0 && left > 0) {
        await this.#calmly((store, process) => this.#rotate(store, process, calm, { mode: 'resume' })).catch((error) =>
          this.#note(`settling: not resumed: ${error.message}`),
        )
      }
      if (tries > 15) {
        throw new Violation(
          `${this.#succeeded(due)} runs, and ${JSON.stringify(this.#ledger.journal('A'))} in the journal`,
        )
      }
      // A failed run is tried again after a pause that grows.
      await this.#timeline.pass(tries < 3 ? 60_000 : 30 * 60_000)
    }
    this.#check()
  }

  /** Each instant was run once, and its record is there. */
  #checkRuns(dues: readonly string[]): void {
    const folder = `${storeFolder}/${environmentName}`
    const files = this.#database.files(folder)
    const text = (file: string) => Buffer.from(files.get(file) ?? []).toString()
    const saved = [...files.keys()].flatMap((file) => {
      const [, due] = /^revisions\//.test(file) ? (/^due: ["']?([^"'\n]+)/m.exec(text(file)) ?? []) : []
      return due === undefined ? [] : [`${due} ${/^attempt: ["']?([0-9]+)/m.exec(text(file))?.[1]}`]
    })
    const lines = this.#lines()
    const recorded = lines.map(({ due, attempt }) => `${due} ${attempt}`)
    for (const [what, runs] of Object.entries({ saved, recorded })) {
      const twice = runs.find((run, index) => runs.indexOf(run) !== index)
      if (twice !== undefined) throw new Violation(`the run of ${twice} was ${what} twice`)
    }
    for (const due of dues) {
      if (this.#succeeded(due) !== 1) throw new Violation(`the run of ${due} succeeded ${this.#succeeded(due)} times`)
    }
    const unrecorded = saved.find((run) => !recorded.includes(run))
    if (unrecorded !== undefined) throw new Violation(`the run of ${unrecorded} is in no record`)
  }

  #lines(): { readonly due: string; readonly attempt: number; readonly result: string }[] {
    const file = this.#database.disk.peek(`${storeFolder}/${environmentName}/events/schedules.jsonl`)
    const lines = Buffer.from(file ?? [])
      .toString()
      .split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  #succeeded(due: string): number {
    return this.#lines().filter((line) => line.due === due && line.result === 'succeeded').length
  }

  #watch(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#seen ??= error
    }
  }

  #check(): void {
    if (this.#seen !== undefined) throw this.#seen
    this.#ledger.checkConsumers()
    this.#ledger.checkHistory(false)
    this.#ledger.checkNothingLost()
  }

  #note(text: string): void {
    this.log.push(`${new Date(this.#timeline.nowMs).toISOString().slice(11, 23)} ${text}`)
  }
}
