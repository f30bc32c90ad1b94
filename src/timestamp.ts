/** Clocks of machines that are kept right may differ by this much, in milliseconds. */
const clockSkewMs = 5 * 60_000

/** True when a time is one that no clock that is right can have shown yet. */
export function isAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + clockSkewMs
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
