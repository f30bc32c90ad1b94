import {
  type AuditAnchor,
  type AuditLine,
  type AuditLogContext,
  type AuditVerification,
  readAudit,
  readSharedAudit,
  rememberVerified,
  verifyAudit,
  verifySharedAudit,
} from '../../audit/index.ts'
import { EscError } from '../../errors.ts'
import { environmentPattern } from '../../store/index.ts'
import type { InputKit } from '../session/input-kit.ts'
import { operation, storeOperation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'

/** Conditions on the lines that are wanted. One that is `undefined` does not matter. */
export interface AuditFilter {
  /** The name of a user, in upper or lower case. */
  readonly user?: string
  /** Names of events, whole or their end: `environment-open`, `open`. Empty: all. */
  readonly events: readonly string[]
  readonly result?: string
  /** The name of the token that a server was shown, in upper or lower case. */
  readonly token?: string
  readonly since?: Date
  /** Not included. */
  readonly until?: Date
  /**
   * At most so many lines, the newest. With `until`, pages stay the same while the log grows.
   * Default: all.
   */
  readonly most?: number
  /** Leaves out so many of the newest lines: those of the pages before. */
  readonly skip?: number
}

const filterSchema = (z: InputKit) =>
  z.strictObject({
    user: z.string().optional(),
    events: z.array(z.string()).default([]),
    result: z.string().optional(),
    token: z.string().optional().describe('name of the token that a server was shown'),
    since: z.instant().optional(),
    until: z.instant().optional(),
    most: z.int().min(1).optional().describe('at most so many, the newest; default: all'),
    skip: z.int().min(0).optional().describe('leave out so many of the newest'),
  })

/**
 * The lines of the audit log, oldest first; `pattern`: only those on environments with such names.
 * It is for those who administer the store.
 */
export const auditLines = storeOperation({
  name: 'list-audit-lines',
  level: 'admin',
  audit: 'audit-log-read',
  changes: false,
  input: (z) => filterSchema(z).extend({ pattern: z.string().optional() }),
  run: async (work, { pattern = '*', ...filter }: AuditFilter & { readonly pattern?: string }) =>
    linesOf(work, environmentPattern(pattern), filter),
})

/** The lines of the audit log on one environment, oldest first. They are for its admins. */
export const environmentAuditLines = operation({
  name: 'list-environment-audit-lines',
  level: 'admin',
  audit: 'audit-log-read',
  changes: false,
  input: (z) => filterSchema(z),
  run: async (work, filter: AuditFilter) => linesOf(work, (name) => name === work.subject.name, filter),
})

async function linesOf(
  workspace: Workspace,
  about: (environment: string) => boolean,
  { events, result, token, since, until, user, most, skip = 0 }: AuditFilter,
): Promise<AuditLine[]> {
  const place = placeOf(workspace)
  const { shared } = workspace.store
  const all = shared === undefined ? readAudit(place) : await readSharedAudit(shared.audit)
  const lines = all.filter(
    (line) =>
      about(line.environment) &&
      (user === undefined || line.user.toLowerCase() === user.toLowerCase()) &&
      (events.length === 0 || events.some((event) => line.event === event || line.event.endsWith(`-${event}`))) &&
      (result === undefined || line.result === result) &&
      (token === undefined || line.token?.toLowerCase() === token.toLowerCase()) &&
      (since === undefined || new Date(line.time) >= since) &&
      (until === undefined || new Date(line.time) < until),
  )
  const end = Math.max(0, lines.length - skip)
  return lines.slice(most === undefined ? 0 : Math.max(0, end - most), end)
}

/**
 * Verifies that the log is as it was written, and reaches as far as `expected`. One that does is
 * remembered on this machine as far as it goes.
 */
export const verifyAuditLog = storeOperation({
  name: 'verify-audit-log',
  level: undefined,
  audit: 'environment-read',
  input: (z) =>
    z.strictObject({
      expected: z
        .array(z.strictObject({ log: z.string(), sequence: z.int().min(0), digest: z.string() }))
        .default([])
        .describe('heads that were kept elsewhere: the log must still have them'),
    }),
  async run(work, { expected }: { readonly expected: readonly AuditAnchor[] }): Promise<AuditVerification> {
    const place = placeOf(work)
    const { shared } = work.store
    const verification =
      shared === undefined ? verifyAudit(place, expected) : await verifySharedAudit(shared.audit, place, expected)
    if (verification.findings.every(({ severity }) => severity === 'note')) rememberVerified(place, verification.heads)
    return verification
  },
})

function placeOf({ audit, store }: Workspace): AuditLogContext {
  const { keep } = audit.settings
  if (keep !== 'off') return { store: store.folder, state: store.state.folder, keep }
  throw new EscError('invalid_input', 'no audit log is kept of this store', {
    hint: 'esc.yaml says audit: {keep: off}; "beside" or "repository" keeps one from then on',
  })
}
