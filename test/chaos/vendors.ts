import { createHash } from 'node:crypto'
import { isValueOf } from '../../src/rotators/chosen/ldap-password/password-value.ts'
import type { Reply } from '../../src/rotators/chosen/redis-acl/resp.ts'
import { startOpenLdap } from '../servers/openldap.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

/** A user name and password, as they stand in an opened environment. */
export interface Login {
  readonly username?: string
  readonly dn?: string
  readonly password: string
}

/** The users of one environment, at a real server. */
export interface RotatedUser {
  readonly environment: string
  readonly definition: string
  /** Returns `true`, or why the server refuses. */
  login(credential: Login): Promise<true | string | number>
  /** Returns what is wrong with the passwords at the server, given those that we know of. */
  compare(known: readonly Login[]): Promise<string | undefined>
}

/** Real servers of the kinds that rotate, which outlive the chaos. */
export interface ChaosVendors {
  readonly users: readonly RotatedUser[]
  /** The ports at which they listen on 127.0.0.1. */
  readonly ports: readonly number[]
  stop(): Promise<void>
}

const suffix = 'dc=example,dc=org'
const definitionOf = (rotator: string, inputs: object) =>
  JSON.stringify({ values: { user: { [`fn::rotate::${rotator}`]: { inputs } } } })

/** Starts PostgreSQL, Redis and OpenLDAP with so many users each. */
export async function startVendors(count: number): Promise<ChaosVendors> {
  const [postgres, redis, ldap] = await Promise.all([startPostgres(), startRedis(), startOpenLdap()])
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const hidden = ({ password, ...others }: Login) => ({ ...others, password: { 'fn::secret': password } })

  const pairs = numbers.map((number): RotatedUser => {
    const names = [`chaos_${number}_a`, `chaos_${number}_b`] as const
    const { host, port, database, admin } = postgres
    return {
      environment: `db/pair-${number}`,
      definition: definitionOf('postgres', {
        database: { host, port, database, managingUser: hidden(admin) },
        rotateUsers: { username1: names[0], username2: names[1] },
      }),
      login: ({ username = '', password }) => postgres.login(username, password),
      async compare(known) {
        const missing = names.filter((name) => !known.some(({ username }) => username === name))
        return missing.length === 0 ? undefined : `no credential of ${missing.join(', ')} is known`
      },
    }
  })
  await postgres.sql(...numbers.flatMap((n) => [`CREATE ROLE chaos_${n}_a LOGIN`, `CREATE ROLE chaos_${n}_b LOGIN`]))

  const caches = numbers.map((number): RotatedUser => {
    const user = `chaos-${number}`
    const { host, port, admin } = redis
    return {
      environment: `cache/user-${number}`,
      definition: definitionOf('redis-acl', { host, port, login: hidden(admin), user }),
      login: ({ username = '', password }) => redis.login(username, password),
      async compare(known) {
        const fields = (await redis.command('ACL', 'GETUSER', user)) as Reply[]
        const held = fields[fields.indexOf('passwords') + 1] as string[]
        const ours = new Set(known.map(({ password }) => createHash('sha256').update(password).digest('hex')))
        const unknown = held.filter((hash) => !ours.has(hash))
        return unknown.length === 0 ? undefined : `${unknown.length} passwords of ${user} are unknown`
      },
    }
  })
  for (const number of numbers) await redis.command('ACL', 'SETUSER', `chaos-${number}`, 'on')

  const entries = numbers.map((number): RotatedUser => {
    const dn = `cn=chaos-${number},${suffix}`
    const { host, port, root } = ldap
    return {
      environment: `directory/entry-${number}`,
      definition: definitionOf('ldap-password', { url: `ldap://${host}:${port}`, login: hidden(root), dn }),
      login: (credential) => ldap.login(credential.dn ?? '', credential.password),
      async compare(known) {
        const held = await ldap.values(dn)
        const unknown = held.filter((value) => !known.some(({ password }) => isValueOf(Buffer.from(value), password)))
        return unknown.length === 0 ? undefined : `${unknown.length} passwords of ${dn} are unknown`
      },
    }
  })
  await ldap.asRoot(async (client) => {
    for (const number of numbers) {
      await client.add(`cn=chaos-${number},${suffix}`, { objectClass: ['person'], sn: 'test', cn: `chaos-${number}` })
    }
  })
  return {
    users: [...pairs, ...caches, ...entries],
    ports: [postgres.port, redis.port, ldap.port],
    async stop() {
      await Promise.all([postgres.stop(), redis.stop(), ldap.stop()])
    },
  }
}
