import { EscError, messageOf } from '../errors.ts'

/** A cron expression that has been found good. */
export interface Cron {
  /**
   * Days and times of day that it names, in order, each as if its wall clock showed UTC. Endless.
   */
  wallTimes(from: Date): Generator<Date, undefined>
}

/** Nicknames of crontab(5), as the five fields they stand for. */
const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/**
 * The five fields of an expression, with one blank between them; a nickname such as `@daily`
 * becomes the fields it stands for.
 */
export function cronFields(expression: string): string {
  const plain = expression.trim().replace(/\s+/g, ' ')
  const nickname = plain.toLowerCase()
  return Object.hasOwn(nicknames, nickname) ? (nicknames[nickname] as string) : plain
}

/**
 * Reads a cron expression of five fields: minute, hour, day of the month, month, day of the week;
 * or a nickname such as `@daily`. Where both days are restricted, either will do. What differs from
 * one cron to the next (`@reboot`, `L`, `W`, `#`, `?`, and `H`, which is random) is refused.
 *
 * @throws EscError `usage` for one that is malformed, runs more often than once a day, or never.
 */
export async function parseCron(expression: string): Promise<Cron> {
  const fields = cronFields(expression).split(' ')
  const shown = `cron expression '${expression.trim()}'`
  if (fields[0]?.startsWith('@')) {
    const known = Object.keys(nicknames).filter((nickname) => nickname !== '@hourly')
    throw refused(`${shown}: '${fields[0]}' is not understood`, `write ${known.join(', ')}, or five fields: `)
  }
  if (expression.trim() === '' || fields.length !== 5) {
    throw refused(`${shown} has ${expression.trim() === '' ? 'no' : fields.length} fields`, 'write five: ')
  }
  const odd = fields.find(
    (field) =>
      !/^(?:[0-9*,/-]|(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT))+$/i.test(field),
  )
  if (odd !== undefined)
    throw refused(`${shown}: '${odd}' is not understood`, 'use numbers, *, lists, ranges and steps in ')
  // The library only reads the fields. Its own way from one instant to the next skips a day of Lord
  // Howe Island's daylight saving time.
  const { CronExpressionParser } = await import('../vendor/cron.ts')
  let days: Days
  let time: { readonly hours: readonly number[]; readonly minutes: readonly number[] }
  try {
    const { fields: read } = CronExpressionParser.parse(fields.join(' '), { currentDate: new Date(0), tz: 'UTC' })
    days = {
      months: numbers(read.month.values),
      daysOfMonth: numbers(read.dayOfMonth.values),
      // 0 and 7 are both Sunday.
      daysOfWeek: numbers(read.dayOfWeek.values.map((day) => Number(day) % 7)),
    }
    time = { hours: [...numbers(read.hour.values)], minutes: [...numbers(read.minute.values)] }
  } catch (error) {
    // The library refuses the 30th of February in its own words.
    if (/day of month definition/.test(messageOf(error))) throw never(shown)
    throw refused(`${shown}: ${messageOf(error)}`, 'write ')
  }
  const [hour = 0, ...otherHours] = time.hours
  const [minute = 0, ...otherMinutes] = time.minutes
  if (otherHours.length + otherMinutes.length > 0) {
    throw new EscError('usage', `${shown} runs more than once a day; a rotation is scheduled at most daily`, {
      hint: 'name one minute and one hour, such as "30 3 * * *": two rotations a day would end a credential while it may still be in use',
    })
  }
  return {
    *wallTimes(from) {
      const timeMs = (hour * 60 + minute) * 60_000
      let dayMs = Math.floor((from.getTime() - timeMs) / dayLengthMs) * dayLengthMs
      for (let barren = 0; barren < longestWaitDays; barren++) {
        dayMs += dayLengthMs
        if (!isOn(days, new Date(dayMs))) continue
        barren = 0
        yield new Date(dayMs + timeMs)
      }
      return undefined
    },
  }
}

interface Days {
  /** 1–12. */
  readonly months: ReadonlySet<number>
  /** 1–31. */
  readonly daysOfMonth: ReadonlySet<number>
  /** 0–6, from Sunday. */
  readonly daysOfWeek: ReadonlySet<number>
}

const dayLengthMs = 86_400_000
/**
 * The longest time between two leap days, eight years around 2100, and some: what has not
 * come by then never will.
 */
const longestWaitDays = 9 * 366

/** Days of the month and of the week that are both restricted are alternatives (crontab(5)). */
function isOn({ months, daysOfMonth, daysOfWeek }: Days, day: Date): boolean {
  if (!months.has(day.getUTCMonth() + 1)) return false
  const inMonth = daysOfMonth.has(day.getUTCDate())
  const inWeek = daysOfWeek.has(day.getUTCDay())
  return daysOfMonth.size < 31 && daysOfWeek.size < 7 ? inMonth || inWeek : inMonth && inWeek
}

/** `L` would be among them, but is refused before. */
function numbers(values: readonly (number | string)[]): ReadonlySet<number> {
  return new Set(values.map(Number))
}

function refused(message: string, hint: string): EscError {
  return new EscError('usage', message, {
    hint: `${hint}minute, hour, day of the month, month, day of the week; such as "30 3 * * 1"`,
  })
}

function never(shown: string): EscError {
  return new EscError('usage', `${shown} names a day that no month has: it would never run`, {
    hint: 'mend the day of the month',
  })
}
