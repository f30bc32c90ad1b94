import { auditEvents } from './events.ts'
import type { AuditLine } from './line.ts'

/** Returns a line of the log, as a sentence: `ada may not open environment 'app/prod'`. */
export function describeLine({ details, environment, event, result, user }: AuditLine): string {
  const what = `${auditEvents[event] ?? event} ${environment === '*' ? 'the store' : `environment '${environment}'`}`
  const { code, revision } = details ?? {}
  switch (result) {
    case 'allowed':
      return `${user} began to ${what}${revision === undefined ? '' : ` (revision ${revision})`}`
    case 'done':
      return `${user} finished to ${what}${revision === undefined ? '' : ` (revision ${revision})`}`
    case 'failed':
      return `${user} failed to ${what}${code === undefined ? '' : ` (${code})`}`
    case 'denied':
      return `${user} may not ${what}`
  }
}
