import { EscError } from '../../../errors.ts'
import { backoff } from '../../backoff.ts'
import type { RotatorContext, Settled } from '../../rotator.ts'
import { isPassing, VendorHttpError } from '../../vendor-http.ts'
import type { IssuedPending, IssuedState, Issuer, IssuerSession, Listed, Listing } from './issuer.ts'

export interface Settlement<Credential extends object> {
  // Only what needs no inputs: those have been turned into the session.
  readonly issuer: Omit<Issuer<never, Credential>, 'connect' | 'subject' | 'checkInputs' | 'loginUses'>
  readonly session: IssuerSession<Credential>
  readonly state: IssuedState<Credential> | undefined
  readonly context: RotatorContext
}

type Creating<Credential> = Extract<IssuedPending<Credential>, { phase: 'creating' }>
type Created<Credential> = Extract<IssuedPending<Credential>, { phase: 'created' }>

/**
 * What a request to create may take beyond `creationMs`: its own time-out, and the seconds
 * that dates are rounded to.
 */
const slackMs = 25_000

/**
 * The request to create was sent, or not, and its answer never reached the journal. What it made is
 * of no use to anyone, since the secret is lost: it is found and removed.
 *
 * Ours is what bears the mark of the record. Where the vendor keeps no marks, it is the one
 * credential that was not there before, is not in our state, and was created (by the vendor's
 * clock) in the short time in which we may have sent the request; two such cannot be told apart,
 * then neither is touched, and a person decides.
 */
export async function removeUnsaved<Credential extends object>(
  pending: Creating<Credential>,
  settlement: Settlement<Credential>,
): Promise<Settled<IssuedState<Credential>>> {
  const { issuer, session, context } = settlement
  const { noun, name, timing } = issuer
  const ours = idsOf(settlement)
  const waits = backoff(timing, timing.absenceMs)
  for (;;) {
    const { listed } = await session.list(ours)
    const unsaved = listed.filter((each) => !ours.includes(each.id) && isUnsaved(each, pending, settlement))
    if (unsaved.length > 1 && !issuer.marks) {
      const names = unsaved.map(({ id }) => id).join(' and ')
      throw new EscError(
        'conflict',
        `${name}: one of the ${noun}s ${names} of ${pending.subject} was made by an interrupted rotation, and nothing tells which`,
        { hint: 'its secret is lost: delete it, or all of them and create the others anew, and run again' },
      )
    }
    if (unsaved.length > 0) {
      for (const { id } of unsaved) await removeForGood(id, settlement)
      const [{ id } = { id: '' }] = unsaved
      return undone(name, `${noun} ${id} of ${pending.subject} was created but never received; it was deleted`)
    }
    // The request may still be on its way, or carried out and not listed yet. Once we forget about
    // it nobody would know the credential, so absence is believed only a while after the last
    // moment at which it may have been created.
    const ageMs = context.now().getTime() - new Date(pending.stagedAt).getTime()
    const longAgo = ageMs >= timing.creationMs + slackMs + timing.absenceMs
    if (waits.spentMs === 0 && !longAgo) {
      context.progress(
        `waiting until a ${noun} that an interrupted rotation made for ${pending.subject} would be listed`,
      )
    }
    const wait = longAgo ? undefined : waits.next()
    if (wait === undefined) return undone(name, `no ${noun} of ${pending.subject} was created`)
    await context.sleep(wait)
  }
}

function isUnsaved<Credential extends object>(
  { id, name, createdAt }: Listed,
  { mark, before }: Creating<Credential>,
  { issuer: { marks, timing } }: Settlement<Credential>,
): boolean {
  if (marks) return name?.includes(mark) === true
  if (before === undefined || before.ids.includes(id) || createdAt === undefined) return false
  const afterMs = createdAt.getTime() - new Date(before.at).getTime()
  return afterMs >= -2_000 && afterMs <= timing.creationMs + slackMs
}

/**
 * The credential is in the record, secret and all: it becomes `current` if it works,
 * and goes if it does not.
 */
export async function prove<Credential extends object>(
  pending: Created<Credential>,
  settlement: Settlement<Credential>,
  movedOn: boolean,
): Promise<Settled<IssuedState<Credential>>> {
  const { issuer, state } = settlement
  const id = issuer.idOf(pending.credential)
  // An earlier run committed it and died before it cleared its record, and the state
  // may have moved on since.
  if (state !== undefined && idsOf(settlement).includes(id)) return { kind: 'rotated', state }
  if (movedOn) {
    await removeForGood(id, settlement)
    return undone(issuer.name, `${issuer.noun} ${id} of ${pending.subject} was rotated out since; it was deleted`)
  }
  const refusal = await tryUntilKnown(pending, settlement)
  if (refusal !== undefined) {
    await removeForGood(id, settlement)
    return undone(issuer.name, `${refusal}; it was deleted`)
  }
  const previous = previousOf(pending, settlement)
  return { kind: 'rotated', state: { current: pending.credential, ...(previous !== undefined && { previous }) } }
}

/**
 * As planned; or, when the state was written anew since, its current credential, which is
 * then what consumers hold.
 */
function previousOf<Credential extends object>(
  { basisId, previousId }: Created<Credential>,
  { issuer: { idOf }, state }: Settlement<Credential>,
): Credential | undefined {
  if (state === undefined) return undefined
  if (idOf(state.current) !== basisId) return state.current
  return [state.current, state.previous].find((each) => each !== undefined && idOf(each) === previousId)
}

/** Undefined when it works; else why it never will. Throws when that cannot be told. */
async function tryUntilKnown<Credential extends object>(
  { subject, credential }: Created<Credential>,
  settlement: Settlement<Credential>,
): Promise<string | undefined> {
  const { issuer, session, context } = settlement
  const { timing, noun } = issuer
  const id = issuer.idOf(credential)
  const about = `new ${noun} ${id} of ${subject}`
  const waits = backoff(timing, timing.totalWaitMs)
  for (let successes = 0; ; ) {
    let code: string
    let lost: VendorHttpError | undefined
    try {
      const trial = await session.tryLogin(credential)
      if (trial.kind === 'works') {
        if (++successes >= timing.successes) return undefined
        await context.sleep(timing.successWaitMs)
        continue
      }
      code = trial.code
      if (trial.kind === 'refused') return `${about} was refused (${code})`
      if (trial.kind === 'inconclusive') {
        const { listed } = await session.list([id])
        if (listed.some((each) => each.id === id)) {
          context.warn(`${about} is there, but could not be tried from here (${code})`)
          return undefined
        }
      }
    } catch (error) {
      if (!(error instanceof VendorHttpError) || !isPassing(error)) throw error
      lost = error
      code = error.vendorCode
    }
    successes = 0
    const wait = waits.next()
    if (wait === undefined) {
      if (lost !== undefined) throw lost
      return `${about} was still unknown after ${timing.totalWaitMs / 1000} s (${code})`
    }
    context.progress(`waiting for ${about} to be accepted`)
    await context.sleep(wait)
  }
}

/**
 * Removes, and waits a while until it is no longer listed, so that whoever lists
 * next does not meet a ghost.
 */
async function removeForGood<Credential extends object>(
  id: string,
  { issuer: { timing }, session, context }: Settlement<Credential>,
): Promise<void> {
  await session.remove(id)
  const waits = backoff(timing, timing.absenceMs)
  for (;;) {
    const { listed } = await session.list([id])
    if (!listed.some((each) => each.id === id)) return
    const wait = waits.next()
    if (wait === undefined) return
    await context.sleep(wait)
  }
}

/**
 * What the vendor lists, where a list that lags behind is asked for again: a credential of ours
 * that was made a moment ago and is not listed would otherwise be taken for deleted and forgotten.
 */
export async function listAsItIs<Credential extends object>(
  settlement: Settlement<Credential>,
  subject: string,
): Promise<Listing> {
  const { issuer, session, state, context } = settlement
  const ours = [state?.current, state?.previous].filter((each) => each !== undefined)
  const waits = backoff(issuer.timing, issuer.timing.absenceMs)
  for (;;) {
    const listing = await session.list(idsOf(settlement))
    const youngest = listing.at.getTime() - issuer.timing.absenceMs
    const lagging = ours.some((credential) => {
      const { createdAt } = credential as { readonly createdAt?: string }
      const listed = listing.listed.some(({ id }) => id === issuer.idOf(credential))
      return !listed && new Date(createdAt ?? Number.NaN).getTime() > youngest
    })
    const wait = lagging ? waits.next() : undefined
    if (wait === undefined) return listing
    context.progress(`waiting for the ${issuer.noun}s of ${subject} to be listed as they are`)
    await context.sleep(wait)
  }
}

export function idsOf<Credential extends object>({
  issuer,
  state,
}: Pick<Settlement<Credential>, 'issuer' | 'state'>): string[] {
  return [state?.current, state?.previous].flatMap((each) => (each === undefined ? [] : [issuer.idOf(each)]))
}

function undone<State>(rotator: string, reason: string): Settled<State> {
  return { kind: 'undone', reason: `${rotator}: ${reason}` }
}
