import { EscError } from '../../errors.ts'
import type { ScheduleView } from '../../operations/index.ts'
import { count, text } from './flags.ts'

export const TIMING_FLAGS = {
  cron: text({
    description:
      'when to rotate, again and again: minute, hour, day of the month, month, day of the week; or @daily, @weekly, @monthly, @yearly; at most daily',
    value: 'expression',
  }),
  once: text({ description: 'when to rotate, once: an RFC 3339 timestamp in the future', value: 'time' }),
  timezone: text({ description: 'the time zone of --cron, such as Europe/Berlin (default: UTC)', value: 'zone' }),
}

export const COUNT_FLAG = { count: count({ description: 'show at most so many' }) }

export const SCHEDULED = {
  environment: { description: 'the environment', required: true },
  'schedule-id': { description: 'id of the schedule, such as sched-1', required: true },
} as const

/** @throws EscError `usage` for a negative count. Undefined: all. */
export function checkCount(count: number | undefined): number | undefined {
  if (count === undefined || count >= 0) return count
  throw new EscError('usage', '--count must be non-negative', { hint: 'leave it out for all' })
}

/**
 * `2026-05-14T00:00:00Z`, or with the offset of this machine's zone; `never` when there is none.
 */
export function scheduleTime(time: Date | undefined, utc: boolean): string {
  if (time === undefined) return 'never'
  const offset = utc ? 0 : -time.getTimezoneOffset()
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19)
  if (offset === 0) return `${local}Z`
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
  return `${local}${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

/** Problem of a schedule, or of the lines of its history. */
export function scheduleWarnings({ overdue, problem, warnings }: ScheduleView, utc: boolean): string[] {
  const late = overdue && `overdue: due ${scheduleTime(overdue, utc)}, and no revision shows that it was rotated`
  const closed = problem && `the environment cannot be read, so nothing is rotated: ${problem}`
  return [...(late === undefined ? [] : [late]), ...(closed === undefined ? [] : [closed]), ...warnings]
}

/** As the hosted service's program prints a schedule, and whether it is paused. */
export function scheduleJson(view: ScheduleView, utc: boolean) {
  const { schedule, timing, next, lastExecuted, overdue, problem, warnings } = view
  const { id, kind, timezone, paused } = schedule
  return {
    id,
    kind,
    schedule: schedule.timing.kind === 'cron' ? schedule.timing.expression : timing,
    timezone,
    paused,
    nextExecution: scheduleTime(next[0], utc),
    lastExecuted: problem === undefined ? scheduleTime(lastExecuted, utc) : 'unknown',
    problem,
    ...(overdue && { overdueSince: scheduleTime(overdue, utc) }),
    ...(warnings.length > 0 && { warnings }),
  }
}
