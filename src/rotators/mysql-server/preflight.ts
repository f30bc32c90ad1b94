import { EscError } from '../../errors.ts'
import type { RotatorContext } from '../rotator.ts'
import { place, type ServerAddress } from '../server-address.ts'
import { tlsOptions } from '../tls/index.ts'
import { account, type MySqlSession } from './connection.ts'
import { type Account, atLeast, requireCreateUser, type ServerFacts } from './facts.ts'

/**
 * Throws for a server whose users can never be rotated with this managing user; warns of
 * what its logs will show.
 */
export async function requireUsableServer(
  session: MySqlSession,
  facts: ServerFacts,
  options: {
    readonly rotator: string
    readonly server: ServerAddress
    readonly managerName: string
    readonly context: RotatorContext
  },
): Promise<void> {
  const { rotator, server, managerName, context } = options
  const refuse = (message: string, hint: string) => {
    throw new EscError('rotation_failed', `${rotator}: ${message}`, { hint })
  }
  if (!(facts.flavor === 'mariadb' ? atLeast(facts, 10, 4, 0) : atLeast(facts, 5, 7, 6))) {
    refuse(`${place(server)} is version ${facts.versionText}, too old to be rotated`, 'upgrade the server')
  }
  if (facts.readOnly) refuse(`${place(server)} is read-only`, 'let `database.host` be the primary')
  await requireCreateUser(session, rotator, managerName)
  if (facts.wantsClearText) {
    context.warn(
      `${place(server)} checks passwords by a policy, so it gets the new one in clear text, and its binary log and query logs may show it (strict_password_validation)`,
    )
  }
  if (facts.logsRaw) {
    context.warn(`${place(server)} logs statements as they come, so its logs may show the new password (log_raw)`)
  }
}

export interface AccountNames {
  readonly rotator: string
  readonly server: ServerAddress
  readonly managerName: string
  readonly username: string
  readonly host: string
  /** The place where in the inputs the host of the account stands. */
  readonly hostInput: string
}

/** Throws for an account that cannot log in with a password, whichever that is. */
export function requireUsableAccount(found: Account, names: AccountNames, context: RotatorContext): void {
  const { rotator, server, managerName, username, host, hostInput } = names
  const name = account(username, host)
  if (found.kind === 'unreadable') {
    context.warn(
      `managing user "${managerName}" may not see whether user ${name} exists: run GRANT SELECT ON mysql.* for it to have that checked beforehand`,
    )
    return
  }
  if (found.kind === 'missing') {
    const [other] = found.otherHosts
    throw new EscError('invalid_input', `${rotator}: no such user ${name} on ${place(server)} (1396)`, {
      hint:
        other === undefined
          ? `create it (CREATE USER ${name}), or correct the name`
          : `it exists for ${found.otherHosts.join(', ')}: write \`${hostInput}: "${other}"\``,
    })
  }
  const refuse = (message: string, hint: string) => {
    throw new EscError('rotation_failed', `${rotator}: ${message}`, { hint })
  }
  if (found.locked) refuse(`user ${name} is locked`, `run ALTER USER ${name} ACCOUNT UNLOCK`)
  if (found.tls === 'certain certificate') {
    // A refusal of the one given here would look like a wrong password.
    refuse(`user ${name} must show a certain client certificate`, `run ALTER USER ${name} REQUIRE X509`)
  }
  if (found.tls === 'client certificate' && (server.tls?.cert === undefined || tlsOptions(server) === false)) {
    refuse(
      `user ${name} must show a client certificate`,
      `give one as \`database.tls\` {cert, key}, or run ALTER USER ${name} REQUIRE SSL`,
    )
  }
  if (found.tls === 'required' && tlsOptions(server) === false) {
    refuse(`user ${name} must use TLS, but \`database.tls\` is off`, 'set `database.tls` to {mode: verify-full}')
  }
  const [shadow] = found.inFront
  if (shadow !== undefined) {
    const named = shadow.startsWith('``')
      ? 'drop the anonymous account'
      : `rotate that one (\`${hostInput}\`), or drop it`
    refuse(
      `${place(server)} takes ${shadow} for whoever logs in as "${username}" from here, so the new password of ${name} could not be proved`,
      `${named}: DROP USER ${shadow}`,
    )
  }
  if (found.otherHosts.length > 0) {
    context.warn(
      `user "${username}" has other accounts, for ${found.otherHosts.join(', ')}: they keep their passwords, and the server prefers the more specific one`,
    )
  }
}
