export { type AuditEvent, auditEvents } from './events.ts'
