/** Clocks of machines that are kept right may differ by this much, in milliseconds. */
const clockSkewMs = 5 * 60_000

/** True when a time is one that no clock that is right can have shown yet. */
export function isAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + clockSkewMs
}

/**
 * A time in UTC, to the millisecond, as `toISOString` writes it. The first call of that has V8
 * find out the time zone of the machine, which takes half a millisecond of every start.
 */
export function timestamp(date: Date): string {
  const year = date.getUTCFullYear()
  // Others are written with a sign, and an invalid date is an error.
  if (!(year >= 1000 && year <= 9999)) return date.toISOString()
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${day}T${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}Z`
}

/**
 * A time as this program writes it, RFC 3339. Undefined: it is something else, such as a
 * year that no clock shows.
 */
export function readTimestamp(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}
