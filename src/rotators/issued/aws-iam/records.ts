import type { IssuedPending } from '../kit/index.ts'
import type { AccessKey, AwsIamPending, AwsIamState } from './types.ts'

/** A record of the kit as the journal holds it: by the user's ARN. */
export function toRecord(pending: IssuedPending<AccessKey>, userArn: string): AwsIamPending {
  if (pending.phase === 'refused') return { phase: 'refused', userArn, reason: pending.reason }
  if (pending.phase === 'creating') {
    const { ids = [], at = pending.stagedAt } = pending.before ?? {}
    return { phase: 'creating', userArn, seen: ids, listedAt: at, stagedAt: pending.stagedAt }
  }
  const { credential, previousId, retireId } = pending
  return {
    phase: 'created',
    userArn,
    key: credential,
    ...(previousId !== undefined && { previousId }),
    ...(retireId !== undefined && { retireId }),
  }
}

/** The same, read again. `subject`: the user's name, for messages. */
export function fromRecord(
  record: AwsIamPending,
  subject: string,
  state: AwsIamState | undefined,
): IssuedPending<AccessKey> {
  if (record.phase === 'refused') return { phase: 'refused', subject, reason: record.reason }
  if (record.phase === 'creating') {
    const { seen, listedAt, stagedAt } = record
    return { phase: 'creating', subject, mark: '', stagedAt, before: { ids: seen, at: listedAt } }
  }
  const { key, previousId, retireId } = record
  return {
    phase: 'created',
    subject,
    credential: key,
    ...(holds(state, previousId) && { basisId: state.current.accessKeyId }),
    ...(previousId !== undefined && { previousId }),
    ...(retireId !== undefined && { retireId }),
  }
}

/**
 * The record does not say which state was rotated: it is taken to be this one, unless the key that
 * was to become `previous` is not among its keys.
 */
function holds(state: AwsIamState | undefined, previousId: string | undefined): state is AwsIamState {
  if (state === undefined) return false
  const ids = [state.current.accessKeyId, state.previous?.accessKeyId]
  return previousId === undefined || ids.includes(previousId)
}
