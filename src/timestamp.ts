/** RFC 3339 in UTC, to the millisecond. As `toISOString` writes it, which has V8 find out the time zone of the machine first. */
export function timestamp(date: Date): string {
  const pad = (number: number, digits = 2) => String(number).padStart(digits, '0')
  const year = date.getUTCFullYear()
  // Others are written with a sign, and an invalid date is an error.
  if (!(year >= 0 && year <= 9999)) return date.toISOString()
  const day = `${pad(year, 4)}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`
  const time = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`
  return `${day}T${time}.${pad(date.getUTCMilliseconds(), 3)}Z`
}

/** Clocks of machines that are kept right may differ by this much, in milliseconds. */
export const clockSkewMs = 5 * 60_000

/** Whether a time is one that no clock that is right can have shown yet. */
export function isAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + clockSkewMs
}

/** A time as this program writes it, RFC 3339. Undefined: it is something else, such as a year that no clock shows. */
export function readTimestamp(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}
