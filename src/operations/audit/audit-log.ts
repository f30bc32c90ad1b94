import {
  type AuditAnchor,
  type AuditLine,
  type AuditLogPlace,
  type AuditVerification,
  readAudit,
  rememberVerified,
  verifyAudit,
} from '../../audit/index.ts'
import { EscError } from '../../errors.ts'
import { environmentPattern } from '../../store/index.ts'
import { permit, wholeStore } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

/** What lines are wanted; what is undefined does not matter. */
export interface AuditFilter {
  /** A name or pattern. */
  readonly environment: string | undefined
  /** Without regard to case. */
  readonly user: string | undefined
  /** Names of events, whole or their end: `environment-open`, `open`. Empty: all. */
  readonly events: readonly string[]
  readonly result: string | undefined
  readonly since: Date | undefined
  /** Not included. */
  readonly until: Date | undefined
}

/**
 * The lines of the audit log, oldest first. The whole of it is for those who administer the store;
 * that of one environment, for its admins.
 */
export async function auditLines(workspace: Workspace, filter: AuditFilter): Promise<AuditLine[]> {
  const { environment, events, result, since, until, user } = filter
  const one =
    environment !== undefined && !environment.includes('*') ? workspace.reference(environment).name : undefined
  await permit(workspace, one ?? wholeStore, 'admin', 'audit-log-read')
  const about = one === undefined ? environmentPattern(environment ?? '*') : (name: string) => name === one
  return readAudit(placeOf(workspace)).filter(
    (line) =>
      about(line.environment) &&
      (user === undefined || line.user.toLowerCase() === user.toLowerCase()) &&
      (events.length === 0 || events.some((event) => line.event === event || line.event.endsWith(`-${event}`))) &&
      (result === undefined || line.result === result) &&
      (since === undefined || new Date(line.time) >= since) &&
      (until === undefined || new Date(line.time) < until),
  )
}

/** Whether the log is as it was written. One that is, is remembered as far as it goes. */
export function verifyAuditLog(workspace: Workspace, expected: readonly AuditAnchor[]): AuditVerification {
  const place = placeOf(workspace)
  const verification = verifyAudit(place, expected)
  if (verification.findings.every(({ severity }) => severity === 'note')) rememberVerified(place, verification.heads)
  return verification
}

function placeOf({ audit, store }: Workspace): AuditLogPlace {
  const { keep } = audit.settings
  if (keep !== 'off') return { store: store.folder, state: store.state.folder, keep }
  throw new EscError('invalid_input', 'no audit log is kept of this store', {
    hint: 'esc.yaml says audit: {keep: off}; "beside" or "repository" keeps one from then on',
  })
}
