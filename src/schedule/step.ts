import { instantsAfter } from './next-runs.ts'
import type { Schedule } from './schedule.ts'
import { runsOfSchedule, type ScheduledRun } from './scheduled-run.ts'

/** The next step of a schedule. It is due when `at` has come. */
export interface ScheduleStep {
  readonly at: Date
  /** The instant of the schedule that it is for. */
  readonly due: Date
  readonly attempt: number
  /** Instants before `due` that have passed without a run: only the newest is made up for. */
  readonly missed: number
  /** `undefined` for every rotator. Else what failed before. */
  readonly paths: readonly string[] | undefined
}

const minuteMs = 60_000
/** The time between a failed attempt and the next one; the last one is for all further attempts. */
const backoffMs = [5 * minuteMs, 15 * minuteMs, 45 * minuteMs, 135 * minuteMs, 405 * minuteMs, 24 * 60 * minuteMs]
/** Then it waits for its next instant: somebody has to look. */
const mostAttempts = 10

/**
 * Returns what a schedule asks for next. Of the instants that have passed since its last run (or
 * since it was made, edited or resumed) only the newest counts, whatever the downtime was. A run
 * that failed is tried again with growing pauses, just where it failed, until the next instant
 * comes.
 */
export async function nextStep(
  schedule: Schedule,
  runs: readonly ScheduledRun[],
  now: Date,
): Promise<ScheduleStep | undefined> {
  if (schedule.paused) return undefined
  // What is not due yet cannot have run, whatever a line says: lines are not sealed.
  const last = runsOfSchedule(runs, schedule.id).findLast(({ due }) => new Date(due) <= now)
  const lastDue = last === undefined ? schedule.modified : new Date(last.due)
  const after = lastDue > schedule.modified ? lastDue : schedule.modified
  let due: Date | undefined
  let missed = -1
  let coming: Date | undefined
  for await (const instant of instantsAfter(schedule, after)) {
    if (instant > now) {
      coming = instant
      break
    }
    due = instant
    missed++
  }
  if (due !== undefined) return { at: due, due, attempt: 1, missed, paths: undefined }
  const again = last && retryOf(last, schedule)
  if (again !== undefined && (coming === undefined || again.at < coming)) return again
  return coming && { at: coming, due: coming, attempt: 1, missed: 0, paths: undefined }
}

function retryOf(last: ScheduledRun, { modified }: Schedule): ScheduleStep | undefined {
  const completed = new Date(last.completed)
  // Who edits, pauses or resumes a schedule has begun it anew.
  if (last.result === 'succeeded' || last.attempt >= mostAttempts || modified > completed) return undefined
  const pauseMs = backoffMs[Math.min(last.attempt, backoffMs.length) - 1] ?? 0
  const paths = last.failed?.length ? last.failed : undefined
  return {
    at: new Date(completed.getTime() + pauseMs),
    due: new Date(last.due),
    attempt: last.attempt + 1,
    missed: 0,
    paths,
  }
}
