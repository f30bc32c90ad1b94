import { backoff } from '../../backoff.ts'
import type { Reconciled } from '../../rotator.ts'
import { undone } from '../../undone.ts'
import { VendorError } from '../../vendor-error.ts'
import type { IssuedState } from './issuer.ts'
import { type CreatedRecord, idsOf, type Reconciliation, removeForGood } from './reconciliation.ts'
import { wordsOf } from './words.ts'

/**
 * The credential is in the record, secret and all: it becomes `current` if it works,
 * and goes if it does not.
 */
export async function prove<Credential extends object>(
  pending: CreatedRecord<Credential>,
  reconciliation: Reconciliation<Credential>,
  movedOn: boolean,
): Promise<Reconciled<IssuedState<Credential>>> {
  const { issuer, state, session } = reconciliation
  const id = issuer.idOf(pending.credential)
  // An earlier run committed it and died before it cleared its record, and the state
  // may have moved on since.
  if (state !== undefined && idsOf(reconciliation).includes(id)) return { kind: 'rotated', state }
  if (movedOn) {
    await removeForGood(id, reconciliation)
    return undone(issuer.name, `${issuer.noun} ${id} of ${pending.subject} was rotated out since; it was deleted`)
  }
  const refusal = await tryUntilKnown(pending, reconciliation)
  if (refusal !== undefined) {
    const wasThere = await removeForGood(id, reconciliation)
    return undone(issuer.name, `${refusal}; ${wordsOf(issuer).removed(wasThere)}`)
  }
  const { retireId } = pending
  if (retireId !== undefined && (await mayRetire(retireId, reconciliation))) await session.remove(retireId)
  const previous = previousOf(pending, reconciliation)
  return { kind: 'rotated', state: { current: pending.credential, ...(previous !== undefined && { previous }) } }
}

/**
 * The state may have been written anew since the plan. What it calls `current` goes
 * only while the vendor refuses it.
 */
async function mayRetire<Credential extends object>(
  retireId: string,
  { issuer, session, state }: Reconciliation<Credential>,
): Promise<boolean> {
  if (state === undefined || retireId !== issuer.idOf(state.current)) return true
  const { listed } = await session.list([retireId])
  return listed.some(({ id, problem }) => id === retireId && problem !== undefined)
}

/**
 * As planned; or, when the state was written anew since, its current credential, which is
 * then what consumers hold.
 */
function previousOf<Credential extends object>(
  { basisId, previousId }: CreatedRecord<Credential>,
  { issuer: { idOf }, state }: Reconciliation<Credential>,
): Credential | undefined {
  if (state === undefined) return undefined
  if (idOf(state.current) !== basisId) return state.current
  return [state.current, state.previous].find((each) => each !== undefined && idOf(each) === previousId)
}

/** Returns why it will never work; `undefined` when it works. Throws when it cannot tell. */
async function tryUntilKnown<Credential extends object>(
  { subject, credential }: CreatedRecord<Credential>,
  reconciliation: Reconciliation<Credential>,
): Promise<string | undefined> {
  const { issuer, context } = reconciliation
  const { timing, noun } = issuer
  const about = `new ${noun} ${issuer.idOf(credential)} of ${subject}`
  const waits = backoff(timing, timing.totalWaitMs)
  for (let successes = 0; ; ) {
    const tried = await tryOnce(credential, about, reconciliation)
    if (tried.kind === 'accepted') return undefined
    if (tried.kind === 'refused') return `${about} ${tried.said}`
    if (tried.kind === 'works') {
      if (++successes >= timing.successes) return undefined
      await context.sleep(timing.successWaitMs)
      continue
    }
    successes = 0
    const wait = waits.next()
    if (wait === undefined) {
      if (tried.kind === 'no answer') throw tried.error
      return `${about} was still unknown after ${timing.totalWaitMs / 1000} s (${tried.code})`
    }
    context.progress(`waiting for ${about} to be accepted`)
    await context.sleep(wait)
  }
}

type Tried =
  | { readonly kind: 'works' }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly said: string }
  | { readonly kind: 'unknown yet'; readonly code: string }
  | { readonly kind: 'no answer'; readonly error: VendorError }

/** One log-in. `accepted`: it is there, and can never be tried from here. */
async function tryOnce<Credential extends object>(
  credential: Credential,
  about: string,
  { issuer, session, context }: Reconciliation<Credential>,
): Promise<Tried> {
  try {
    const trial = await session.tryLogin(credential)
    if (trial.kind === 'works') return { kind: 'works' }
    const { code, said = `was refused (${code})` } = trial
    if (trial.kind === 'refused') return { kind: 'refused', said }
    if (trial.kind === 'inconclusive') {
      const id = issuer.idOf(credential)
      const { listed } = await session.list([id])
      if (listed.some((each) => each.id === id)) {
        context.warn(`${about} is there, but could not be tried from here (${code})`)
        return { kind: 'accepted' }
      }
    }
    return { kind: 'unknown yet', code }
  } catch (error) {
    if (!(error instanceof VendorError) || !mayPass(error)) throw error
    return { kind: 'no answer', error }
  }
}

/** Returns true when another try may be answered: the vendor gave no answer, or was busy. */
function mayPass({ refused, transient }: VendorError): boolean {
  return !refused || transient
}
