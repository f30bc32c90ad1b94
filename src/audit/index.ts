export { describeLine } from './describe.ts'
export { type AuditEvent, verbOf } from './events.ts'
export { auditCef, auditCsv } from './export.ts'
export type { AuditDetails, AuditEntry, AuditLine, AuditOrigin, AuditResult } from './line.ts'
export { type AuditLogContext, appendAudit, auditFolder } from './log.ts'
export { type AuditSettings, auditSettings } from './settings.ts'
export { appendSharedAudit, readSharedAudit, verifySharedAudit } from './shared-log.ts'
export {
  type AuditAnchor,
  type AuditFinding,
  type AuditVerification,
  readAudit,
  rememberVerified,
  verifyAudit,
} from './verify.ts'
