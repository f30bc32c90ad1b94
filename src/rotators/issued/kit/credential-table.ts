import { EscError } from '../../../errors.ts'
import type { PlanStep } from '../../rotator.ts'
import type { IssuedPlan, Listed } from './issuer.ts'

export interface CredentialSituation {
  readonly rotator: string
  /** Such as `secret`. */
  readonly noun: string
  /** Such as `application 1234`. */
  readonly subject: string
  readonly listed: readonly Listed[]
  readonly currentId: string | undefined
  readonly formerId: string | undefined
  /** How many there can be. */
  readonly limit: number | undefined
}

/**
 * What to do given what the vendor lists and what our state names. What is not named there is never
 * touched: where only that would make room, the rotation fails here, before any change.
 */
export function decideCredentials(
  situation: CredentialSituation,
): IssuedPlan & { readonly warnings: readonly string[] } {
  const { rotator, noun, subject, currentId, formerId, limit } = situation
  const ids = situation.listed.map(({ id }) => id)
  const current = ids.find((id) => id === currentId)
  const former = ids.find((id) => id === formerId && id !== currentId)
  const foreign = ids.filter((id) => id !== current && id !== former)
  const full = limit !== undefined && ids.length >= limit
  const of = `of ${subject}`

  if (full && former === undefined) {
    throw new EscError(
      'rotation_failed',
      `${rotator}: ${subject} has ${ids.length} ${noun}s already, the most there can be; ${foreign.length} of them ${foreign.length === 1 ? 'is' : 'are'} not managed here`,
      { hint: `delete one of those that nothing uses, such as ${foreign[0]}, and run again` },
    )
  }

  const warnings: string[] = []
  if (currentId !== undefined && current === undefined) {
    warnings.push(
      `${noun} ${currentId} ${of} is \`current\` here, but is not listed there: it was deleted, or belongs elsewhere`,
    )
  }
  const makeRoomId = full ? former : undefined
  // With `current` gone, the former one is the only live one that consumers may hold.
  const previousId = current ?? (full ? undefined : former)
  if (current === undefined && former !== undefined) {
    warnings.push(
      full
        ? `${noun} ${former} ${of} is the only live one managed here, and makes room for the new one`
        : `${noun} ${former} ${of} stays \`previous\`, as the only live one managed here`,
    )
  }
  if (limit !== undefined && !full && foreign.length >= limit - 1) {
    warnings.push(
      `${foreign.length} ${noun}s ${of} are not managed here: the next rotation will meet the limit of ${limit}`,
    )
  }

  const steps: PlanStep[] = []
  if (makeRoomId !== undefined) steps.push({ action: 'delete', what: `${noun} ${makeRoomId} ${of} (previous)` })
  steps.push({ action: 'create', what: `${noun} ${of}` })
  if (previousId !== undefined) {
    const role = previousId === current ? 'current, becomes previous' : 'previous'
    steps.push({ action: 'keep', what: `${noun} ${previousId} ${of} (${role})` })
  }
  for (const id of foreign) steps.push({ action: 'keep', what: `${noun} ${id} ${of} (not managed here)` })
  if (former !== undefined && former !== previousId && former !== makeRoomId) {
    steps.push({ action: 'delete', what: `${noun} ${former} ${of} (previous), once the new one is saved` })
  }
  return {
    steps,
    warnings,
    ...(previousId !== undefined && { previousId }),
    ...(makeRoomId !== undefined && { makeRoomId }),
  }
}
