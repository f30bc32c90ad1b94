import { EscError } from '../../../errors.ts'
import type { PlanStep } from '../../rotator.ts'
import type { ListedKey } from './remote.ts'
import type { AwsIamState } from './types.ts'

/** IAM refuses a third key, inactive ones included. */
export const keysPerUser = 2

export interface KeyDecision {
  readonly steps: readonly PlanStep[]
  /** Which key of our state becomes `previous`. */
  readonly previousId?: string
  /** Which key of our state must make room. */
  readonly retireId?: string
  readonly warnings: readonly string[]
}

/** What the table needs to know of a key that IAM lists. */
export type KeyStatus = Pick<ListedKey, 'accessKeyId' | 'active'>

/**
 * Decides what to do, given the keys that IAM lists and those of our state (C current, P
 * previous; U is any other).
 *
 * - U is never touched: where only deleting it would make room, the rotation fails
 *   here, before any change.
 * - An inactive key is never taken for the live one. Where C is inactive and P is active, somebody
 *   went back to P: then C makes room, and P stays.
 *
 * @throws EscError `rotation_failed` when there is no room that we may make.
 */
export function decideKeys(
  userName: string,
  listed: readonly KeyStatus[],
  state: AwsIamState | undefined,
): KeyDecision {
  const currentId = state?.current.accessKeyId
  const formerId = state?.previous?.accessKeyId
  const current = listed.find(({ accessKeyId }) => accessKeyId === currentId)
  const former = listed.find(({ accessKeyId }) => accessKeyId === formerId && accessKeyId !== currentId)
  const foreign = listed.filter((key) => key !== current && key !== former)
  const full = listed.length >= keysPerUser
  const of = `of user ${userName}`

  if (full && former === undefined) throw noRoom(userName, listed.length, foreign, current)

  const wentBack = current?.active === false && former?.active === true
  const [kept, superseded] = wentBack ? [former, current] : [current, former]
  const retired = full ? superseded : undefined
  // With C gone, P is kept only where there is room for it.
  const previous = kept ?? (full ? undefined : former)

  const warnings: string[] = []
  if (currentId !== undefined && current === undefined) {
    warnings.push(`access key ${currentId} ${of} is \`current\` here, but IAM no longer has it`)
  } else if (current?.active === false) {
    const stays = wentBack ? `: ${former.accessKeyId}, which is active, stays \`previous\`` : ''
    warnings.push(`access key ${currentId} ${of} is \`current\` here, but inactive at IAM${stays}`)
  }
  if (current === undefined && former !== undefined) {
    const only = former.active ? 'the only live one managed here' : 'inactive at IAM'
    warnings.push(
      full
        ? `access key ${former.accessKeyId} ${of} is ${only}, and makes room for the new one`
        : `access key ${former.accessKeyId} ${of} stays \`previous\`${former.active ? `, as ${only}` : `, but is ${only}`}`,
    )
  }
  if (!full && foreign.length > 0) {
    warnings.push(
      `access key ${foreign[0]!.accessKeyId} ${of} is not managed here and fills one of two places: the next rotation will meet the limit`,
    )
  }

  const place = (key: KeyStatus) => (key === current ? 'current' : 'previous')
  const idle = (key: KeyStatus) => (key.active ? '' : ', inactive')
  const steps: PlanStep[] = []
  if (retired !== undefined) {
    steps.push({
      action: 'delete',
      what: `access key ${retired.accessKeyId} ${of} (${place(retired)}${idle(retired)})`,
    })
  }
  steps.push({ action: 'create', what: `access key ${of}` })
  if (previous !== undefined) {
    const becomes = previous === current ? ', becomes previous' : ''
    steps.push({
      action: 'keep',
      what: `access key ${previous.accessKeyId} ${of} (${place(previous)}${idle(previous)}${becomes})`,
    })
  }
  for (const key of foreign) {
    steps.push({ action: 'keep', what: `access key ${key.accessKeyId} ${of} (not managed here${idle(key)})` })
  }
  return {
    steps,
    warnings,
    ...(previous !== undefined && { previousId: previous.accessKeyId }),
    ...(retired !== undefined && { retireId: retired.accessKeyId }),
  }
}

function noRoom(
  userName: string,
  count: number,
  foreign: readonly KeyStatus[],
  current: KeyStatus | undefined,
): EscError {
  const names = foreign.map(({ accessKeyId, active }) => `${accessKeyId}${active ? '' : ' (inactive)'}`).join(' and ')
  const are = foreign.length > 1 ? 'are' : 'is'
  // A key that is inactive cannot be adopted: it must log in.
  const unwanted = foreign.find(({ active }) => !active)?.accessKeyId ?? foreign[0]!.accessKeyId
  const wanted = foreign.find(({ active }) => active)?.accessKeyId
  const adopt =
    wanted === undefined
      ? ''
      : `; or take ${wanted} in: esc env rotate ENV PATH --adopt FILE, where FILE holds {"accessKeyId": "${wanted}", "secretAccessKey": "…"}`
  const idle = current?.active === false ? ` (\`current\`, ${current.accessKeyId}, is inactive: it may go instead)` : ''
  return new EscError(
    'rotation_failed',
    `aws-iam: user ${userName} has ${count} access keys already, and ${names} ${are} not managed here`,
    { hint: `delete ${unwanted} at IAM if nothing uses it${idle}${adopt}` },
  )
}
