import { EscError, messageOf } from '../errors.ts'

/** A cron expression that has been found good. */
export interface Cron {
  /** Days and times of day that it names, in order, each as if its wall clock showed UTC. Endless. */
  wallTimes(from: Date): Generator<Date, undefined>
}

/**
 * Reads a cron expression of five fields: minute, hour, day of the month, month, day of the week. Where both days are restricted,
 * either will do. What differs from one cron to the next (`@daily`, `L`, `W`, `#`, `?`, and `H`, which is random) is refused.
 *
 * @throws EscError `usage` for one that is malformed, runs more often than once a day, or never.
 */
export async function parseCron(expression: string): Promise<Cron> {
  const fields = expression.trim().split(/\s+/)
  const shown = `cron expression '${expression}'`
  if (expression.trim() === '' || fields.length !== 5 || fields[0]?.startsWith('@')) {
    throw refused(`${shown} has ${expression.trim() === '' ? 'no' : fields.length} fields`, 'write five: ')
  }
  const odd = fields.find(
    (field) =>
      !/^(?:[0-9*,/-]|(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT))+$/i.test(field),
  )
  if (odd !== undefined)
    throw refused(`${shown}: '${odd}' is not understood`, 'use numbers, *, lists, ranges and steps in ')
  const { CronExpressionParser } = await import('../sdk/cron.ts')
  const parse = (currentDate: Date) => CronExpressionParser.parse(fields.join(' '), { currentDate, tz: 'UTC' })
  let minutes: number
  let hours: number
  try {
    const parsed = parse(new Date(0)).fields
    minutes = new Set(parsed.minute.values).size
    hours = new Set(parsed.hour.values).size
  } catch (error) {
    // The library refuses the 30th of February in its own words.
    if (/day of month definition/.test(messageOf(error))) throw never(shown)
    throw refused(`${shown}: ${messageOf(error)}`, 'write ')
  }
  if (minutes * hours !== 1) {
    throw new EscError('usage', `${shown} runs more than once a day; a rotation is scheduled at most daily`, {
      hint: 'name one minute and one hour, such as "30 3 * * *": two rotations a day would end a credential while it may still be in use',
    })
  }
  return {
    *wallTimes(from) {
      const dates = parse(from)
      for (;;) {
        try {
          yield dates.next().toDate()
        } catch {
          // It looks some years ahead, and finds nothing.
          return undefined
        }
      }
    },
  }
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
