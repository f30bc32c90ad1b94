import { EscError } from '../../../errors.ts'
import type { RotatorContext } from '../../rotator.ts'
import { AwsError, type IamRemote, isAwsError } from './remote.ts'
import type { AwsIamTiming } from './timing.ts'
import type { AccessKey, AwsIamPlan } from './types.ts'

/** Thrown when AWS said that it created nothing. */
export class CreationRefused extends Error {
  override readonly name = 'CreationRefused'
}

export interface CreatedKey {
  readonly key: AccessKey
  /** Whether the superseded key had to go first. */
  readonly retired: boolean
}

/**
 * Creates first and deletes the superseded key only when IAM answers that there is no room:
 * permission is checked before the limit, so a login that may not create keys costs nobody theirs.
 *
 * Throws `CreationRefused` when it is certain that no key was made; anything else leaves that open.
 */
export async function createKey(
  { userName, retireId }: AwsIamPlan,
  remote: IamRemote,
  timing: AwsIamTiming,
  context: RotatorContext,
): Promise<CreatedKey> {
  const deadline = context.now().getTime() + timing.creationMs
  let retired = false
  for (let tries = 1; ; tries++) {
    try {
      return { key: await remote.createAccessKey(userName), retired }
    } catch (error) {
      if (!(error instanceof AwsError) || !error.refused) throw error
      const again = tries < 5 && context.now().getTime() < deadline
      if (isAwsError(error, 'Throttling', 'ThrottlingException', 'TooManyRequests') && again) {
        await pause(timing, context)
      } else if (isAwsError(error, 'LimitExceeded') && retireId !== undefined && again) {
        // The room made by a deletion shows a moment later, so the limit may be met again.
        if (retired) await pause(timing, context)
        else await refusedUnless(() => remote.deleteAccessKey(userName, retireId), context)
        retired = true
      } else {
        throw new CreationRefused(explain(error, userName, retired ? retireId : undefined), { cause: error })
      }
    }
    // A key of the user's own may not be created once the interrupt has been seen.
    if (context.signal.aborted) throw new CreationRefused('interrupted')
  }
}

async function pause({ firstWaitMs }: AwsIamTiming, context: RotatorContext): Promise<void> {
  try {
    await context.sleep(firstWaitMs)
  } catch {
    throw new CreationRefused('interrupted')
  }
}

async function refusedUnless(deletion: () => Promise<void>, context: RotatorContext): Promise<void> {
  if (context.signal.aborted) throw new CreationRefused('interrupted')
  try {
    await deletion()
  } catch (error) {
    // Whatever became of the deletion, the last CreateAccessKey was refused.
    throw new CreationRefused((error as Error).message, { cause: error })
  }
}

function explain(error: AwsError, userName: string, retiredId: string | undefined): string {
  const gone = retiredId === undefined ? '' : `; previous access key ${retiredId} is deleted`
  if (error.awsCode !== 'LimitExceeded') return error.message + gone
  return `aws-iam: user ${userName} already has two access keys (LimitExceeded)${gone}`
}

/** What the user sees of a refusal. */
export function refusalError(refusal: CreationRefused): EscError {
  if (refusal.message === 'interrupted')
    return new EscError('interrupted', 'interrupted', { hint: 'run the same command again' })
  const cause = refusal.cause
  const hint = isAwsError(cause, 'LimitExceeded')
    ? 'another key was created in the meantime: delete the one that is not managed here, and run again'
    : cause instanceof EscError
      ? cause.hint
      : undefined
  return new EscError('provider_failed', refusal.message, hint === undefined ? {} : { hint })
}
