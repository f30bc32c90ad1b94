import {
  type AuditLine,
  auditCef,
  auditCsv,
  auditLines,
  describeLine,
  environmentAuditLines,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand } from '../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../framework/database.ts'
import { choice, count, list, text } from '../../framework/flags.ts'
import { readTime } from '../../framework/time-flag.ts'
import { tableFor } from '../../terminal/index.ts'

const flags = {
  user: text({ description: 'only what this principal did', value: 'principal' }),
  event: list({ description: 'only these events, such as environment-open or open', value: 'event' }),
  result: text({ description: 'only these results: allowed, done, failed or denied', value: 'result' }),
  since: text({ description: 'from this time on: 2026-03-04, or a while ago such as 7d', value: 'time' }),
  until: text({ description: 'before this time', value: 'time' }),
  count: count({ description: 'at most this many, the newest' }),
  output: choice({
    description: 'output format: text, json, csv (columns of the hosted service) or cef',
    options: ['text', 'json', 'csv', 'cef'],
    default: 'text',
  }),
  ...DATABASE_FLAG,
}

export default class AuditLog extends EscCommand<readonly AuditLine[], typeof flags> {
  static override id = 'audit:log'
  static override summary = 'Show who did what in which environment.'
  static override description =
    `Lists the audit log, oldest first: every open, change, rotation, refusal and reading of secrets, with who, when, from where and the
result. To see only some environments, give a name or a pattern such as app/*. The log never holds a secret.

With access rules, the log of an environment is for its admins, and the whole log for admins of the store.`
  static override examples = [
    { description: 'What was done in the last week', command: 'esc audit log --since 7d' },
    { description: 'Who opened an environment', command: 'esc audit log rotators/ci --event open' },
    { description: 'What was refused, for a spreadsheet', command: 'esc audit log --result denied --output csv' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'only of this environment, or of those a pattern means' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<readonly AuditLine[]> {
    const { user, event, result, since, until, count: most } = this.flags
    const now = this.io.now()
    const filter = {
      user,
      events: event,
      result,
      since: readTime('since', since, now),
      until: readTime('until', until, now),
    }
    const typed = this.flags.env ?? this.positionals[0]
    const list = ({ session }: AnySession) =>
      typed === undefined || typed.includes('*')
        ? session.perform(auditLines, undefined, { ...filter, pattern: typed })
        : session.perform(environmentAuditLines, session.reference(typed), filter)
    const { result: lines } = await withAnySession(this.io, this.flags, list)
    return most === undefined ? lines : lines.slice(Math.max(0, lines.length - most))
  }

  text(lines: readonly AuditLine[]): string {
    if (this.flags.output === 'csv') return auditCsv(lines)
    if (this.flags.output === 'cef') return auditCef(lines, '1')
    return tableFor(
      this.io,
      ['time', 'user', 'event', 'environment', 'result', 'from'],
      lines.map(({ time, user, event, environment, result, details, ...origin }) => [
        time.slice(0, 19).replace('T', ' '),
        user,
        event,
        environment,
        [result, details?.code, details?.revision && `revision ${details.revision}`].filter(Boolean).join(', '),
        [origin.host, origin.ci, origin.token, origin.address, origin.command].filter(Boolean).join(', '),
      ]),
    )
  }

  override json(lines: readonly AuditLine[]): unknown {
    return lines.map((line) => ({
      timestamp: Math.floor(new Date(line.time).getTime() / 1000),
      description: describeLine(line),
      ...line,
    }))
  }
}
