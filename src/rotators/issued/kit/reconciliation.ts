import { backoff } from '../../backoff.ts'
import type { RotatorContext } from '../../rotator.ts'
import type { IssuedPending, IssuedState, Issuer, IssuerSession } from './issuer.ts'
import { type TimedListing, timed } from './listing.ts'

/** Everything needed to put the credentials of one subject in order. */
export interface Reconciliation<Credential extends object> {
  // Only what needs no inputs: those have been turned into the session.
  readonly issuer: Omit<Issuer<never, Credential>, 'connect' | 'subject' | 'checkInputs' | 'loginUses'>
  readonly session: IssuerSession<Credential>
  readonly state: IssuedState<Credential> | undefined
  readonly context: RotatorContext
}

export type CreatingRecord = Extract<IssuedPending<never>, { phase: 'creating' }>
export type CreatedRecord<Credential> = Extract<IssuedPending<Credential>, { phase: 'created' }>

/** The ids of the state's credentials. */
export function idsOf<Credential extends object>({
  issuer,
  state,
}: Pick<Reconciliation<Credential>, 'issuer' | 'state'>): string[] {
  return [state?.current, state?.previous].flatMap((each) => (each === undefined ? [] : [issuer.idOf(each)]))
}

/**
 * Returns the vendor's list, where a list that lags behind is asked for again: a credential of ours
 * that was made a moment ago and is not listed would otherwise be taken for deleted and forgotten,
 * and one that was just deleted, and is one more than there can be, for a foreign one.
 */
export async function listAsItIs<Credential extends object>(
  reconciliation: Reconciliation<Credential>,
  subject: string,
): Promise<TimedListing> {
  const { issuer, session, state, context } = reconciliation
  const { timing, limit } = issuer
  const ours = [state?.current, state?.previous].filter((each) => each !== undefined)
  const waits = backoff(timing, timing.absenceMs)
  for (;;) {
    const listing = await timed(
      () => context.now(),
      () => session.list(idsOf(reconciliation)),
    )
    const youngest = listing.at.getTime() - timing.absenceMs
    const missing = ours.some((credential) => {
      const { createdAt } = credential as { readonly createdAt?: string }
      const listed = listing.listed.some(({ id }) => id === issuer.idOf(credential))
      return !listed && new Date(createdAt ?? Number.NaN).getTime() > youngest
    })
    const tooMany = limit !== undefined && listing.listed.length > limit.count
    const wait = missing || tooMany ? waits.next() : undefined
    if (wait === undefined) return listing
    context.progress(`waiting for the ${issuer.noun}s of ${subject} to be listed as they are`)
    await context.sleep(wait)
  }
}

/**
 * Removes, and waits a while until it is no longer listed, so that whoever lists
 * next does not meet a ghost. Returns whether it was there.
 */
export async function removeForGood<Credential extends object>(
  id: string,
  { issuer: { timing }, session, context }: Reconciliation<Credential>,
): Promise<boolean> {
  const wasThere = (await session.remove(id)) !== 'absent'
  const waits = backoff(timing, timing.absenceMs)
  for (;;) {
    const { listed } = await session.list([id])
    if (!listed.some((each) => each.id === id)) return wasThere
    const wait = waits.next()
    if (wait === undefined) return wasThere
    await context.sleep(wait)
  }
}
