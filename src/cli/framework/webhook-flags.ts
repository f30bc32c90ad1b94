import { EscError } from '../../errors.ts'
import { type ListEdit, readHeader } from '../../operations/index.ts'
import { count, list, text } from './flags.ts'
import type { Host } from './host.ts'

/** The first words of every long help of these, as the original's does. */
export const EXPERIMENTAL = '[EXPERIMENTAL] '

export const WEBHOOK_FLAGS = {
  url: text({ description: 'where to send events: an https URL', value: 'url' }),
  event: list({ description: 'an event to send; may be repeated (default: all)', value: 'event' }),
  group: list({ description: 'a group of events to send: environments; may be repeated', value: 'group' }),
}

export const FORMAT_DESCRIPTION = 'format of what is sent: raw, slack, ms_teams, github, gitlab, pulumi_deployments'

export const SECRET_FLAG = {
  secret: text({
    description: 'sign what is sent with this secret; - reads it from standard input',
    value: 'secret',
    holdsValue: true,
  }),
}

export const BODY_FLAGS = {
  header: list({
    description:
      "a header to send, kept encrypted, such as 'Authorization: Bearer -', where - is read from standard input; may be repeated",
    value: 'header',
  }),
  template: text({
    description: 'file with the JSON body to send, in which ${action} is a member of the event',
    value: 'file',
  }),
}

/** The headers as given; of one that ends in `-`, that is the first line of standard input. */
export async function headersFrom(typed: readonly string[], io: Host): Promise<Readonly<Record<string, string>>> {
  const asking = typed.filter((each) => /[: ]-$/.test(each))
  if (asking.length > 1) throw new EscError('usage', 'only one --header can be read from standard input')
  const line = asking.length === 0 ? undefined : await secretOf('-', io)
  const given = typed.map((each) => (each === asking[0] ? each.slice(0, -1) + line : each))
  return Object.fromEntries(given.map(readHeader))
}

/** The secret as given, or the first line of standard input. */
export async function secretOf(typed: string | undefined, io: Host): Promise<string | undefined> {
  if (typed !== '-') return typed
  const [line = ''] = Buffer.from(await io.readStdin())
    .toString()
    .split(/\r?\n/)
  if (line === '') throw new EscError('usage', '--secret -: standard input holds no secret')
  return line
}

export const DELIVERY_COUNT_FLAG = { count: count({ description: 'show at most so many (default: all)' }) }

export const WEBHOOK_NAME = { name: { description: 'name of the webhook, such as hook-1', required: true } } as const

export function cut<T>(all: readonly T[], limit: number | undefined): readonly T[] {
  if (limit !== undefined && limit < 0) throw new EscError('usage', '--count must be non-negative')
  return limit ? all.slice(0, limit) : all
}

/** The name of a webhook as given after the environment. */
export function webhookName(rest: readonly string[]): string {
  const name = rest[0] ?? ''
  if (name === '') throw new EscError('usage', 'webhook name cannot be empty')
  return name
}

/** `--event`, or `--add-event` and `--remove-event`. */
export function listEdit(
  flag: 'event' | 'group',
  given: { readonly all: readonly string[]; readonly added: readonly string[]; readonly removed: readonly string[] },
): ListEdit | undefined {
  const { all, added, removed } = given
  const changes = added.length + removed.length > 0
  if (all.length > 0 && changes) {
    throw new EscError('usage', `--${flag} cannot be combined with --add-${flag} or --remove-${flag}`)
  }
  if (all.length > 0) return { kind: 'replace', values: all.filter((each) => each !== '') }
  return changes ? { kind: 'change', added, removed } : undefined
}
