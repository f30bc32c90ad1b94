import { EscError } from '../../../errors.ts'
import type { RotatorContext } from '../../rotator.ts'
import { VendorHttpError } from '../../vendor-http.ts'
import type { IssuedPlan, Issuer, IssuerSession } from './issuer.ts'

/** Thrown when the vendor said that it created nothing. */
export class CreationRefused extends Error {
  override readonly name = 'CreationRefused'
}

export interface Creation<Credential> {
  readonly plan: IssuedPlan
  readonly mark: string
  readonly session: IssuerSession<Credential>
  readonly context: RotatorContext
}

/** Refusals that pass by themselves. Nothing was created, so the request may be sent again. */
const passing = [409, 425, 429]

/**
 * Creates first, and removes the superseded credential only when the vendor answers that there is
 * no room: a login that may not create costs nobody theirs.
 *
 * Throws `CreationRefused` when it is certain that nothing was made;
 * anything else leaves that open.
 */
export async function createCredential<Credential extends object>(
  { limit, timing }: Pick<Issuer<never, Credential>, 'limit' | 'timing'>,
  { plan: { makeRoomId }, mark, session, context }: Creation<Credential>,
): Promise<Credential> {
  const deadline = context.now().getTime() + timing.creationMs
  let madeRoom = false
  for (let tries = 1; ; tries++) {
    // A credential of the user's own may not be created once the interrupt has been seen.
    if (context.signal.aborted) throw new CreationRefused('interrupted')
    try {
      return await session.create(mark)
    } catch (error) {
      if (!(error instanceof VendorHttpError) || !error.refused) throw error
      const again = tries < 5 && context.now().getTime() < deadline
      if (again && makeRoomId !== undefined && limit?.met(error)) {
        // The room made by a deletion shows a moment later, so the limit may be met again.
        if (madeRoom) await refusedUnless(() => context.sleep(timing.firstWaitMs))
        else await refusedUnless(() => session.remove(makeRoomId))
        madeRoom = true
      } else if (again && !limit?.met(error) && passing.includes(error.status ?? 0)) {
        await refusedUnless(() => context.sleep(timing.firstWaitMs * tries))
      } else {
        const gone = madeRoom ? `; the previous one, ${makeRoomId}, is deleted` : ''
        throw new CreationRefused(error.message + gone, { cause: error })
      }
    }
  }
}

/** Whatever becomes of the step, the last request to create was refused. */
async function refusedUnless(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    throw new CreationRefused((error as Error).message, { cause: error })
  }
}

/** What the user sees of a refusal. */
export function refusalError(refusal: CreationRefused): EscError {
  const { message, cause } = refusal
  if (message === 'interrupted') return new EscError('interrupted', message, { hint: 'run the same command again' })
  const hint = cause instanceof EscError ? cause.hint : undefined
  return new EscError('provider_failed', message, hint === undefined ? {} : { hint })
}
