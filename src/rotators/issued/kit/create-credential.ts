import { EscError, hintOf } from '../../../errors.ts'
import type { Text } from '../../../rich-text.ts'
import type { RotatorContext } from '../../rotator.ts'
import { VendorError } from '../../vendor-error.ts'
import type { Issuer, IssuerSession } from './issuer.ts'
import { wordsOf } from './words.ts'

/** Thrown when the vendor said that it created nothing. */
export class CreationRefused extends Error {
  override readonly name = 'CreationRefused'
  readonly hint: Text | undefined
  /** True when nobody was asked, because the rotation was to end. */
  readonly interrupted: boolean

  constructor(
    message: string,
    {
      hint,
      cause,
      interrupted = false,
    }: { readonly hint?: Text | undefined; readonly cause?: unknown; readonly interrupted?: boolean } = {},
  ) {
    super(message, { cause })
    this.hint = hint
    this.interrupted = interrupted
  }
}

export interface Creation<Credential> {
  readonly subject: string
  /** The superseded credential that goes where the vendor has no room. */
  readonly makeRoomId: string | undefined
  readonly mark: string
  /** From then on, by our clock, what was made is looked for after a lost answer. */
  readonly sinceMs: number
  readonly session: IssuerSession<Credential>
  readonly context: RotatorContext
}

export interface CreatedCredential<Credential> {
  readonly credential: Credential
  /** True when the superseded credential had to go first. */
  readonly madeRoom: boolean
}

type Creator = Pick<Issuer<never, never>, 'name' | 'noun' | 'limit' | 'words' | 'timing'>

/**
 * Creates first, and removes the superseded credential only when the vendor answers that there is
 * no room: a login that may not create costs nobody theirs.
 *
 * Throws `CreationRefused` when it is certain that nothing was made;
 * anything else leaves that open.
 */
export async function createCredential<Credential extends object>(
  issuer: Creator,
  { subject, makeRoomId, mark, sinceMs, session, context }: Creation<Credential>,
): Promise<CreatedCredential<Credential>> {
  const { limit, timing } = issuer
  const deadline = sinceMs + timing.creationMs
  let madeRoom = false
  for (let tries = 1; ; tries++) {
    // A credential of the user's own may not be created once the interrupt has been seen.
    requireNoInterrupt(context)
    requireInTime(context, { deadline, sinceMs, removedId: madeRoom ? makeRoomId : undefined, noun: issuer.noun })
    try {
      return { credential: await session.create(mark), madeRoom }
    } catch (error) {
      if (!(error instanceof VendorError) || !error.refused) throw error
      const waitMs = timing.firstWaitMs * tries
      const again = tries < 5 && context.now().getTime() + waitMs < deadline
      const full = limit?.met(error) === true
      if (again && full && makeRoomId !== undefined) {
        requireNoInterrupt(context)
        // The room made by a deletion shows a moment later, so the limit may be met again.
        if (madeRoom) await refusedUnless(() => context.sleep(timing.firstWaitMs))
        else await refusedUnless(() => session.remove(makeRoomId))
        madeRoom = true
      } else if (again && !full && isPassingRefusal(error)) {
        await refusedUnless(() => context.sleep(waitMs))
      } else {
        const removedId = madeRoom ? makeRoomId : undefined
        const { message, hint } = wordsOf(issuer).refusal({ error, subject, removedId })
        throw new CreationRefused(message, { hint, cause: error })
      }
    }
  }
}

/**
 * A refusal that passes by itself. Nothing was created, so the request may be sent again. Besides
 * too many requests: another change in progress, and one that came too early.
 */
function isPassingRefusal(error: VendorError): boolean {
  const { status } = error as { readonly status?: number }
  return error.transient || status === 409 || status === 425
}

function requireNoInterrupt(context: RotatorContext): void {
  if (context.signal.aborted) throw new CreationRefused('interrupted', { interrupted: true })
}

/**
 * A machine that slept goes on in the middle of a rotation. Another may have looked for what this
 * one makes, and has given up: nobody would know a credential that is made now.
 */
function requireInTime(
  context: RotatorContext,
  { deadline, sinceMs, removedId, noun }: Readonly<Record<'deadline' | 'sinceMs', number>> & Removed,
): void {
  const nowMs = context.now().getTime()
  if (nowMs < deadline) return
  const late = `${Math.round((nowMs - sinceMs) / 1000)} s have passed since the rotation began, so no ${noun} was created`
  const removed = removedId === undefined ? '' : `; ${noun} ${removedId} was deleted to make room`
  throw new CreationRefused(late + removed, { hint: 'rotate again' })
}

interface Removed {
  readonly removedId: string | undefined
  readonly noun: string
}

/** Whatever becomes of the step, the last request to create was refused. */
async function refusedUnless(step: () => Promise<unknown>): Promise<void> {
  try {
    await step()
  } catch (error) {
    const { code, message } = error as EscError
    const hint = hintOf(error)
    const interrupted = code === 'interrupted'
    throw new CreationRefused(interrupted ? code : message, { hint, cause: error, interrupted })
  }
}

/** The error that the user sees for a refusal. */
export function refusalError({ message, hint, interrupted }: CreationRefused): EscError {
  if (interrupted) return new EscError('interrupted', message, { hint: 'run the same command again' })
  return new EscError('provider_failed', message, hint === undefined ? {} : { hint })
}
