import type { RotatorContext } from '../../rotator.ts'
import { keysPerUser } from './key-table.ts'
import type { IamRemote, ListedKey } from './remote.ts'
import type { AwsIamTiming } from './timing.ts'
import type { AwsIamState } from './types.ts'

export interface Patience {
  readonly remote: IamRemote
  readonly timing: AwsIamTiming
  readonly context: RotatorContext
}

/**
 * The user's keys, where a list that lags behind is asked for again: a key of ours that was made a
 * moment ago and is not listed would otherwise be taken for deleted and forgotten, and one that was
 * just deleted for a foreign one.
 */
export async function listCurrentKeys(
  userName: string,
  state: AwsIamState | undefined,
  { remote, timing, context }: Patience,
): Promise<{ readonly keys: readonly ListedKey[]; readonly at: Date }> {
  for (let waited = 0; ; waited += timing.firstWaitMs) {
    const answer = await remote.listAccessKeys(userName)
    const youngest = answer.at.getTime() - timing.absenceMs
    const missing = [state?.current, state?.previous].some((key) => {
      const createdAt = new Date(key?.createdAt ?? Number.NaN).getTime()
      return createdAt > youngest && !answer.keys.some(({ accessKeyId }) => accessKeyId === key?.accessKeyId)
    })
    if ((!missing && answer.keys.length <= keysPerUser) || waited >= timing.absenceMs) return answer
    context.progress(`waiting for IAM to list the access keys of user ${userName} as they are`)
    await context.sleep(timing.firstWaitMs)
  }
}

/**
 * Deletes, and waits a while until the key is no longer listed, so that whoever lists
 * next does not meet a ghost.
 */
export async function deleteForGood(
  userName: string,
  id: string,
  { remote, timing, context }: Patience,
): Promise<void> {
  await remote.deleteAccessKey(userName, id)
  for (let waited = 0; waited < timing.absenceMs; waited += timing.firstWaitMs) {
    const { keys } = await remote.listAccessKeys(userName)
    if (!keys.some(({ accessKeyId }) => accessKeyId === id)) return
    await context.sleep(timing.firstWaitMs)
  }
}
