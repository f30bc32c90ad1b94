import { EscError } from '../../../errors.ts'
import { backoff } from '../../backoff.ts'
import type { Reconciled } from '../../rotator.ts'
import { undone } from '../../undone.ts'
import type { IssuedState } from './issuer.ts'
import type { Listed } from './listing.ts'
import { type CreatingRecord, idsOf, type Reconciliation, removeForGood } from './reconciliation.ts'
import { wordsOf } from './words.ts'

/**
 * The request to create was sent, or not, and its answer never reached the journal. What it made is
 * of no use to anyone, since the secret is lost, and it may fill a place: it is found and removed.
 *
 * Ours is what bears the mark of the record. Where the vendor keeps no marks, it is the one
 * credential that was not there before, is not in our state, was created (by the vendor's
 * clock) in the short time in which we may have sent the request, and was never used, where the
 * vendor tells; two such cannot be told apart, then neither is touched, and a person decides.
 */
export async function removeUnsaved<Credential extends object>(
  pending: CreatingRecord,
  reconciliation: Reconciliation<Credential>,
): Promise<Reconciled<IssuedState<Credential>>> {
  const { issuer, context } = reconciliation
  const { noun, name, timing } = issuer
  const words = wordsOf(issuer)
  const waits = backoff(timing, timing.absenceMs)
  for (;;) {
    const unsaved = await listUnsaved(pending, reconciliation)
    if (unsaved.length > 1 && !issuer.marks) {
      throw new EscError(
        'conflict',
        `${name}: one of ${words.severalOf(unsaved, pending.subject)} was made by an interrupted rotation, and nothing tells which`,
        { hint: words.unclear },
      )
    }
    if (unsaved.length > 0) {
      for (const id of unsaved) await removeForGood(id, reconciliation)
      return undone(name, `${noun} ${unsaved[0]} of ${pending.subject} ${words.unreceived}; it was deleted`)
    }
    // The request may still be on its way, or carried out and not listed yet. Once we forget about
    // it nobody would know the credential, so absence is believed only a while after the last
    // moment at which it may have been created.
    const ageMs = context.now().getTime() - new Date(pending.stagedAt).getTime()
    const longAgo = ageMs >= timing.creationMs + timing.requestMs + timing.absenceMs
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

/** The ids of what is listed and may be ours. */
async function listUnsaved<Credential extends object>(
  pending: CreatingRecord,
  reconciliation: Reconciliation<Credential>,
): Promise<readonly string[]> {
  const { session } = reconciliation
  const ours = idsOf(reconciliation)
  const { listed } = await session.list(ours)
  const unsaved: string[] = []
  for (const each of listed) {
    if (ours.includes(each.id) || !isUnsaved(each, pending, reconciliation)) continue
    // Nobody else can have used what only the lost answer told.
    if ((await session.wasEverUsed?.(each.id)) !== true) unsaved.push(each.id)
  }
  return unsaved
}

function isUnsaved<Credential extends object>(
  { id, name, createdAt }: Listed,
  { mark, before }: CreatingRecord,
  { issuer: { marks, timing } }: Reconciliation<Credential>,
): boolean {
  if (marks) return name?.includes(mark) === true
  if (before === undefined || before.ids.includes(id) || createdAt === undefined) return false
  const afterMs = createdAt.getTime() - new Date(before.at).getTime()
  // Dates of creation are whole seconds.
  return afterMs >= -2_000 && afterMs <= timing.creationMs + timing.requestMs
}
