import type { AuditRecords } from '../store/index.ts'
import { type AuditEntry, type AuditLine, digestOfLine, formatLine, parseLine } from './line.ts'
import type { AuditLogContext } from './log.ts'
import { type AuditAnchor, type AuditVerification, type PlacedLine, rememberedHeads, verifyLogs } from './verify.ts'

/** The name of the log that all servers of a store share. */
const sharedLog = 'shared'

/**
 * Appends lines to the log that all servers of a store share, each chained to the one before. They
 * are on the disk when this resolves.
 *
 * @throws EscError `io`, `locked`.
 */
export function appendSharedAudit(records: AuditRecords, entries: readonly AuditEntry[]): Promise<void> {
  return records.append(
    entries.map((entry) => ({ sequence, digest: previous }) => {
      const text = formatLine(entry, { sequence: sequence + 1, previous })
      return { text, digest: digestOfLine(text) }
    }),
  )
}

/** The lines of the shared log that can be read, oldest first. */
export async function readSharedAudit(records: AuditRecords): Promise<AuditLine[]> {
  return (await records.lines()).flatMap((text) => parseLine(text) ?? [])
}

/** Verifies the shared log: its end is kept beside it, and this machine remembers those it saw. */
export async function verifySharedAudit(
  records: AuditRecords,
  context: AuditLogContext,
  expected: readonly AuditAnchor[],
): Promise<AuditVerification> {
  // Lines that come in between are not missing.
  const end = await records.end()
  const placed = (await records.lines()).map(
    (text, index): PlacedLine => ({ place: `line ${index + 1} of the audit log`, text, line: parseLine(text) }),
  )
  const known = [{ log: sharedLog, ...end }, ...rememberedHeads(context)]
  return verifyLogs({ logs: new Map([[sharedLog, placed]]), known, expected, place: 'the audit log' })
}
