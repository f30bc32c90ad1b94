import { readTimestamp } from '../timestamp.ts'

/** One run of a schedule, as a line of `events/schedules.jsonl`. Holds no secret. */
export interface ScheduledRun {
  readonly id: string
  /** Id of the schedule. */
  readonly schedule: string
  /** The instant of the schedule that this run was for. RFC 3339, UTC, as all times here. */
  readonly due: string
  /** 1 for the run itself, more for what was tried again after it. */
  readonly attempt: number
  readonly executed: string
  readonly completed: string
  readonly result: 'succeeded' | 'partial' | 'failed'
  /** The revision with the new credentials. Absent: none was made. */
  readonly version?: number
  /** Paths that failed, as users write them. Empty though it failed: nothing was begun. */
  readonly failed?: readonly string[]
  readonly error?: string
  /**
   * The number of instants before `due` that `due` had passed without a run, and are not made up
   * for.
   */
  readonly missed?: number
  /**
   * The run was cut off after it had saved its revision; this line was written
   * afterwards, from that revision.
   */
  readonly recovered?: true
}

/**
 * The runs of a schedule, oldest first: by what they were for, not by when their line was written
 * (lines are merged by git).
 */
export function runsOfSchedule(runs: readonly unknown[], schedule: string): ScheduledRun[] {
  return runs
    .filter(isRun)
    .filter((run) => run.schedule === schedule)
    .sort((a, b) => Date.parse(a.due) - Date.parse(b.due) || a.attempt - b.attempt)
}

/** An id for the next schedule of an environment: one that no run in its history has. */
export function nextScheduleId(runs: readonly unknown[]): string {
  const numbers = runs.filter(isRun).map(({ schedule }) => Number(/^sched-([0-9]{1,9})$/.exec(schedule)?.[1] ?? 0))
  return `sched-${Math.max(0, ...numbers) + 1}`
}

const results: readonly unknown[] = ['succeeded', 'partial', 'failed'] satisfies ScheduledRun['result'][]

/** True when a line is a run: it may have been written by anybody, or cut short. */
function isRun(line: unknown): line is ScheduledRun {
  if (typeof line !== 'object' || line === null) return false
  const { schedule, due, executed, completed, attempt, result, failed } = line as Partial<ScheduledRun>
  const times = [due, executed, completed].every((time) => readTimestamp(time) !== undefined)
  const paths = failed === undefined || (Array.isArray(failed) && failed.every((path) => typeof path === 'string'))
  return typeof schedule === 'string' && times && isCount(attempt) && results.includes(result) && paths
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}
