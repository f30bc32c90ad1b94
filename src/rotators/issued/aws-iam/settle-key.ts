import { EscError } from '../../../errors.ts'
import { backoff } from '../../backoff.ts'
import type { RotatorContext, Settled } from '../../rotator.ts'
import { deleteForGood } from './list-keys.ts'
import { AwsError, type IamRemote, isAwsError } from './remote.ts'
import type { AwsIamTiming } from './timing.ts'
import type { AccessKey, AwsIamPending, AwsIamState } from './types.ts'

export interface Settlement {
  readonly userArn: string
  readonly userName: string
  readonly state: AwsIamState | undefined
  /** Whether the history went on without the recorded key. */
  readonly movedOn: boolean
  readonly remote: IamRemote
  /** Talks to AWS as the given key. */
  readonly connectAs: (key: AccessKey) => Promise<IamRemote>
  readonly timing: AwsIamTiming
  readonly context: RotatorContext
}

/** More than a request may take before it times out. */
const requestMs = 60_000

type Creating = Extract<AwsIamPending, { phase: 'creating' }>
type Created = Extract<AwsIamPending, { phase: 'created' }>

/**
 * CreateAccessKey was sent, or not, and its answer never reached the journal. A key it
 * made is of no use to anyone, since the secret is lost, and it fills one of two places:
 * it is found and deleted.
 *
 * Ours is the one key that was not there before, is not in our state, was created (by the clock
 * of AWS) in the short time in which we may have sent the request, and was never used.
 * Everything else is foreign and stays. Two such keys cannot be told apart: then neither is
 * touched, and a person decides.
 */
export async function removeUnsavedKey(pending: Creating, settlement: Settlement): Promise<Settled<AwsIamState>> {
  const { remote, userName, state, timing, context } = settlement
  const ours = new Set([state?.current.accessKeyId, state?.previous?.accessKeyId])
  const listedAt = new Date(pending.listedAt).getTime()
  // Creation dates are whole seconds.
  const earliest = listedAt - 2_000
  const latest = listedAt + timing.creationMs + requestMs
  let waited = 0
  for (;;) {
    const { keys } = await remote.listAccessKeys(userName)
    const unseen = keys.filter(({ accessKeyId, createdAt }) => {
      const created = createdAt.getTime()
      return !pending.seen.includes(accessKeyId) && !ours.has(accessKeyId) && created >= earliest && created <= latest
    })
    const unused: string[] = []
    for (const { accessKeyId } of unseen) {
      if ((await remote.wasEverUsed(accessKeyId)) !== true) unused.push(accessKeyId)
    }
    if (unused.length > 1) {
      throw new EscError(
        'conflict',
        `aws-iam: one of ${unused.join(' and ')} of user ${userName} was made by an interrupted rotation, and nothing tells which`,
        {
          hint: 'its secret is lost: delete both at IAM, create the other one anew, and run again',
        },
      )
    }
    if (unused.length === 1) {
      await deleteForGood(userName, unused[0]!, settlement)
      return undone(
        `access key ${unused[0]} of user ${userName} was created but its secret was never received; it was deleted`,
      )
    }
    // The request may still be on its way, or carried out and not listed yet. Once we forget about
    // it nobody would know the key, so absence is believed only after a while: counted from now, or
    // from the last moment at which a request that was refused and repeated can have been sent.
    const lastSent = new Date(pending.stagedAt).getTime() + timing.creationMs + requestMs
    const age = Math.max(waited, context.now().getTime() - lastSent)
    if (age >= timing.absenceMs) return undone(`no access key of user ${userName} was created`)
    if (waited === 0)
      context.progress(`waiting until IAM would list a key that an interrupted rotation made for ${userName}`)
    const wait = Math.min(timing.firstWaitMs, timing.absenceMs - age)
    await context.sleep(wait)
    waited += wait
  }
}

/**
 * The key and its secret are in the record: it becomes `current` if it works,
 * and goes if it does not.
 */
export async function proveKey(pending: Created, settlement: Settlement): Promise<Settled<AwsIamState>> {
  const { key, retireId } = pending
  const { remote, userName, state } = settlement
  // An earlier run committed it and died before it cleared its record, and the state
  // may have moved on since.
  if (state !== undefined && [state.current, state.previous].some((each) => each?.accessKeyId === key.accessKeyId)) {
    return { kind: 'rotated', state }
  }
  if (settlement.movedOn) {
    await deleteForGood(userName, key.accessKeyId, settlement)
    return undone(`access key ${key.accessKeyId} of user ${userName} was rotated out since; it was deleted`)
  }
  const refusal = await tryKey(pending, settlement)
  if (refusal !== undefined) {
    const { keys } = await remote.listAccessKeys(userName)
    const listed = keys.some(({ accessKeyId }) => accessKeyId === key.accessKeyId)
    // Not listed may mean not listed yet.
    await deleteForGood(userName, key.accessKeyId, settlement)
    return undone(`${refusal}; ${listed ? 'it was deleted' : 'IAM no longer lists it'}`)
  }
  if (retireId !== undefined && (await mayRetire(retireId, settlement))) {
    await remote.deleteAccessKey(userName, retireId)
  }
  const previous = previousKey(pending, state)
  return { kind: 'rotated', state: { current: key, ...(previous !== undefined && { previous }) } }
}

/**
 * The state may have been written anew since the plan. What it calls `current` goes
 * only while IAM refuses it.
 */
async function mayRetire(retireId: string, { remote, userName, state }: Settlement): Promise<boolean> {
  if (retireId !== state?.current.accessKeyId) return true
  const { keys } = await remote.listAccessKeys(userName)
  return keys.some(({ accessKeyId, active }) => accessKeyId === retireId && !active)
}

/**
 * As planned; or, when the state was written anew since, its current key, which is
 * then what consumers hold.
 */
function previousKey({ previousId }: Created, state: AwsIamState | undefined): AccessKey | undefined {
  if (previousId === undefined || state === undefined) return undefined
  const planned = [state.current, state.previous].find((key) => key?.accessKeyId === previousId)
  const { createDate, createdAt = createDate, ...key } = planned ?? state.current
  return { ...key, ...(createdAt !== undefined && { createdAt }) }
}

/** Undefined when the key works; else why it never will. Throws when that cannot be told. */
async function tryKey({ key }: Created, settlement: Settlement): Promise<string | undefined> {
  const { userArn, userName, timing, context } = settlement
  const about = `new access key ${key.accessKeyId} of user ${userName}`
  const waits = backoff(timing, timing.totalWaitMs)
  const asKey = await settlement.connectAs(key)
  try {
    for (let successes = 0; successes < timing.successes; ) {
      let wait: number | undefined = timing.successWaitMs
      try {
        const { arn } = await asKey.getCallerIdentity()
        if (arn !== userArn) return `${about} logs in as ${arn}, not as \`userArn\` ${userArn}`
        successes++
        if (successes === timing.successes) break
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        if (isAwsError(error, 'SignatureDoesNotMatch')) return `${about} was refused (SignatureDoesNotMatch)`
        const unknownYet = isAwsError(error, 'InvalidClientTokenId', 'InvalidAccessKeyId')
        if (error.refused && !unknownYet && !isAwsError(error, 'Throttling', 'ThrottlingException')) throw error
        successes = 0
        wait = waits.next()
        if (wait === undefined) {
          if (!unknownYet) throw error
          return `${about} was still unknown after ${timing.totalWaitMs / 1000} s (${error.awsCode})`
        }
        context.progress(`waiting for ${about} to be accepted`)
      }
      await context.sleep(wait)
    }
    return undefined
  } finally {
    asKey.close()
  }
}

function undone(reason: string): Settled<AwsIamState> {
  return { kind: 'undone', reason: `aws-iam: ${reason}` }
}
