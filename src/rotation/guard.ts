import { EscError } from '../errors.ts'
import { lastRotations, type RotationEvent } from './event.ts'
import type { SelectedCall } from './selection.ts'

export interface Guard {
  /** How long a credential must have been `previous` before a rotation may end it, in milliseconds; 0: no guard. */
  readonly windowMs: number
  /** Asks whether to go on all the same; undefined: nobody is there to answer. */
  readonly confirm?: (question: string) => Promise<boolean | undefined>
}

/** Refused because it was rotated a moment ago. */
export class HasteError extends EscError {
  /** When the guard no longer minds. */
  readonly until: Date

  constructor(message: string, { hint, until }: { readonly hint: string; readonly until: Date }) {
    super('conflict', message, { hint })
    this.until = until
  }
}

/**
 * Rotating twice in a row ends the credential that consumers had until a moment ago. A first rotation ends nothing, nor
 * does the second; from then on each ends what the one before it made `previous`.
 *
 * @throws HasteError (`conflict`) when the user says no, or nobody is there to ask.
 */
export async function guardAgainstHaste(
  calls: readonly SelectedCall[],
  events: readonly RotationEvent[],
  guard: Guard,
  now: Date,
): Promise<void> {
  if (guard.windowMs === 0) return
  const last = lastRotations(events)
  const hasty = calls.filter(({ shown, begin, leftover }) => {
    const rotation = begin && !leftover?.pending ? last.get(shown) : undefined
    return rotation?.again && now.getTime() - rotation.at.getTime() < guard.windowMs
  })
  if (hasty.length === 0) return
  const newest = Math.max(...hasty.map(({ shown }) => last.get(shown)?.at.getTime() ?? 0))
  const paths = hasty.map(({ shown }) => shown).join(', ')
  const elapsedMs = now.getTime() - newest
  const when =
    elapsedMs < 0
      ? `at ${new Date(newest).toISOString()}, which the clock of this machine has yet to reach`
      : `${age(elapsedMs)} ago`
  const [were, credential] = hasty.length === 1 ? ['was', 'credential'] : ['were', 'credentials']
  const what = `${paths} ${were} rotated ${when}; rotating again now ends the ${credential} before that, which may still be in use`
  const answer = await guard.confirm?.(`${what}. Rotate all the same?`)
  if (answer) return
  throw new HasteError(what, {
    until: new Date(newest + guard.windowMs),
    hint:
      answer === undefined
        ? `${elapsedMs < 0 ? 'set the clock right' : `wait ${age(guard.windowMs - elapsedMs)}`}, retry just what failed with --failed, or pass --force`
        : 'nothing was rotated',
  })
}

function age(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
