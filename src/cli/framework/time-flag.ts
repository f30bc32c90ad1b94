import { EscError } from '../../errors.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * A time on the command line: `2026-03-04`, `2026-03-04T05:06:07Z`, or a while before `now` such as
 * `7d`. Undefined stays so.
 */
export function readTime(name: string, word: string | undefined, now: Date): Date | undefined {
  if (word === undefined) return undefined
  const [, amount, unit = ''] = /^([0-9]{1,6})([smhdw])$/.exec(word) ?? []
  const ms = unitMs[unit]
  if (ms !== undefined) return new Date(now.getTime() - Number(amount) * ms)
  const date = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(word)
    ? new Date(word)
    : undefined
  if (date !== undefined && !Number.isNaN(date.getTime())) return date
  throw new EscError('usage', `invalid --${name} ${JSON.stringify(word)}: it is not a time`, {
    hint: 'write 2026-03-04, 2026-03-04T05:06:07Z, or a while ago such as 12h or 7d',
  })
}
