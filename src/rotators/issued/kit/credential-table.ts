import type { PlanStep } from '../../rotator.ts'
import type { Listed } from './listing.ts'
import type { Words } from './words.ts'

export interface CredentialSituation {
  /** Such as `secret`. */
  readonly noun: string
  /** Such as `application 1234`. */
  readonly subject: string
  readonly listed: readonly Listed[]
  readonly currentId: string | undefined
  readonly formerId: string | undefined
  /** The most that there can be. */
  readonly limit: number | undefined
  readonly words: Words
}

export interface CredentialDecision {
  readonly steps: readonly PlanStep[]
  readonly warnings: readonly string[]
  /** The credential of our state that becomes `previous`. */
  readonly previousId?: string
  /** The superseded credential that must make room. */
  readonly makeRoomId?: string
  /** The superseded credential, whether it goes at once or later. */
  readonly supersededId?: string
}

/** The listed credentials, sorted by what they are to us. */
interface Sorted {
  readonly current: Listed | undefined
  readonly former: Listed | undefined
  readonly foreign: readonly Listed[]
  readonly full: boolean
  /** An idle `current` beside a live former one: somebody went back to that. */
  readonly wentBack: boolean
}

/**
 * Decides what to do, given what the vendor lists and what our state names.
 *
 * - What is not named there is never touched: where only that would make room, the rotation fails
 *   here, before any change.
 * - An idle credential is never taken for the live one. Where the current one is idle and the
 *   former one is live, somebody went back to the former: then the current one goes, and the former
 *   stays.
 *
 * @throws EscError `rotation_failed` when there is no room that we may make.
 */
export function decideCredentials(situation: CredentialSituation): CredentialDecision {
  const sorted = sort(situation)
  const { current, former, foreign, full, wentBack } = sorted
  const { listed, subject, words } = situation
  if (full && former === undefined) throw words.noRoom({ subject, count: listed.length, foreign, current })
  const [kept, superseded] = wentBack ? [former, current] : [current, former]
  // With the current one gone, the former is the only live one that consumers may hold: it is kept
  // where there is room for it.
  const previous = kept ?? (full ? undefined : former)
  const goes = superseded === previous ? undefined : superseded
  const makesRoom = full ? goes : undefined
  return {
    steps: stepsOf(situation, sorted, { previous, goes }),
    warnings: warningsOf(situation, sorted),
    ...(previous !== undefined && { previousId: previous.id }),
    ...(makesRoom !== undefined && { makeRoomId: makesRoom.id }),
    ...(goes !== undefined && { supersededId: goes.id }),
  }
}

function sort({ listed, currentId, formerId, limit }: CredentialSituation): Sorted {
  const current = listed.find(({ id }) => id === currentId)
  const former = listed.find(({ id }) => id === formerId && id !== currentId)
  return {
    current,
    former,
    foreign: listed.filter((each) => each !== current && each !== former),
    full: limit !== undefined && listed.length >= limit,
    wentBack: current?.problem !== undefined && former !== undefined && former.problem === undefined,
  }
}

function warningsOf(
  { noun, subject, currentId, limit, words }: CredentialSituation,
  { current, former, foreign, full, wentBack }: Sorted,
): string[] {
  const warnings: string[] = []
  const named = (id: string | undefined) => `${noun} ${id} of ${subject}`
  if (currentId !== undefined && current === undefined) {
    warnings.push(`${named(currentId)} is \`current\` here, but ${words.gone}`)
  } else if (current?.problem !== undefined) {
    const stays = wentBack ? `: ${former?.id}, which is active, stays \`previous\`` : ''
    warnings.push(`${named(currentId)} is \`current\` here, but ${current.problem} ${words.where}${stays}`)
  }
  if (current === undefined && former !== undefined) {
    const live = former.problem === undefined
    const only = live ? 'the only live one managed here' : `${former.problem} ${words.where}`
    const stays = live ? `, as ${only}` : `, but is ${only}`
    warnings.push(
      full
        ? `${named(former.id)} is ${only}, and makes room for the new one`
        : `${named(former.id)} stays \`previous\`${stays}`,
    )
  }
  if (limit !== undefined && !full && foreign.length >= limit - 1) warnings.push(words.crowded(foreign, subject))
  return warnings
}

function stepsOf(
  { noun, subject }: CredentialSituation,
  { current, foreign, full }: Sorted,
  { previous, goes }: { readonly previous: Listed | undefined; readonly goes: Listed | undefined },
): PlanStep[] {
  const of = `of ${subject}`
  const idle = ({ problem }: Listed) => (problem === undefined ? '' : `, ${problem}`)
  const described = (each: Listed) => `${each === current ? 'current' : 'previous'}${idle(each)}`
  const steps: PlanStep[] = []
  if (full && goes !== undefined) {
    steps.push({ action: 'delete', what: `${noun} ${goes.id} ${of} (${described(goes)})` })
  }
  steps.push({ action: 'create', what: `${noun} ${of}` })
  if (previous !== undefined) {
    const becomes = previous === current ? ', becomes previous' : ''
    steps.push({ action: 'keep', what: `${noun} ${previous.id} ${of} (${described(previous)}${becomes})` })
  }
  for (const each of foreign) {
    steps.push({ action: 'keep', what: `${noun} ${each.id} ${of} (not managed here${idle(each)})` })
  }
  if (!full && goes !== undefined) {
    steps.push({ action: 'delete', what: `${noun} ${goes.id} ${of} (${described(goes)}), once the new one is saved` })
  }
  return steps
}
