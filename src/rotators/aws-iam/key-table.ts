import { EscError } from '../../errors.ts'
import type { PlanStep } from '../rotator.ts'
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

/**
 * What to do given the keys IAM lists and those of our state (C current, P previous; U is any other). U is never
 * touched: where only deleting it would make room, the rotation fails here, before any change.
 */
export function decideKeys(userName: string, listed: readonly string[], state: AwsIamState | undefined): KeyDecision {
  const currentId = state?.current.accessKeyId
  const formerId = state?.previous?.accessKeyId
  const current = listed.find((id) => id === currentId)
  const former = listed.find((id) => id === formerId && id !== currentId)
  const foreign = listed.filter((id) => id !== current && id !== former)
  const full = listed.length >= keysPerUser
  const of = `of user ${userName}`

  if (full && former === undefined) {
    const names = foreign.join(' and ')
    throw new EscError(
      'rotation_failed',
      `aws-iam: user ${userName} has ${listed.length} access keys already, and ${names} ${foreign.length > 1 ? 'are' : 'is'} not managed here`,
      {
        hint: `delete ${foreign[0]} at IAM if nothing uses it, or put it with its secret into the rotator's \`state\``,
      },
    )
  }

  const warnings: string[] = []
  if (currentId !== undefined && current === undefined) {
    warnings.push(`access key ${currentId} ${of} is \`current\` here, but IAM no longer has it`)
  }
  const retireId = full ? former : undefined
  // With C gone, P is kept only where there is room for it; it is then the one live key that consumers may hold.
  const previousId = current ?? (full ? undefined : former)
  if (current === undefined && former !== undefined) {
    warnings.push(
      full
        ? `access key ${former} ${of} is the only live one managed here, and makes room for the new one`
        : `access key ${former} ${of} stays \`previous\`, as the only live one managed here`,
    )
  }
  if (!full && foreign.length > 0) {
    warnings.push(
      `access key ${foreign[0]} ${of} is not managed here and fills one of two places: the next rotation will meet the limit`,
    )
  }

  const steps: PlanStep[] = []
  if (retireId !== undefined) steps.push({ action: 'delete', what: `access key ${retireId} ${of} (previous)` })
  steps.push({ action: 'create', what: `access key ${of}` })
  if (previousId !== undefined) {
    steps.push({
      action: 'keep',
      what: `access key ${previousId} ${of} (${previousId === current ? 'current, becomes previous' : 'previous'})`,
    })
  }
  for (const id of foreign) steps.push({ action: 'keep', what: `access key ${id} ${of} (not managed here)` })
  return {
    steps,
    warnings,
    ...(previousId !== undefined && { previousId }),
    ...(retireId !== undefined && { retireId }),
  }
}
