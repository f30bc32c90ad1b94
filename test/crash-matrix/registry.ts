import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oidcKeySet } from '../../src/keys/index.ts'
import type { Plain } from '../../src/plain.ts'
import { secret } from '../../src/secret.ts'
import { adapterCertificate } from '../fakes/adapter-certificate.ts'
import { FakeAdapter } from '../fakes/external-adapter.ts'
import { FakeIam } from '../fakes/iam.ts'
import { iamLogIn } from '../fakes/iam-log-in.ts'
import { createLdapEntry } from '../rotators/chosen/ldap-entry.ts'
import { createDualUser } from '../rotators/chosen/mysql-dual-user.ts'
import { createRedisUser } from '../rotators/chosen/redis-user.ts'
import { startSnowflake } from '../rotators/chosen/snowflake-account.ts'
import { managerRights } from '../rotators/issued/aws-account.ts'
import { azureVendor, gcpVendor, type IssuedVendor, twilioVendor } from '../rotators/issued/issued-vendors.ts'
import { createMySqlPair } from '../rotators/pair/mysql-pair.ts'
import { createUserPair } from '../rotators/pair/postgres-pair.ts'
import { missingMariaDb, sharedMariaDb } from '../servers/mariadb.ts'
import { missingOpenLdap, sharedOpenLdap } from '../servers/openldap.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { missingRedis, sharedRedis } from '../servers/redis.ts'
import { credentialsIn, noProblems, type Opened, type Shown, type Subject } from './subject.ts'

export interface Entry {
  /** What the vendor is here. */
  readonly vendor: string
  /** Names of programs that are not installed. */
  readonly missing?: () => readonly string[]
  readonly start: () => Promise<Subject>
}

/** Every rotator whose rotations are killed. A further one is one entry: a vendor, inputs, and what would be wrong. */
export const registry: Readonly<Record<string, Entry>> = {
  password: { vendor: 'none', start: async () => ({ inputs: { length: 20 }, problems: async () => noProblems }) },
  passphrase: { vendor: 'none', start: async () => ({ inputs: {}, problems: async () => noProblems }) },
  postgres: {
    vendor: 'PostgreSQL',
    async start() {
      const server = await sharedPostgres()
      const pair = await createUserPair(server)
      const logIn = ({ username, password }: User) => server.login(username, password)
      return { inputs: pair.inputs as Plain, problems: pairProblems(pair, logIn), logIn }
    },
  },
  mysql: {
    vendor: 'MariaDB',
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const pair = await createMySqlPair(server)
      const logIn = ({ username, password }: User) => server.login(username, password)
      return { inputs: pair.inputs as Plain, problems: pairProblems(pair, logIn), logIn }
    },
  },
  'mysql-dual': {
    vendor: 'MariaDB',
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const { inputs, username, passwords } = await createDualUser(server)
      const name = username.replace(/['\\]/g, '\\$&')
      const logIn = ({ password }: User) => server.login(username, password)
      return {
        inputs: inputs as Plain,
        logIn,
        problems: hashedProblems({
          foreign: passwords,
          logsIn: async (password) => (await logIn({ username, password })) === true,
          async count() {
            const [row] = await server.sql(`SELECT Priv FROM mysql.global_priv WHERE User = '${name}'`)
            return String(row!.Priv).split('"authentication_string"').length - 1
          },
        }),
      }
    },
  },
  'redis-acl': {
    vendor: 'Redis',
    missing: missingRedis,
    async start() {
      const server = await sharedRedis()
      const { inputs, user, passwords } = await createRedisUser(server)
      const hash = (text: string) => createHash('sha256').update(text).digest('hex')
      return {
        inputs: inputs as Plain,
        async problems(value: Opened<User> | undefined) {
          const held = ((await server.command('ACL', 'GETUSER', user)) as string[][])[3]!.map((text) =>
            text.replace(/^#/, ''),
          )
          const ours = credentialsIn(value).map(({ password }) => hash(password))
          return compare({ held, ours, foreign: passwords.map(hash) })
        },
        logIn: ({ password }: User) => server.login(user, password),
      }
    },
  },
  'ldap-password': {
    vendor: 'OpenLDAP',
    missing: missingOpenLdap,
    async start() {
      const server = await sharedOpenLdap()
      const entry = await createLdapEntry(server)
      return {
        inputs: entry.inputs as Plain,
        problems: hashedProblems({
          foreign: entry.passwords,
          logsIn: async (password) => (await server.login(entry.dn, password)) === true,
          count: async () => (await server.values(entry.dn)).length,
        }),
        logIn: ({ password }: User) => server.login(entry.dn, password),
      }
    },
  },
  'aws-iam': { vendor: 'fake IAM', start: startIam },
  'azure-app-secret': {
    vendor: 'fake Microsoft Graph',
    start: async () => issued(await azureVendor(), (each) => ({ ...each, secretValue: secret(each.secretValue) })),
  },
  'gcp-service-account-key': {
    vendor: 'fake Google Cloud IAM',
    start: async () => issued(await gcpVendor(), (each) => ({ ...each, credentials: secret(each.credentials) })),
  },
  'twilio-api-key': {
    vendor: 'fake Twilio',
    start: async () => issued(await twilioVendor(), (each) => ({ ...each, secret: secret(each.secret) })),
  },
  'snowflake-user': {
    vendor: 'fake Snowflake',
    async start() {
      const { fake, inputs, slots, fingerprintOf, stop } = await startSnowflake({ unknownFor: 1 })
      let former: string | undefined
      let latest: string | undefined
      return {
        inputs: inputs as Plain,
        env: { ESC_TEST_ROUTES: JSON.stringify(fake.routes) },
        async problems(value: SnowflakeKey | undefined) {
          const held = slots().filter((each) => each !== undefined)
          const current = value && fingerprintOf(value.privateKey)
          // Readers see the current key only; the other slot holds the one before it.
          if (current !== latest) former = latest
          latest = current
          const kept = former !== undefined && held.includes(former) ? [former] : []
          return compare({ held, ours: current ? [current, ...kept] : [], foreign: [] })
        },
        logIn: async ({ privateKey }: SnowflakeKey) =>
          slots().includes(fingerprintOf(privateKey)) || 'JWT token is invalid',
        stop,
      }
    },
  },
  external: {
    vendor: 'an adapter',
    async start() {
      const fake = await new FakeAdapter().start()
      const folder = mkdtempSync(join(tmpdir(), 'esc-matrix-'))
      const authority = join(folder, 'authority.pem')
      writeFileSync(authority, adapterCertificate)
      // The key that the program signs with is the one the adapter trusts.
      const issuer = 'https://esc.example.org'
      fake.trusted = { issuer, ...oidcKeySet({ env: {}, configFolder: folder, notify: () => {} }) }
      return {
        inputs: { url: `https://adapter.example.org:${fake.port}/rotate`, request: { user: 'app' } },
        env: {
          ESC_CONFIG_HOME: folder,
          ESC_TEST_HOSTS: 'adapter.example.org',
          NODE_EXTRA_CA_CERTS: authority,
        },
        configuration: `oidc: {issuer: "${issuer}"}\nnetwork: {privateHosts: [adapter.example.org]}\n`,
        async problems(value: Opened<User> | undefined) {
          // The adapter keeps the last two, of which the newest must be ours.
          const newest = fake.valid.at(-1)
          const password = value?.current?.password
          const unknown = newest !== undefined && newest !== password ? ['the newest password'] : []
          const deleted = password !== undefined && !fake.valid.includes(password) ? ['current'] : []
          return { lost: [], unknown, deleted }
        },
        logIn: async ({ password }: User) => fake.valid.includes(password) || 'wrong password',
        async stop() {
          await fake.stop()
          rmSync(folder, { recursive: true })
        },
      }
    },
  },
}

/** Rotators whose credentials nothing here can be asked about, or that rotate nothing: with the reason. */
export const leftOut: Readonly<Record<string, string>> = {}

/** An IAM user whose keys are rotated; two are all it may have. */
export async function startIam() {
  const iam = await new FakeIam({ unknownFor: 1 }).start()
  const manager = iam.addUser('arn:aws:iam::123456789012:user/manager', managerRights)
  const { accessKeyId, secretAccessKey } = iam.addKey(manager)
  const user = iam.addUser('arn:aws:iam::123456789012:user/app')
  return {
    iam,
    inputs: { login: { accessKeyId, secretAccessKey: secret(secretAccessKey) }, userArn: user.arn },
    env: { AWS_ENDPOINT_URL_IAM: iam.url, AWS_ENDPOINT_URL_STS: iam.url },
    async problems(value: Opened<IamKey> | undefined) {
      const nameOf = (key: IamKey) => `${key.accessKeyId} ${key.secretAccessKey}`
      const ours = credentialsIn(value).map(nameOf)
      return compare({ held: user.keys.map(nameOf), ours, foreign: [] })
    },
    logIn: (key: IamKey) => iamLogIn(iam, key),
    stop: () => iam.stop(),
  } satisfies Subject & { iam: FakeIam }
}

function compare(credentials: {
  readonly held: readonly string[]
  readonly ours: readonly string[]
  readonly foreign: readonly string[]
}) {
  const { held, ours, foreign } = credentials
  return {
    lost: [],
    unknown: held.filter((each) => !ours.includes(each) && !foreign.includes(each)),
    deleted: [...ours, ...foreign].filter((each) => !held.includes(each)),
  }
}

/** Where the vendor keeps hashes, only a log-in tells which passwords are there, and their number whether there are more. */
function hashedProblems(vendor: {
  readonly foreign: readonly string[]
  readonly logsIn: (password: string) => Promise<boolean>
  readonly count: () => Promise<number>
}): Subject['problems'] {
  return async (value: Opened<User> | undefined) => {
    const { foreign, logsIn, count } = vendor
    const ours = credentialsIn(value).map(({ password }) => password)
    const held: string[] = []
    for (const password of [...foreign, ...ours]) if (await logsIn(password)) held.push(password)
    const unknown = Array.from({ length: Math.max(0, (await count()) - held.length) }, (_, i) => `password ${i + 1}`)
    return { ...compare({ held, ours, foreign }), unknown }
  }
}

type SnowflakeKey = { readonly privateKey: string }

type IamKey = { readonly accessKeyId: string; readonly secretAccessKey: string }

type User = { readonly username: string; readonly password: string }

type Pair = {
  readonly username1: string
  readonly username2: string
  readonly passwords: { readonly 1: string; readonly 2: string }
}

/** A pair of users: there is always one password each, and somebody must know it. */
function pairProblems(
  { username1, username2, passwords }: Pair,
  logIn: (user: User) => Promise<unknown>,
): Subject['problems'] {
  return async (value: Opened<User> | undefined) => {
    const known = new Map([
      [username1, passwords[1]],
      [username2, passwords[2]],
    ])
    for (const user of credentialsIn(value)) known.set(user.username, user.password)
    const lost: string[] = []
    for (const [username, password] of known) {
      if ((await logIn({ username, password })) !== true) lost.push(`password of ${username}`)
    }
    return { ...noProblems, lost }
  }
}

function issued<Inputs, Credential extends object>(
  vendor: IssuedVendor<Inputs, Credential>,
  revive: (opened: Shown<Credential>) => Credential,
): Subject {
  return {
    inputs: vendor.inputs as Plain,
    env: { ESC_TEST_ROUTES: JSON.stringify(vendor.fake.routes) },
    async problems(value: Opened<Credential> | undefined) {
      const ours = credentialsIn(value).map(revive)
      const unknown = vendor.ids().filter((id) => !ours.some((each) => vendor.idOf(each) === id))
      const deleted = ours.filter((each) => !vendor.holds(each)).map((each) => vendor.idOf(each))
      return { lost: [], unknown, deleted }
    },
    logIn: async (credential: Shown<Credential>) => vendor.holds(revive(credential)) || 'unknown credential',
    secrets: () => vendor.secrets(),
    stop: () => vendor.stop(),
  }
}
