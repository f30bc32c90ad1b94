import { EscError } from '../errors.ts'

/** Turns what the clock on the wall of a zone shows into instants. */
export interface TimeZone {
  readonly name: string
  /**
   * The instant at which the wall clock shows a time, which is given as if it were UTC. A time that
   * is skipped when clocks go forward is as much later as they were moved (02:30 is 03:30); of one
   * that comes twice, the first is meant.
   */
  instantOf(wall: Date): Date
  /** Returns the time that the wall clock shows at an instant, as if it were UTC. */
  wallOf(instant: Date): Date
}

const zones = new Map<string, TimeZone>()

/** @throws EscError `usage` for a zone that there is not. */
export function timeZone(name: string): TimeZone {
  let zone = zones.get(name)
  if (zone === undefined) {
    zone = makeZone(name)
    zones.set(name, zone)
  }
  return zone
}

const hourMs = 3_600_000

function makeZone(name: string): TimeZone {
  const format = formatFor(name)
  const offsetMs = (timeMs: number) => {
    const wholeMs = Math.floor(timeMs / 1000) * 1000
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(wholeMs)) part[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs
  }
  return {
    name,
    instantOf(wall) {
      const wallMs = wall.getTime()
      const before = offsetMs(wallMs - 24 * hourMs)
      const after = offsetMs(wallMs + 24 * hourMs)
      const candidates = [wallMs - before, wallMs - after].sort((a, b) => a - b)
      const shown = candidates.find((candidate) => candidate + offsetMs(candidate) === wallMs)
      return new Date(shown ?? wallMs - before)
    },
    wallOf: (instant) => new Date(instant.getTime() + offsetMs(instant.getTime())),
  }
}

function formatFor(name: string): Intl.DateTimeFormat {
  try {
    const digits = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      ...digits,
      second: 'numeric',
    })
  } catch {
    throw new EscError('usage', `there is no time zone '${name}'`, {
      hint: 'use a name such as UTC, Europe/Berlin or America/New_York',
    })
  }
}
