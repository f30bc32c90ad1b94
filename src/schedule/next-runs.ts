import { parseCron } from './cron.ts'
import type { Schedule } from './schedule.ts'
import { timeZone } from './time-zone.ts'

/** The part that tells when: the whole of a schedule, or its timing alone. */
export type Timed = Pick<Schedule, 'timing' | 'timezone'>

/**
 * The instants of a schedule after `from`, in order, whether it is paused or not; at most one a
 * day. The same instants come whatever `from` is, so nothing is run twice, or not at all, because
 * somebody asked at another moment.
 *
 * @throws EscError `usage` for a cron expression or zone that cannot be used.
 */
export async function* instantsAfter({ timing, timezone }: Timed, from: Date): AsyncGenerator<Date, undefined> {
  if (timing.kind === 'once') {
    if (timing.at > from) yield timing.at
    return undefined
  }
  const zone = timeZone(timezone)
  const cron = await parseCron(timing.expression)
  // Calendar days come from the expression, instants from the zone: the wall clock may be set back
  // by at most a day in between.
  const start = new Date(zone.wallOf(from).getTime() - 48 * 3_600_000)
  let last = from
  for (const wall of cron.wallTimes(start)) {
    const instant = zone.instantOf(wall)
    // Where a zone has left out a whole day (Samoa, 2011), two days of the
    // calendar are one instant.
    if (instant <= last) continue
    last = instant
    yield instant
  }
  return undefined
}

/**
 * The next instants of a schedule after `from`, at most `count`. Empty when it is paused, or over.
 */
export async function nextRuns(schedule: Schedule, from: Date, count: number): Promise<Date[]> {
  if (schedule.paused || count <= 0) return []
  const found: Date[] = []
  for await (const instant of instantsAfter(schedule, from)) {
    found.push(instant)
    if (found.length >= count) break
  }
  return found
}
