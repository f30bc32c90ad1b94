import { EscError } from '../errors.ts'
import { input, rich } from '../rich-text.ts'
import { cronFields } from './cron.ts'
import { instantsAfter, type Timed } from './next-runs.ts'
import type { Timing } from './schedule.ts'
import { timeZone } from './time-zone.ts'

/** As a user gives it. */
export interface TimingRequest {
  readonly cron?: string
  readonly once?: string
  /** `undefined` for UTC, or what it was. */
  readonly timezone?: string
}

const [cronInput, onceInput, zoneInput] = [input('cron'), input('once'), input('timezone')]

/**
 * Checks and reads what a user says about the time of a schedule; `before` is what it says so far.
 * @throws EscError `usage`, with the texts of the hosted service's command.
 */
export async function readTiming(request: TimingRequest, now: Date, before?: Timed): Promise<Timed> {
  const { cron, once, timezone } = request
  if (cron !== undefined && once !== undefined) {
    throw new EscError('usage', rich`only one of ${cronInput} or ${onceInput} may be set`, { hint: 'give one of them' })
  }
  const timing = timingOf(cron, once, now) ?? (timezone === undefined ? undefined : before?.timing)
  if (timing === undefined) {
    throw new EscError('usage', rich`exactly one of ${cronInput} or ${onceInput} must be set`, {
      hint: rich`give ${cronInput} "30 3 * * 1", or ${onceInput} with a time`,
    })
  }
  if (timing.kind === 'once' && timezone !== undefined) {
    throw new EscError('usage', rich`${zoneInput} says how ${cronInput} is read; ${onceInput} names its own offset`, {
      hint: rich`leave ${zoneInput} out`,
    })
  }
  const timed = { timing, timezone: timing.kind === 'once' ? 'UTC' : (timezone ?? before?.timezone ?? 'UTC') }
  // Throws what is wrong with the zone and the expression.
  timeZone(timed.timezone)
  if ((await instantsAfter(timed, now).next()).done) {
    throw new EscError('usage', `cron expression '${cron}' would never run`, { hint: 'mend the day of the month' })
  }
  // Errors name what was typed; what is kept needs no knowledge of nicknames.
  return timing.kind === 'cron' ? { ...timed, timing: { ...timing, expression: cronFields(timing.expression) } } : timed
}

function timingOf(cron: string | undefined, once: string | undefined, now: Date): Timing | undefined {
  if (cron !== undefined) return { kind: 'cron', expression: cron.trim().replace(/\s+/g, ' ') }
  if (once === undefined) return undefined
  const at = readTime(once)
  if (at <= now)
    throw new EscError('usage', rich`${onceInput} must be a timestamp in the future`, {
      hint: `it is ${now.toISOString()} now`,
    })
  return { kind: 'once', at }
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)$/

function readTime(text: string): Date {
  const match = rfc3339.exec(text)
  const [year = 0, month = 0, day = 0] = match?.slice(1, 4).map(Number) ?? []
  const calendarDay = new Date(Date.UTC(year, month - 1, day))
  const date = new Date(
    text
      .replace(' ', 'T')
      .replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
      .toUpperCase(),
  )
  // `Date` takes the 30th of February for a day in March.
  if (match && !Number.isNaN(date.getTime()) && calendarDay.getUTCDate() === day) return date
  const why =
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) && !match ? 'it has no offset from UTC' : `cannot parse '${text}'`
  throw new EscError('usage', rich`${onceInput} must be an ISO 8601 / RFC 3339 timestamp: ${why}`, {
    hint: 'write it like 2027-01-31T03:30:00Z or 2027-01-31T03:30:00+01:00',
  })
}
