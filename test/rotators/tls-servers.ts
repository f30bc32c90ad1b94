import { ldapPassword } from '../../src/rotators/chosen/ldap-password/index.ts'
import { mysqlDual } from '../../src/rotators/chosen/mysql-dual/index.ts'
import { redisAcl } from '../../src/rotators/chosen/redis-acl/index.ts'
import { mysql } from '../../src/rotators/pair/mysql.ts'
import { postgres } from '../../src/rotators/pair/postgres/index.ts'
import type { Plan, Rotator } from '../../src/rotators/rotator.ts'
import type { Tls } from '../../src/rotators/tls/index.ts'
import type { Secret } from '../../src/secret.ts'
import type { ServerTls } from '../servers/certificate.ts'
import { missingMariaDb, startMariaDb } from '../servers/mariadb.ts'
import { missingOpenLdap, startOpenLdap } from '../servers/openldap.ts'
import { startPostgres } from '../servers/postgres.ts'
import { missingRedis, startRedis } from '../servers/redis.ts'
import { createLdapEntry } from './chosen/ldap-entry.ts'
import { createDualUser } from './chosen/mysql-dual-user.ts'
import { createRedisUser } from './chosen/redis-user.ts'
import { createMySqlPair } from './pair/mysql-pair.ts'
import { createUserPair } from './pair/postgres-pair.ts'
import { testContext } from './test-context.ts'

type ReadCaFile = (path: string) => Promise<string>

/** A real server that wants client certificates, and a rotator with inputs for it. */
export interface SecureServer {
  plan(tls: Tls, readCaFile?: ReadCaFile): Promise<unknown>
  /** A whole rotation; `works`: whether the new credential logs in. */
  rotate(tls: Tls): Promise<{ works(): Promise<boolean> }>
  stop(): Promise<void>
}

interface SecureKind {
  readonly title: string
  readonly missing: () => readonly string[]
  readonly start: (tls: ServerTls) => Promise<SecureServer>
}

// Each rotator with inputs of its own type; here all that is seen of them is `tls`.
type AnyRotator = Rotator<never, { readonly current?: Login }, object, Plan>
type Login = { readonly username?: string; readonly dn?: string; readonly password: Secret<string> }

function secureServer(
  rotator: unknown,
  inputsWith: (tls: Tls) => object,
  { stop, login }: { stop(): Promise<void>; login(name: string, password: string): Promise<unknown> },
): SecureServer {
  const { plan, rotate, reconcile } = rotator as AnyRotator
  return {
    plan: (tls, readCaFile) =>
      plan(
        { inputs: inputsWith(tls) as never, state: undefined },
        { ...testContext(), ...(readCaFile && { readCaFile }) },
      ),
    async rotate(tls) {
      const request = { inputs: inputsWith(tls) as never, state: undefined }
      const context = testContext()
      let pending: object | undefined
      const stage = async (record: object) => {
        pending = record
      }
      await rotate(await plan(request, context), request, stage, context)
      const reconciled = await reconcile(pending!, request, context)
      if (reconciled.kind !== 'rotated') throw new Error(reconciled.reason)
      const untried = context.warnings.find((warning) => warning.includes('could not be tried'))
      if (untried !== undefined) throw new Error(untried)
      const { username, dn, password } = reconciled.state.current!
      return { works: async () => (await login((username ?? dn)!, password.reveal())) === true }
    },
    stop,
  }
}

const nothing = () => []

/** One for both rotators, since it takes long to start. It ends with the process. */
let mariaDb: ReturnType<typeof startMariaDb> | undefined

function secureMariaDb(tls: ServerTls): ReturnType<typeof startMariaDb> {
  mariaDb ??= startMariaDb({ tls }).then((server) => ({ ...server, stop: async () => {} }))
  return mariaDb
}

export const secureServers: readonly SecureKind[] = [
  {
    title: 'postgres',
    missing: nothing,
    async start(tls) {
      const server = await startPostgres({ tls })
      const { inputs } = await createUserPair(server)
      await server.access(['hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca'])
      return secureServer(postgres, (each) => ({ ...inputs, database: { ...inputs.database, tls: each } }), server)
    },
  },
  {
    title: 'mysql',
    missing: missingMariaDb,
    async start(tls) {
      const server = await secureMariaDb(tls)
      const { inputs, manager } = await createMySqlPair(server)
      await server.sql(`ALTER USER ${manager} REQUIRE X509`)
      return secureServer(mysql, (each) => ({ ...inputs, database: { ...inputs.database, tls: each } }), server)
    },
  },
  {
    title: 'mysql-dual',
    missing: missingMariaDb,
    async start(tls) {
      const server = await secureMariaDb(tls)
      const { inputs, manager } = await createDualUser(server)
      await server.sql(`ALTER USER ${manager} REQUIRE X509`)
      return secureServer(mysqlDual, (each) => ({ ...inputs, database: { ...inputs.database, tls: each } }), server)
    },
  },
  {
    title: 'redis-acl',
    missing: missingRedis,
    async start(tls) {
      const server = await startRedis({ tls })
      const { inputs } = await createRedisUser(server)
      return secureServer(redisAcl, (each) => ({ ...inputs, tls: each }), server)
    },
  },
  ...(['ldap', 'ldaps'] as const).map(
    (scheme): SecureKind => ({
      title: `ldap-password over ${scheme}://`,
      missing: missingOpenLdap,
      async start(tls) {
        const server = await startOpenLdap({ tls })
        const { inputs } = await createLdapEntry(server)
        const url = `${scheme}://127.0.0.1:${scheme === 'ldap' ? server.port : server.securePort}`
        return secureServer(ldapPassword, (each) => ({ ...inputs, url, tls: each }), server)
      },
    }),
  ),
]
