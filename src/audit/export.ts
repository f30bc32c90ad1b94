import { describeLine } from './describe.ts'
import type { AuditLine } from './line.ts'

const columns =
  'Timestamp,Name,Login,Event,Description,SourceIP,RequireOrgAdmin,RequireStackAdmin,AuthenticationFailure,Token'

/**
 * Lines with the columns of the hosted service's export (spec D.5) and, after them, the name of the
 * token; quoted as in RFC 4180.
 */
export function auditCsv(lines: readonly AuditLine[]): string {
  const rows = lines.map((line) => {
    const { address, event, host, result, time, token = '', user } = line
    const denied = String(result === 'denied')
    return [time, user, user, event, describeLine(line), address ?? host, 'false', 'false', denied, token]
      .map(csvField)
      .join(',')
  })
  return [columns, ...rows, ''].join('\r\n')
}

/** A spreadsheet would take some beginnings for a formula. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const severities = { allowed: 3, done: 3, failed: 5, denied: 8 } as const

/**
 * Lines in ArcSight's Common Event Format, version 0, each behind the header of syslog, as the
 * hosted service exports them.
 */
export function auditCef(lines: readonly AuditLine[], version: string): string {
  return lines
    .map((line) => {
      const { address, command, environment, event, host, process, result, time, token, user } = line
      const date = new Date(time)
      const header = ['CEF:0', 'esc', 'esc', version, event, describeLine(line), String(severities[result])]
      const extension = {
        dvchost: host,
        rt: String(date.getTime()),
        ...(address === undefined ? {} : { src: address }),
        suser: user,
        requireOrgAdmin: 'false',
        requireStackAdmin: 'false',
        authenticationFailure: String(result === 'denied'),
        outcome: result,
        cs1Label: 'environment',
        cs1: environment,
        ...(token === undefined ? {} : { cs2Label: 'token', cs2: token }),
        spid: String(process),
        ...(command === undefined ? {} : { sproc: `esc ${command}` }),
      }
      const pairs = Object.entries(extension).map(([key, value]) => `${key}=${escapeExtension(value)}`)
      return `${syslogTime(date)} ${escapeHeader(host)} ${header.map(escapeHeader).join('|')}|${pairs.join(' ')}\n`
    })
    .join('')
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function syslogTime(date: Date): string {
  return `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, '0')} ${date.toISOString().slice(11, 19)}`
}

function escapeHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ')
}

function escapeExtension(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n')
}
