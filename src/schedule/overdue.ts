import { instantsAfter } from './next-runs.ts'
import type { Schedule } from './schedule.ts'

/**
 * A run may be this late before that is a failure, in milliseconds: it may wait for another
 * process, another machine or a retry.
 */
export const graceMs = 3_600_000

interface Waiting {
  /** The newest instant that a revision says has run. */
  readonly sealedDue: Date | undefined
  /** The time when a revision says that anything was rotated last, for whatever reason. */
  readonly lastRotated: Date | undefined
  readonly now: Date
  readonly allowedMs: number
}

/**
 * The newest instant that has passed without a run, where that was longer ago than is allowed.
 * Undefined: nothing is overdue.
 */
export async function overdueInstant(
  schedule: Schedule,
  { sealedDue, lastRotated, now, allowedMs }: Waiting,
): Promise<Date | undefined> {
  if (schedule.paused) return undefined
  let first: Date | undefined
  let newest: Date | undefined
  for await (const instant of instantsAfter(schedule, beginOf(schedule, sealedDue))) {
    if (instant > now) break
    first ??= instant
    newest = instant
  }
  // Waiting began with the first of them: instants that come meanwhile do not begin it anew. A
  // rotation by hand, or one that was finished since, may keep the run waiting, but it has
  // done what the run is for.
  const since = lastRotated !== undefined && first !== undefined && lastRotated > first ? lastRotated : first
  return since !== undefined && now.getTime() - since.getTime() > allowedMs ? newest : undefined
}

/**
 * The time up to which `overdueInstant` is sure to find nothing, whatever `now` and `lastRotated`
 * are. Undefined: it never finds anything.
 */
export async function notOverdueUntil(
  schedule: Schedule,
  { sealedDue, allowedMs }: Pick<Waiting, 'sealedDue' | 'allowedMs'>,
): Promise<Date | undefined> {
  if (schedule.paused) return undefined
  for await (const first of instantsAfter(schedule, beginOf(schedule, sealedDue))) {
    return new Date(first.getTime() + allowedMs)
  }
  return undefined
}

/** The time after which instants wait for a run. */
function beginOf({ modified }: Schedule, sealedDue: Date | undefined): Date {
  return sealedDue !== undefined && sealedDue > modified ? sealedDue : modified
}
