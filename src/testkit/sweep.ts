import type { Plan, Rotator } from '../rotators/index.ts'
import { type Journal, resume, rotateOnce } from './rotation-run.ts'
import { type TestContext, testContext } from './test-context.ts'

/**
 * The point where a run is killed: at the nth record it stages or the nth message it exchanges,
 * before or after it takes effect.
 */
export interface Cut {
  readonly at: 'stage' | 'remote'
  readonly nth: number
  readonly when: 'before' | 'after'
}

/** The error that a killed run meets from then on: nothing it does has an effect any more. */
export class Killed extends Error {}

/**
 * Lets a run through up to its cut. The vendor's fake, or the proxy before the real one,
 * asks it about every message.
 */
export class Gate {
  readonly passed = { stage: 0, remote: 0 }
  cut: Cut | undefined
  dead = false

  constructor(cut?: Cut) {
    this.cut = cut
  }

  /** Throws `Killed` when the run is dead or dies here. */
  pass(at: Cut['at'], when: Cut['when']): void {
    if (this.dead) throw new Killed()
    if (when === 'before') this.passed[at]++
    const { cut } = this
    if (cut?.at === at && cut.nth === this.passed[at] && cut.when === when) {
      this.dead = true
      throw new Killed()
    }
  }
}

/** One vendor set-up, made afresh for every cut. */
export interface Scenario<Inputs, State extends object, Pending extends object, RotationPlan extends Plan> {
  readonly rotator: Rotator<Inputs, State, Pending, RotationPlan>
  readonly inputs: Inputs
  /** The state in the last committed revision. */
  readonly state: State | undefined
  /** Throws unless consumers of this committed state can log in with its current credential. */
  checkCurrent(state: State): Promise<void>
  /**
   * Throws unless the vendor holds what the state says and nothing more of ours, and everything
   * foreign is untouched. After `undone`, a superseded credential that the vendor's limit
   * forced out may be missing.
   */
  checkAgreement(state: State | undefined, last: 'rotated' | 'undone'): Promise<void>
  /** True when the vendor leaves room for one more rotation. Default true. */
  readonly rotatesAgain?: boolean
  close(): Promise<void>
}

/** Sets the vendor up; every message from then on passes the gate that `enter` names. */
export type Subject<Inputs, State extends object, Pending extends object, RotationPlan extends Plan> = (
  enter: () => Gate,
) => Promise<Scenario<Inputs, State, Pending, RotationPlan>>

export interface SweepOptions {
  /** Kill the run that resumes too, at each of its messages. */
  readonly twice?: boolean
  /**
   * Kill at every so-manieth message only, from a random one on. Default 1: at all of them. A
   * function is asked before each step, so that a sweep can take longer steps when it has used up
   * its time.
   */
  readonly stride?: number | (() => number)
  /**
   * Retire what a rotation superseded before the vendor is looked at, for rotators with `retire`.
   */
  readonly retire?: boolean
  /** Put between the rotator and the run. */
  readonly wrap?: <R>(rotator: R) => R
}

/**
 * Kills a rotation at every record and around every message, resumes it as the next run would, and
 * checks that nothing is lost, unknown or wrongly deleted. Returns one line a cut.
 */
export async function sweep<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  subject: Subject<Inputs, State, Pending, RotationPlan>,
  options: SweepOptions = {},
): Promise<string[]> {
  const { twice = false, stride = 1 } = options
  const next = typeof stride === 'number' ? () => stride : stride
  const whole = await cutRun(subject, options)
  const outcomes: string[] = []
  for (const at of ['stage', 'remote'] as const) {
    const step = at === 'remote' ? next : () => 1
    for (let nth = from(step()); nth <= whole.first[at]; nth += step()) {
      for (const when of ['before', 'after'] as const) {
        const cut: Cut = { at, nth, when }
        const { outcome, second } = await cutRun(subject, options, cut)
        outcomes.push(`${name(cut)}: ${outcome}`)
        for (let again = from(next()); twice && again <= second; again += next()) {
          for (const secondWhen of ['before', 'after'] as const) {
            const resumeCut: Cut = { at: 'remote', nth: again, when: secondWhen }
            const twiceCut = await cutRun(subject, options, cut, resumeCut)
            outcomes.push(`${name(cut)}, then ${name(resumeCut)}: ${twiceCut.outcome}`)
          }
        }
      }
    }
  }
  return outcomes
}

interface CutRun {
  readonly outcome: string
  /** The number of calls that the first run passed. */
  readonly first: Gate['passed']
  /** Messages of the run that resumed. */
  readonly second: number
}

async function cutRun<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  subject: Subject<Inputs, State, Pending, RotationPlan>,
  options: SweepOptions,
  cut?: Cut,
  resumeCut?: Cut,
): Promise<CutRun> {
  const gates = { current: new Gate() }
  const scenario = await subject(() => gates.current)
  try {
    return await playRun(scenario, gates, options, cut, resumeCut)
  } catch (error) {
    throw new Error(`${cut ? name(cut) : 'not killed'}${resumeCut ? `, then ${name(resumeCut)}` : ''}: ${error}`, {
      cause: error,
    })
  } finally {
    gates.current = new Gate()
    await scenario.close()
  }
}

/**
 * Rotates, resumes what was killed, and rotates once more. `gates.current`: the gate that the
 * vendor asks.
 */
async function playRun<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  scenario: Scenario<Inputs, State, Pending, RotationPlan>,
  gates: { current: Gate },
  { retire = false, wrap = (rotator) => rotator }: SweepOptions,
  cut?: Cut,
  resumeCut?: Cut,
): Promise<CutRun> {
  const { inputs } = scenario
  const rotator = wrap(scenario.rotator)
  const agree = async (after: State | undefined, how: 'rotated' | 'undone', superseded: State | undefined) => {
    if (retire && how === 'rotated' && superseded !== undefined) {
      await rotator.retire?.(superseded, { inputs, state: after }, testContext())
    }
    await scenario.checkAgreement(after, how)
  }
  const journal: Journal<Pending> = { pending: undefined }
  let record: Pending | undefined
  let state = scenario.state
  const first = new Gate(cut)
  gates.current = first
  let last: 'rotated' | 'undone' = 'undone'
  let outcome = 'not reached'
  const context = mortalContext(first)
  const onStage = (when: Cut['when']) => {
    record = journal.pending
    first.pass('stage', when)
  }
  try {
    state = await rotateOnce({ rotator, inputs, state, context, journal, onStage })
    last = 'rotated'
  } catch (error) {
    if (!first.dead) throw error
    outcome = 'undone'
  }

  let second = 0
  const committed = state
  if (first.dead) {
    if (committed !== undefined) await scenario.checkCurrent(committed)
    for (const next of resumeCut ? [resumeCut, undefined] : [undefined]) {
      const gate = new Gate(next)
      gates.current = gate
      try {
        const reconciled = await resume({ rotator, inputs, state: committed, journal, context: mortalContext(gate) })
        second = gate.passed.remote
        if (reconciled?.kind === 'rotated') {
          state = reconciled.state
          last = outcome = 'rotated'
        }
      } catch (error) {
        if (!gate.dead) throw error
      }
      if (committed !== undefined) await scenario.checkCurrent(committed)
    }
  }
  gates.current = new Gate()
  await agree(state, last, scenario.state)
  if (last === 'rotated' && record !== undefined) {
    // A run that dies after the commit leaves its record: reconciling it again changes nothing.
    const again = await rotator.reconcile(record, { inputs, state }, testContext())
    if (again.kind !== 'rotated') throw new Error(`reconciled again as undone: ${again.reason}`)
    await agree(again.state, 'rotated', scenario.state)
  }
  if (last === 'undone' || scenario.rotatesAgain !== false) {
    const after = await rotateOnce({ rotator, inputs, state, context: testContext() })
    await agree(after, 'rotated', state)
  }
  return { outcome, first: first.passed, second }
}

/** A killed run does not wait and try again. */
function mortalContext(gate: Gate): TestContext {
  const context = testContext()
  return {
    ...context,
    async sleep(ms) {
      if (gate.dead) throw new Killed()
      await context.sleep(ms)
    },
  }
}

/** Returns the point at which a sweep with this stride begins. */
function from(stride: number): number {
  return 1 + Math.floor(Math.random() * stride)
}

function name({ at, nth, when }: Cut): string {
  return `${when} ${at} ${nth}`
}
