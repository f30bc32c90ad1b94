import type { Plain, PlainObject } from '../plain.ts'
import { withSecretsOf } from '../plugins/index.ts'
import { samePlain } from '../rotation/index.ts'
import type { Plan, Reconciled, Rotator } from '../rotators/index.ts'
import { type Journal, rotateOnce } from './rotation-run.ts'
import { type Cut, Gate, type Scenario, type Subject } from './sweep.ts'
import { testContext } from './test-context.ts'

type AnyScenario = Scenario<unknown, object, object, Plan>
type AnyRotator = AnyScenario['rotator']

export interface StaleOptions {
  /** Retire what a rotation superseded, as the engine does after the commit. Default true. */
  readonly retire?: boolean
}

/**
 * Rotates three times and then reconciles each record of the first two again, as a journal that a
 * backup has brought back would.
 */
export async function neverCurrentAgain(scenario: AnyScenario, { retire = true }: StaleOptions = {}): Promise<void> {
  const { rotator, inputs, checkCurrent, checkAgreement, rotatesAgain } = scenario
  const stale: object[] = []
  const rotate = async (former: object | undefined) => {
    const records: object[] = []
    const after = await rotateOnce({
      rotator,
      inputs,
      state: former,
      context: testContext(),
      onRecord: (record) => records.push(record),
    })
    const state = saved(rotator, after)
    if (retire && former !== undefined) await rotator.retire?.(former, { inputs, state }, testContext())
    return { state, records }
  }
  const first = await rotate(scenario.state)
  const last = first.records.at(-1) as object
  await expectKept(scenario, { record: last, state: first.state, movedOn: false })
  stale.push(...first.records)
  if (rotatesAgain === false) return
  const second = await rotate(first.state)
  stale.push(...second.records)
  const third = await rotate(second.state)
  for (const record of stale) await expectKept(scenario, { record, state: third.state, movedOn: true })
  await checkCurrent(third.state)
  await checkAgreement(third.state, 'rotated')
}

/**
 * A run is killed after it has changed everything, another clone rotates from the same state, and
 * then the record is found.
 */
export async function neverCurrentBesideOthers<Inputs, State extends object, Pending extends object, P extends Plan>(
  subject: Subject<Inputs, State, Pending, P>,
  wrap: <R>(rotator: R) => R,
  { retire = true }: StaleOptions = {},
): Promise<void> {
  const whole = new Gate()
  await cutOff(subject, wrap, { first: whole, retire })
  for (const at of ['stage', 'remote'] as const) {
    if (whole.passed[at] === 0) continue
    const cut: Cut = { at, nth: whole.passed[at], when: 'after' }
    await cutOff(subject, wrap, { first: new Gate(cut), retire })
  }
}

async function cutOff<Inputs, State extends object, Pending extends object, P extends Plan>(
  subject: Subject<Inputs, State, Pending, P>,
  wrap: <R>(rotator: R) => R,
  { first, retire }: { readonly first: Gate; readonly retire: boolean },
): Promise<void> {
  let gate = new Gate()
  const typed = await subject(() => gate)
  const scenario = typed as unknown as AnyScenario
  try {
    const { inputs, state } = scenario
    const rotator = wrap(scenario.rotator)
    const journal: Journal<object> = { pending: undefined }
    let record: object | undefined
    gate = first
    try {
      const onStage = (when: 'before' | 'after') => {
        record = journal.pending
        first.pass('stage', when)
      }
      await rotateOnce({ rotator, inputs, state, context: testContext(), journal, onStage })
    } catch (error) {
      if (!first.dead) throw error
    }
    if (!first.dead || record === undefined) return
    gate = new Gate()
    let others: object
    try {
      others = saved(rotator, await rotateOnce({ rotator, inputs, state, context: testContext() }))
    } catch {
      // Where the vendor has no room for another one, no other clone can
      // rotate before this is reconciled.
      return
    }
    if (retire && state !== undefined) await rotator.retire?.(state, { inputs, state: others }, testContext())
    await expectKept({ ...scenario, rotator }, { record, state: others, movedOn: true })
    await scenario.checkCurrent(others)
    await scenario.checkAgreement(others, 'rotated')
  } finally {
    gate = new Gate()
    await scenario.close()
  }
}

async function expectKept(
  { rotator, inputs }: Pick<AnyScenario, 'rotator' | 'inputs'>,
  { record, state, movedOn }: { readonly record: object; readonly state: object; readonly movedOn: boolean },
): Promise<void> {
  const reconciled: Reconciled<object> = await rotator.reconcile(record, { inputs, state, movedOn }, testContext())
  if (reconciled.kind === 'undone') {
    if (movedOn) return
    throw new Error(`a record whose credential the state holds was reconciled as undone: ${reconciled.reason}`)
  }
  if (samePlain(reconciled.state as PlainObject, state as PlainObject)) return
  // As the engine does for rotators that do not look at `movedOn`: what works is removed like
  // any superseded credential.
  if (movedOn && rotator.retire) return rotator.retire(reconciled.state, { inputs, state }, testContext())
  throw new Error('a record that is out of date changed the state: its credential would become current again')
}

/** As the next run reads it from the environment. */
function saved(rotator: AnyRotator, state: object): object {
  return withSecretsOf((rotator as unknown as Rotator).state, state as Plain) as object
}
