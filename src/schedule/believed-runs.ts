import { isAhead } from '../timestamp.ts'
import { runsOfSchedule, type ScheduledRun } from './scheduled-run.ts'

/**
 * Everything that the revisions say of a schedule's runs: the newest instant that a run has saved
 * something for, and its attempts that have.
 */
export interface SealedRuns {
  readonly due: Date
  readonly attempts: ReadonlySet<number>
}

interface Evidence {
  /** Id of the schedule. */
  readonly schedule: string
  readonly sealed: SealedRuns | undefined
  /** True when the environment still has a rotator at a path. */
  readonly hasRotator: (path: string) => boolean
  readonly now: Date
}

/**
 * A line that is not believed. `ahead`: it is from the future. `unsealed`: no
 * revision shows what it claims.
 */
export interface IgnoredRun {
  readonly run: ScheduledRun
  readonly why: 'ahead' | 'unsealed'
}

/**
 * Separates the runs that can be believed from the others. Lines of `events/schedules.jsonl` are
 * not sealed. A run that succeeded, in whole or in part, has saved a revision that names
 * schedule, instant and attempt, so a line that claims it needs that revision. A run that failed
 * has saved none: its line is believed, unless there is a revision of that attempt, or the line
 * is from the future. A retry whose failed paths were all removed since has nothing to save: its
 * success is believed, too.
 */
export function believedRuns(
  lines: readonly unknown[],
  { schedule, sealed, hasRotator, now }: Evidence,
): { readonly runs: readonly ScheduledRun[]; readonly ignored: readonly IgnoredRun[] } {
  const runs: ScheduledRun[] = []
  const ignored: IgnoredRun[] = []
  for (const run of runsOfSchedule(lines, schedule)) {
    const due = Date.parse(run.due)
    const sealedDue = sealed?.due.getTime() ?? Number.NEGATIVE_INFINITY
    const isSealed = due < sealedDue || (due === sealedDue && sealed?.attempts.has(run.attempt) === true)
    if ([run.due, run.executed, run.completed].some((time) => isAhead(new Date(time), now))) {
      ignored.push({ run, why: 'ahead' })
    } else if (due >= sealedDue && (run.result === 'failed') === isSealed && !hadNothingToDo(run, runs, hasRotator)) {
      ignored.push({ run, why: 'unsealed' })
    } else runs.push(run)
  }
  return { runs, ignored }
}

function hadNothingToDo(
  run: ScheduledRun,
  before: readonly ScheduledRun[],
  hasRotator: Evidence['hasRotator'],
): boolean {
  if (run.result !== 'succeeded' || run.version !== undefined) return false
  const failed = before.findLast(({ due, attempt }) => due === run.due && attempt < run.attempt)?.failed ?? []
  return failed.length > 0 && !failed.some(hasRotator)
}
