import { EscError } from '../../../errors.ts'
import type { RotatorContext } from '../../rotator.ts'
import { place } from '../../server-address.ts'
import type { PairInputs } from '../kit/types.ts'
import type { ManagerSession } from './server.ts'

interface RoleFacts {
  readonly version: number
  readonly standby: boolean
  readonly managerSuper: boolean
  readonly managerCreateRole: boolean
  /** Null: there is no such role. */
  readonly canLogin: boolean | null
  readonly isSuper: boolean | null
  readonly replicates: boolean | null
  readonly expired: boolean | null
  readonly admin: boolean | null
  readonly backend: number
  readonly encryption: string
}

// Names are compared as text: as a "name" the server would cut ours at 63
// bytes, and find another role.
const question = `
  SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
    manager.rolsuper AS "managerSuper", manager.rolcreaterole AS "managerCreateRole",
    role.rolcanlogin AS "canLogin", role.rolsuper AS "isSuper", role.rolreplication AS replicates,
    role.rolvaliduntil < now() AS expired, pg_has_role(current_user, role.oid, 'MEMBER WITH ADMIN OPTION') AS admin,
    pg_backend_pid() AS backend, current_setting('password_encryption') AS encryption
  FROM pg_roles AS manager CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
    LEFT JOIN pg_roles AS role ON role.rolname::text = wanted.name
  WHERE manager.rolname = current_user ORDER BY wanted.place`

/**
 * Throws for whatever would make `ALTER ROLE` or the log-in after it fail, for both users:
 * one is changed next time.
 */
export async function requireChangeable(
  { database, rotateUsers }: PairInputs,
  manager: ManagerSession,
  { warn }: Pick<RotatorContext, 'warn'>,
): Promise<void> {
  let isPooled = false
  let storesMd5 = false
  const { username1, username2 } = rotateUsers
  const managerName = database.managingUser.username
  const names = [username1, username2]
  const rows = await manager.query<RoleFacts>(question, [names])
  for (const [index, name] of names.entries()) {
    const facts = rows[index]
    const refuse = (message: string, hint: string) => {
      throw new EscError('rotation_failed', `postgres: ${message}`, { hint })
    }
    if (facts === undefined)
      throw new EscError('provider_failed', `postgres: ${place(database)} does not list its roles`)
    isPooled ||= manager.processId !== undefined && manager.processId !== facts.backend
    storesMd5 ||= facts.encryption === 'md5'
    // An older server would take the verifier for a password and hash it once more.
    if (facts.version < 100_000) {
      refuse(`${place(database)} is older than PostgreSQL 10 and knows no SCRAM-SHA-256`, 'upgrade the server')
    }
    if (facts.standby) refuse(`${place(database)} is a read-only standby`, 'let `database.host` be the primary')
    if (facts.canLogin === null) {
      throw new EscError('invalid_input', `postgres: no such role "${name}" on ${place(database)} (42704)`, {
        hint: `create it (CREATE ROLE ${quoted(name)} LOGIN), or correct \`rotateUsers\``,
      })
    }
    if (!facts.canLogin) refuse(`role "${name}" may not log in`, `run ALTER ROLE ${quoted(name)} LOGIN`)
    if (facts.expired)
      refuse(`the password of role "${name}" has expired`, `run ALTER ROLE ${quoted(name)} VALID UNTIL 'infinity'`)
    if (facts.managerSuper) continue
    const forSupers = facts.isSuper || (facts.replicates && facts.version < 160_000)
    if (forSupers) {
      refuse(`only a superuser may change role "${name}" (42501)`, 'rotate users that are not superusers')
    }
    if (!facts.managerCreateRole) {
      refuse(
        `managing user "${managerName}" has no CREATEROLE (42501)`,
        `run ALTER ROLE ${quoted(managerName)} CREATEROLE`,
      )
    }
    if (facts.version >= 160_000 && !facts.admin) {
      refuse(
        `managing user "${managerName}" has no ADMIN OPTION on role "${name}" (42501)`,
        `run GRANT ${quoted(name)} TO ${quoted(managerName)} WITH ADMIN OPTION`,
      )
    }
  }
  if (storesMd5) {
    warn(
      `${place(database)} stores new passwords as md5 (password_encryption), but the rotated one is stored as SCRAM-SHA-256: drivers that know only md5 cannot log in with it`,
    )
  }
  if (isPooled) {
    warn(
      `${place(database)} is a pooler in front of the server. If it keeps a list of passwords of its own, it refuses the new one; the former is then set back, where it is known here`,
    )
  }
}

/** An identifier as SQL, plain where it can be. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
