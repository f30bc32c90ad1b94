import { EscError } from '../../src/errors.ts'
import type { Json, JsonObject } from '../../src/json.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import { evaluationHost } from '../../src/operations/session/evaluation-host.ts'
import type { Workspace } from '../../src/operations/session/workspace.ts'
import { type RotationMode, type RotationReport, rotate } from '../../src/rotation/index.ts'
import { password } from '../../src/rotators/generated/password.ts'
import type { Rotator } from '../../src/rotators/index.ts'
import { Store } from '../../src/store/index.ts'
import { deleteAt, parsePropertyPath, setAt } from '../../src/yaml/index.ts'
import { Ledger, Violation } from './ledger.ts'
import { type Fault, Killed, Machines, type Process, storeFolder } from './machine.ts'
import { creationWindowMs, pairRotator, pairUsers, type Sabotage, tokenRotator } from './model-rotators.ts'
import { nameOf } from './observer.ts'
import { Random } from './random.ts'
import type { Edit, RotatorKind, RunStep, Schedule, Step } from './schedule.ts'
import { environmentName, preparedDisk } from './setup.ts'
import { Timeline } from './timeline.ts'
import { calm, longestFlightMs, Remote, TokenAccount, UserServer, Vendors, type Weather } from './vendors.ts'

export interface Counts {
  runs: number
  succeeded: number
  failed: number
  refused: number
  died: number
  kills: number
  powerLosses: number
  diskErrors: number
  resumed: number
  undone: number
  displaced: number
  locked: number
  edits: number
  byHand: number
  remoteCalls: number
  checks: number
}

export interface Outcome {
  readonly counts: Counts
  readonly violation?: { readonly step: number; readonly message: string; readonly log: readonly string[] }
}

export interface SimulationOptions {
  /** Something that is wrong, to see that it is noticed. */
  readonly sabotage?: Sabotage | 'the disk lies'
}

type RunOutcome =
  | { readonly kind: 'report'; readonly report: RotationReport }
  | { readonly kind: 'refused'; readonly error: EscError }
  | { readonly kind: 'died' }

const author = { name: 'Ada Lovelace', email: 'ada@example.com' }

/**
 * Runs one schedule to its end, and then until everything is in order again; stops at the first
 * thing that may not be.
 */
export async function simulate(schedule: Schedule, options: SimulationOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(schedule, options)
  let step = 0
  try {
    await simulation.prepare()
    for (; step < schedule.steps.length; step++) await simulation.perform(schedule.steps[step]!)
    await simulation.conclude()
    return { counts: simulation.counts }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const message = error instanceof Violation ? error.message : `${error.stack}`
    return { counts: simulation.counts, violation: { step, message, log: simulation.log } }
  }
}

class Simulation {
  readonly log: string[] = []
  readonly counts: Counts
  readonly #schedule: Schedule
  readonly #options: SimulationOptions
  readonly #timeline = new Timeline()
  readonly #random: Random
  readonly #vendors: Vendors
  #machines!: Machines
  #ledger!: Ledger
  #unsavedEdit = false
  #host = 'A'
  /** What was noticed while a run was at work. */
  #seen: unknown
  /** Blocks of removed rotators, as a person finds them in the history. */
  readonly #removed = new Map<string, Json>()
  readonly #moved = new Set<string>()

  constructor(schedule: Schedule, options: SimulationOptions) {
    this.#schedule = schedule
    this.#options = options
    this.#random = new Random(schedule.seed ^ 0x5eed)
    this.#vendors = new Vendors(this.#timeline, this.#random)
    this.counts = {
      runs: 0,
      succeeded: 0,
      failed: 0,
      refused: 0,
      died: 0,
      kills: 0,
      powerLosses: 0,
      diskErrors: 0,
      resumed: 0,
      undone: 0,
      displaced: 0,
      locked: 0,
      edits: 0,
      byHand: 0,
      remoteCalls: 0,
      checks: 0,
    }
  }

  async prepare(): Promise<void> {
    const { rotators } = this.#schedule
    for (const [name, kind] of Object.entries(rotators)) {
      for (const place of [name, `${name}-alt`]) {
        if (kind === 'slots' || kind === 'retiring') {
          this.#vendors.accounts.set(place, new TokenAccount(place, kind === 'slots' ? 2 : 5))
        }
        if (kind === 'pair') this.#vendors.servers.set(place, new UserServer(place))
      }
    }
    const { disk, id, key } = await preparedDisk(rotators)
    this.#machines = new Machines(this.#timeline, this.#random, disk)
    this.#machines.lyingDisk = this.#options.sabotage === 'the disk lies'
    this.#ledger = new Ledger({ disk, vendors: this.#vendors, rotators, environment: { id, key } })
    this.#machines.onWrite = (bytes) => this.#watch(() => this.#ledger.inspectWrite(bytes))
    this.#machines.onChange = (path) => {
      if (path.includes('/revisions/') || path === '/') this.#watch(() => this.#ledger.checkConsumers())
    }
    this.#vendors.changed = () => this.#watch(() => this.#ledger.checkConsumers())
    this.#vendors.removing = (...credential) => this.#watch(() => this.#ledger.checkRemoval(...credential))
  }

  async perform(step: Step): Promise<void> {
    this.#note(JSON.stringify(step))
    switch (step.kind) {
      case 'run':
        await this.#run(step)
        break
      case 'edit':
        await this.#edit(step.edit)
        break
      case 'unsaved edit':
        await this.#editByHand()
        break
      case 'hand':
        await this.#actByHand(step.what, step.name)
        break
      case 'power loss':
        this.#machines.losePower()
        break
      case 'wait':
        await this.#timeline.pass(step.ms)
        break
    }
    this.#check()
    await this.#timeline.pass(this.#random.pick([10, 1_000, 20_000]))
    this.#check()
  }

  /**
   * A person puts everything back as it was; then what was interrupted is finished, and a rotation
   * of all succeeds.
   */
  async conclude(): Promise<void> {
    this.#note('concluding')
    await this.#timeline.pass(60_000)
    if (this.#unsavedEdit) await this.#editByHand()
    for (const name of Object.keys(this.#schedule.rotators)) {
      await this.#edit({ what: 'put back', name, withState: true })
      if (this.#moved.has(name)) await this.#edit({ what: 'move', name })
      const { inputs } = this.#ledger.newest().get(name) ?? {}
      const place = inputs?.account ?? inputs?.server
      const state = this.#ledger.newest().get(name)?.state
      const home = state?.account ?? name
      if (place !== undefined && place !== home) await this.#edit({ what: 'place', name })
      this.#ledger.removeForeign(name)
    }
    for (const host of ['B', 'A'] as const) {
      // Where it cannot be put in order at once (a record of the other account), it is after going
      // there.
      for (let tries = 0; this.#ledger.journal(host).length > 0 && tries < 4; tries++) {
        await this.#timeline.pass(60_000)
        await this.#goWhereRecordsPoint(host)
        await this.#attempt({ host, mode: 'resume' })
        // Where two tokens may be ours and nothing tells which, a person decides.
        for (const name of Object.keys(this.#schedule.rotators))
          this.#ledger.removeForeign(name, { unknown: tries > 0 })
      }
      const left = this.#ledger.journal(host)
      if (left.length > 0) throw new Violation(`journal of ${host} is never cleared: ${JSON.stringify(left)}`)
    }
    for (const name of this.#moved) await this.#edit({ what: 'move', name })
    for (const name of Object.keys(this.#schedule.rotators)) {
      const rotator = this.#ledger.newest().get(name)
      const place = rotator?.inputs.account
      if (rotator?.state?.account !== undefined && rotator.state.account !== place)
        await this.#edit({ what: 'place', name })
      this.#ledger.removeForeign(name)
    }
    const outcome = await this.#attempt({ host: 'A', mode: 'rotate' })
    if (outcome.kind !== 'report' || outcome.report.status !== 'succeeded') {
      throw new Violation(`a rotation in calm weather does not succeed: ${describe(outcome)}`)
    }
    this.#ledger.checkAgreement()
  }

  async #goWhereRecordsPoint(host: 'A' | 'B'): Promise<void> {
    for (const { path, pending } of this.#ledger.journal(host)) {
      const key = path.replace(/^values\./, '')
      const name = key.replace(/_moved$/, '')
      if (this.#keyOf(name) !== key) await this.#edit({ what: 'move', name })
      const inputs = this.#ledger.newest().get(key)?.inputs
      const account = (pending as { account?: string } | undefined)?.account
      if (account !== undefined && inputs !== undefined && inputs.account !== account) {
        await this.#edit({ what: 'place', name })
      }
    }
  }

  async #attempt(run: { host: 'A' | 'B'; mode: RotationMode }): Promise<RunOutcome> {
    const process = this.#machines.start(run.host)
    let outcome: RunOutcome | undefined
    void this.#rotate(process, { ...run, paths: [], force: true, weather: calm }).then((ended) => {
      outcome = ended
    })
    await this.#timeline.runUntil(() => outcome !== undefined)
    this.#note(describe(outcome!))
    this.#check()
    return outcome!
  }

  async #run(step: RunStep): Promise<void> {
    // Another clone comes to it later: nothing can stop a statement that a killed run on the first
    // has just sent.
    if (step.host !== this.#host) await this.#timeline.pass(longestFlightMs)
    this.#host = step.host
    // What a killed run has sent may still arrive.
    const quiet = this.#vendors.inFlight === 0
    const before = this.#ledger.fingerprint()
    let waiting = 1
    const outcomes: RunOutcome[] = []
    const start = (host: string, fault: Fault | undefined, run: Omit<RunStep, 'kind' | 'host' | 'seed'>) => {
      const process = this.#machines.start(host, fault)
      void this.#rotate(process, run).then((outcome) => {
        process.end()
        outcomes.push(outcome)
        waiting--
      })
    }
    this.#vendors.random = new Random(step.seed)
    start(step.host, step.fault, step)
    if (step.edit !== undefined) {
      const { afterMs, edit } = step.edit
      waiting++
      this.#timeline.after(afterMs, () => {
        void this.#edit(edit)
          .catch((error) => {
            this.#note(`edit refused: ${error.message}`)
            if (!(error instanceof EscError)) outcomes.push({ kind: 'refused', error })
          })
          .finally(() => waiting--)
      })
    }
    if (step.rival !== undefined) {
      const { afterMs, mode, fault } = step.rival
      waiting++
      this.#timeline.after(afterMs, () => start(step.host, fault, { ...step, paths: [], mode }))
    }
    await this.#timeline.runUntil(() => waiting === 0)
    this.#vendors.random = this.#random
    for (const outcome of outcomes) this.#judge(outcome)
    if (step.rival === undefined && step.edit === undefined) {
      const changed = quiet && this.#ledger.fingerprint() !== before
      const [outcome] = outcomes
      if (step.mode === 'plan' && changed) throw new Violation('a plan has changed something')
      if (outcome?.kind === 'refused' && changed) {
        throw new Violation(`refused (${outcome.error.message}), and yet something has changed`)
      }
      if (outcome?.kind === 'report' && step.mode !== 'plan') this.#checkNothingForgotten(step.host, outcome.report)
    }
  }

  #judge(outcome: RunOutcome): void {
    const { counts } = this
    this.#note(describe(outcome))
    counts.runs++
    if (outcome.kind === 'died') counts.died++
    if (outcome.kind === 'refused') {
      counts.refused++
      if (!(outcome.error instanceof EscError)) throw outcome.error
      if (outcome.error.code === 'locked') counts.locked++
    }
    if (outcome.kind !== 'report') return
    const { report } = outcome
    if (report.status === 'succeeded') counts.succeeded++
    else counts.failed++
    for (const { error = '', notes: told } of report.paths) {
      const notes = told.map(String)
      if (notes.some((note) => note.includes('interrupted rotation') && !note.includes('undone'))) counts.resumed++
      if (notes.some((note) => note.includes('undone')) || error.includes('undone')) counts.undone++
      if (error.includes('an edit removed')) counts.displaced++
      if (/is not a function|Cannot read properties|undefined/.test(error)) throw new Violation(`a slip: ${error}`)
    }
    if (report.revision !== undefined) this.#ledger.acknowledge(report.revision)
  }

  /** Whatever a run leaves in the journal, it must say so. */
  #checkNothingForgotten(host: string, report: RotationReport): void {
    for (const entry of this.#ledger.journal(host)) {
      const shown = entry.path.replace(/^values\./, '')
      const path = report.paths.find((each) => each.path === shown)
      const said = path && (path.status !== 'succeeded' || path.notes.length > 0)
      if (!said && !report.warnings.some((warning) => String(warning).startsWith(`${shown}:`))) {
        throw new Violation(`the journal holds a record of ${shown}, and the report does not say so`)
      }
    }
  }

  async #rotate(
    process: Process,
    run: { mode: RotationMode; paths: readonly string[]; force: boolean; weather: Weather },
  ): Promise<RunOutcome> {
    const remote = new Remote(this.#vendors, process, run.weather)
    const controller = new AbortController()
    try {
      const store = Store.open(storeFolder, process.world())
      const environment = store.environment(environmentName)
      const workspace = { options: { now: () => new Date(this.#timeline.nowMs) }, store } as unknown as Workspace
      const report = await rotate({
        environment,
        author,
        mode: run.mode,
        paths: run.paths.map((path) => parsePropertyPath(this.#keyOf(path))),
        cooldown: { windowMs: run.force ? 0 : 600_000 },
        loadRotator: async (name) => this.#rotator(name, remote),
        evaluationHost: (rotator, base) => {
          const host = evaluationHost(workspace, { rotator })
          return { host, unlock: host.environments.use(environmentName, environment, base) }
        },
        context: {
          now: () => new Date(this.#timeline.nowMs),
          random: (count) => this.#vendors.secrets.bytes(count),
          sleep: (ms) => process.sleep(ms),
          signal: controller.signal,
        },
        onProgress: () => {},
      })
      this.counts.remoteCalls = this.#vendors.calls
      return process.alive ? { kind: 'report', report } : { kind: 'died' }
    } catch (error) {
      if (!process.alive || error instanceof Killed) return { kind: 'died' }
      return { kind: 'refused', error: error as EscError }
    }
  }

  #rotator(name: string, remote: Remote): Rotator {
    const sabotage = this.#options.sabotage === 'the disk lies' ? undefined : this.#options.sabotage
    const rotator =
      name === 'pair'
        ? pairRotator(remote, () => this.#vendors.newSecret(), sabotage)
        : name === 'password'
          ? (password as unknown as Rotator)
          : tokenRotator(name as 'slots' | 'retiring', remote, sabotage)
    // From here on a rotation may end what was `previous`.
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

  /** Where the rotator of that name is now. */
  #keyOf(name: string): string {
    return this.#moved.has(name) ? `${name}_moved` : name
  }

  async #edit(edit: Edit): Promise<void> {
    const process = this.#machines.start('A')
    const { name } = edit
    const key = this.#keyOf(name)
    const present = this.#ledger.newest().get(key)
    const text = this.#ledger.definition()
    const kind = this.#schedule.rotators[name] as RotatorKind
    const call = ['values', key, `fn::rotate::${kind}`]
    let edited = text
    let then = () => {}
    switch (edit.what) {
      case 'note':
        if (present && kind !== 'password') edited = setAt(text, [...call, 'inputs', 'note'], edit.text)
        break
      case 'place':
        if (present && 'account' in present.inputs) {
          const other = present.inputs.account === name ? `${name}-alt` : name
          edited = setAt(text, [...call, 'inputs', 'account'], other)
        }
        break
      case 'remove':
        if (present) {
          const block = this.#ledger.block(key)
          edited = deleteAt(text, ['values', key])
          then = () => {
            this.#removed.set(name, block)
            this.#ledger.remember(name, present)
          }
        }
        break
      case 'put back': {
        const block = this.#removed.get(name) as JsonObject | undefined
        if (block !== undefined && !present) {
          const { state: _, ...bare } = block[`fn::rotate::${kind}`] as JsonObject
          edited = setAt(text, ['values', key], edit.withState ? block : { [`fn::rotate::${kind}`]: bare })
          then = () => {
            this.#removed.delete(name)
            if (!edit.withState) this.#ledger.abandon(name)
          }
        }
        break
      }
      case 'move':
        if (present) {
          const to = this.#moved.has(name) ? name : `${name}_moved`
          edited = setAt(deleteAt(text, ['values', key]), ['values', to], this.#ledger.block(key))
          then = () => {
            if (!this.#moved.delete(name)) this.#moved.add(name)
            this.#ledger.moved(key, to)
          }
        }
        break
    }
    if (edited === text) return process.end()
    this.counts.edits++
    try {
      const environment = Store.open(storeFolder, process.world()).environment(environmentName)
      const base = environment.current()
      let done = false
      const appended = environment
        .append({
          base: base.number,
          definition: encryptDefinition(environmentName, edited, () => {
            throw new Error('nothing here is new')
          }),
          change: 'edit',
          author,
          created: new Date(this.#timeline.nowMs),
        })
        .finally(() => {
          done = true
        })
      appended.catch(() => {})
      if (this.#machines.alive.size === 1) await this.#timeline.runUntil(() => done)
      const { number } = await appended
      this.#ledger.acknowledge(number)
      then()
      this.#ledger.checkConsumers()
    } catch (error) {
      if (!(error instanceof EscError && ['unsaved_edit', 'conflict', 'locked'].includes(error.code))) throw error
      this.#note(`edit refused: ${error.message}`)
    } finally {
      process.end()
    }
  }

  /**
   * Somebody writes into `environment.yaml` and does not save it as a revision; or changes their
   * mind.
   */
  async #editByHand(): Promise<void> {
    const process = this.#machines.start('A')
    const environment = Store.open(storeFolder, process.world()).environment(environmentName)
    if (this.#unsavedEdit) {
      let done = false
      void environment.restoreDefinition().finally(() => {
        done = true
      })
      await this.#timeline.runUntil(() => done)
    } else {
      this.#machines.disk.put(`${storeFolder}/${environmentName}/environment.yaml`, '# by hand\nvalues: {}\n')
    }
    this.#unsavedEdit = !this.#unsavedEdit
    process.end()
  }

  async #actByHand(what: (Step & { kind: 'hand' })['what'], name: string): Promise<void> {
    this.counts.byHand++
    const kind = this.#schedule.rotators[name]
    const rotator = this.#ledger.newest().get(this.#keyOf(name))
    if (kind === 'pair') {
      const server = this.#vendors.servers.get(name)!
      const { current, previous } = rotator?.state ?? {}
      const chosen = what === 'remove current' ? current : what === 'remove previous' ? previous : undefined
      const user = pairUsers.find((each) => each === nameOf(chosen))
      if (user !== undefined) this.#ledger.resetPassword(server, user)
      return
    }
    const account = this.#vendors.accounts.get(rotator?.inputs.account ?? name)
    if (account === undefined) return
    // A token that somebody adds within the seconds in which a killed run may have created one
    // cannot be told from it.
    if (what === 'add foreign') {
      await this.#timeline.pass(creationWindowMs + 3_000)
      if (account.tokens.size < account.places) this.#vendors.create(account, { foreign: true, lagMs: 0 })
    } else if (what === 'remove foreign') this.#ledger.removeForeign(name)
    else {
      const id = nameOf(what === 'remove current' ? rotator?.state?.current : rotator?.state?.previous)
      if (id !== undefined) this.#ledger.removeByHand(account, id)
    }
  }

  /** Looks while a run is at work; what it finds must not reach the run as an error. */
  #watch(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#seen ??= error
    }
  }

  #check(): void {
    this.counts.checks++
    if (this.#seen !== undefined) throw this.#seen
    this.#ledger.checkConsumers()
    const { kills, powerLosses, diskErrors } = this.#machines
    this.#ledger.checkHistory(powerLosses > this.counts.powerLosses)
    this.#ledger.checkNothingLost()
    Object.assign(this.counts, { kills, powerLosses, diskErrors })
  }

  #note(text: string): void {
    this.log.push(`${new Date(this.#timeline.nowMs).toISOString().slice(11, 23)} ${text}`)
  }
}

function describe(outcome: RunOutcome): string {
  if (outcome.kind === 'died') return 'died'
  if (outcome.kind === 'refused') return `refused: ${outcome.error.message}`
  const { status, revision, paths, warnings } = outcome.report
  const each = paths.map(({ path, status, error, notes }) => `${path} ${status} ${[error, ...notes].join(' / ')}`)
  return [status, revision ?? 'no revision', ...each, ...warnings].join(' | ')
}
