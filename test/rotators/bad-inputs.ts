import type { Plain } from '../../src/plain.ts'
import { secret } from '../../src/secret.ts'
import { FakeAdapter } from '../fakes/external-adapter.ts'
import { missingMariaDb, sharedMariaDb } from '../servers/mariadb.ts'
import { missingOpenLdap, sharedOpenLdap } from '../servers/openldap.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { missingRedis, sharedRedis } from '../servers/redis.ts'
import { createLdapEntry } from './chosen/ldap-entry.ts'
import { createDualUser } from './chosen/mysql-dual-user.ts'
import { createRedisUser } from './chosen/redis-user.ts'
import { somePrivateKey, startSnowflake } from './chosen/snowflake-account.ts'
import { loginOf, managerRights, startAwsAccount, stateOf } from './issued/aws-account.ts'
import { azureVendor, gcpVendor, type IssuedVendor, twilioVendor } from './issued/issued-vendors.ts'
import { createMySqlPair } from './pair/mysql-pair.ts'
import { createUserPair } from './pair/postgres-pair.ts'

/** A vendor with one credential, and inputs that would rotate it. */
export interface Good {
  readonly inputs: unknown
  /** All that the vendor holds; a rotation would change it. */
  readonly held: () => Promise<unknown>
  /** Where requests to the vendor's hosts go. */
  readonly routes?: Readonly<Record<string, string>>
  readonly stop?: () => Promise<void>
}

/** What is wrong, and what must be said about it. */
export interface Bad {
  /** Inputs by path, in place of the good ones; undefined: left out. */
  readonly set?: Readonly<Record<string, unknown>>
  readonly state?: unknown
  /** Makes it so at the vendor. */
  readonly remote?: () => unknown
  /** The value or its name, and where it is. */
  readonly says: readonly (string | RegExp)[]
  /** Absent: the message says what is allowed. */
  readonly remedy?: RegExp
}

export interface Rotations<G extends Good = Good> {
  readonly missing?: () => readonly string[]
  /** Lines for `esc.yaml`. */
  readonly configuration?: string
  readonly start: () => Promise<G>
  readonly bad: Readonly<Record<string, Bad | ((good: G) => Bad)>>
}

function rotations<G extends Good>(of: Rotations<G>): Rotations {
  return of as unknown as Rotations
}

/** An input is left out. */
function without(path: string): Bad {
  return { set: { [path]: undefined }, says: [`missing required properties: ${path.split('.').at(-1)}`] }
}

/** A value that no such input can have. */
function shown(path: string, value: string | number, remedy: RegExp): Bad {
  return { set: { [path]: value }, says: [`\`${path}\` ${JSON.stringify(value)}`], remedy }
}

/** `code`: the server's. */
function wrongManager(manager: string, code: string): Bad {
  return {
    set: { 'database.managingUser.password': secret('canary-wrong') },
    says: [manager, code],
    remedy: /check the user name and password/,
  }
}

const stranger = { username: 'stranger', password: secret('canary-of-a-stranger') }

const nothing = async () => ({ inputs: {}, held: async () => [] })

/** Of every rotator with a `database` among its inputs. */
const badDatabases: Readonly<Record<string, Bad>> = {
  'no database': without('database'),
  'no managing user': without('database.managingUser'),
  'a managing user without a password': without('database.managingUser.password'),
  'an empty host': shown('database.host', '', /its name or address/),
  'a host with its port': shown('database.host', 'db.example.org:5432', /the port has its own input/),
  'a URL for a host': shown('database.host', 'tcp://db/app', /its name or address/),
  'a port that is none': { set: { 'database.port': 70_000 }, says: ['less than or equal to', '65535'] },
  'half a port': shown('database.port', 5432.5, /whole number/),
  'a port in words': { set: { 'database.port': 'default' }, says: ['expected number, got string'] },
  'an empty name of the database': shown('database.database', '', /name the database/),
  'an empty managing user': shown('database.managingUser.username', '', /name the user/),
  'a misspelt input': {
    set: { 'database.pasword': 'x' },
    says: ['unknown property "pasword"'],
  },
  'TLS of another kind': { set: { 'database.tls': { mode: 'on' } }, says: ['expected one of', 'verify-full'] },
  'a connector of no kind': {
    set: { 'database.connector': { ssh: {} } },
    says: [/unknown property "(ssh|connector)"/],
  },
}

/** Of the rotators of a pair of users. `noUser`: the server's code. */
function badPairs<
  G extends Good & {
    readonly username1: string
    readonly username2: string
    readonly manager: string
    state(c: 1 | 2, p?: 1 | 2): unknown
  },
>(noUser: string, badPassword: string): Rotations<G>['bad'] {
  return {
    ...badDatabases,
    'one user': without('rotateUsers.username2'),
    'the same user twice': ({ username1 }) => ({
      set: { 'rotateUsers.username2': username1 },
      says: ['`username1` and `username2` are both', username1],
      remedy: /two users are needed/,
    }),
    'the managing user among the two': ({ manager }) => ({
      set: { 'rotateUsers.username1': manager },
      says: ['`rotateUsers.username1`', `"${manager}"`, 'managing user'],
      remedy: /users of their own/,
    }),
    'an empty name': shown('rotateUsers.username1', '', /name a user/),
    'a name with a NUL': shown('rotateUsers.username2', 'a\0b', /name a user/),
    'a user nobody knows': {
      set: { 'rotateUsers.username2': 'nobody' },
      says: ['nobody', noUser],
      remedy: /create it/,
    },
    'a name that is too long': {
      set: { 'rotateUsers.username2': 'x'.repeat(200) },
      says: ['x'.repeat(200), noUser],
      remedy: /create it|correct/,
    },
    'a state of somebody else': ({ username1 }) => ({
      state: { current: stranger },
      says: ['`state.current` is "stranger"', username1],
      remedy: /put the user back, or remove `state`/,
    }),
    'a state with one user twice': ({ state, username1 }) => ({
      state: state(1, 1),
      says: ['`state.current` and `state.previous` are both', username1],
      remedy: /remove `previous`/,
    }),
    'a wrong password of the managing user': ({ manager }) => wrongManager(manager, badPassword),
  }
}

/** What each rotator must refuse before it changes anything, and how it must say so. */
export const badInputs: Readonly<Record<string, Rotations>> = {
  password: rotations({
    start: nothing,
    bad: {
      'too short': { set: { length: 7 }, says: ['greater than or equal to 8'] },
      'too long': { set: { length: 101 }, says: ['less than or equal to', '100'] },
      'half a character': { set: { length: 8.5 }, says: ['`length` is 8.5'], remedy: /length: 9/ },
      'a length in words': { set: { length: 'long' }, says: ['expected number, got string'] },
      'minimums above the length': {
        set: { length: 8, minLower: 5, minUpper: 4 },
        says: ['minimums add up to 9', '8'],
        remedy: /raise `length`/,
      },
      'a minimum below 0': { set: { minLower: -1 }, says: ['greater than or equal to 0'] },
      'a minimum of a kind that is off': {
        set: { special: false, minSpecial: 1 },
        says: ['`minSpecial` is 1 while `special` is off'],
        remedy: /special: true/,
      },
      'nothing to use': {
        set: { lower: false, upper: false, numeric: false, special: false },
        says: ['`lower`, `upper`, `numeric` and `special` are all off'],
        remedy: /leave at least one/,
      },
      'no special characters': {
        set: { overrideSpecial: '' },
        says: ['`overrideSpecial` is empty'],
        remedy: /special: false/,
      },
      'a line break among the special characters': shown('overrideSpecial', '!\n', /can be seen/),
      'a misspelt input': { set: { lenght: 20 }, says: ['unknown property "lenght"'] },
      'a state that is none': { state: { current: 5 }, says: ['expected string, got number'] },
    },
  }),

  passphrase: rotations({
    start: nothing,
    bad: {
      'too few words': { set: { length: 2 }, says: ['greater than or equal to 3'] },
      'too many words': { set: { length: 16 }, says: ['less than or equal to', '15'] },
      'half a word': { set: { length: 3.5 }, says: ['`length` is 3.5'], remedy: /counts words/ },
      'two separators': { set: { separator: '--' }, says: ['at most length 1'] },
      'no separator': { set: { separator: '' }, says: ['at least length 1'] },
      'a separator that ends the line': {
        set: { separator: '\n' },
        says: ['`separator` is "\\n"'],
        remedy: /can be seen/,
      },
      'capitals in words': { set: { capitalize: 'yes' }, says: ['expected boolean, got string'] },
      'a misspelt input': { set: { words: 5 }, says: ['unknown property "words"', 'length'] },
    },
  }),

  postgres: rotations({
    async start() {
      const server = await sharedPostgres()
      const pair = await createUserPair(server)
      return { ...pair, server, held: logInsOf(server, pair) }
    },
    bad: {
      ...badPairs('42704', '28P01'),
      'no such database': { set: { 'database.database': 'nowhere' }, says: ['3D000', 'nowhere'], remedy: /database/ },
      'a user that may not log in': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER ROLE ${username2} NOLOGIN`),
        says: [username2, 'may not log in'],
        remedy: /ALTER ROLE .* LOGIN/,
      }),
      'a manager without the right': ({ server, manager }) => ({
        remote: () => server.sql(`ALTER ROLE ${manager} NOCREATEROLE`),
        says: [manager, '42501'],
        remedy: /CREATEROLE/,
      }),
      'a manager that is not admin of a user': ({ server, manager, username2 }) => ({
        remote: () => server.sql(`REVOKE ADMIN OPTION FOR ${username2} FROM ${manager}`),
        says: [manager, username2, 'ADMIN OPTION'],
        remedy: /GRANT/,
      }),
      'a superuser': ({ server }) => ({
        set: { 'rotateUsers.username2': server.admin.username },
        says: [server.admin.username, 'superuser'],
        remedy: /not superusers/,
      }),
    },
  }),

  mysql: rotations({
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const pair = await createMySqlPair(server)
      return { ...pair, server, held: logInsOf(server, pair) }
    },
    bad: {
      ...badPairs('1396', '1045'),
      'a locked user': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER USER ${username2} ACCOUNT LOCK`),
        says: [username2, 'locked'],
        remedy: /ACCOUNT UNLOCK/,
      }),
      'a user of another host': ({ username1 }) => ({
        set: { 'rotateUsers.host': '10.0.0.1' },
        says: [username1.replace('`', '``'), '10.0.0.1'],
        remedy: /rotateUsers\.host: "%"/,
      }),
      'a manager without the right': ({ server, manager }) => ({
        remote: () => server.sql(`REVOKE CREATE USER ON *.* FROM ${manager}`),
        says: [manager, '1227'],
        remedy: /GRANT CREATE USER/,
      }),
      'a user without passwords': ({ server, username2 }) => ({
        remote: () => server.sql(`ALTER USER ${username2} IDENTIFIED VIA unix_socket`),
        says: [username2, 'unix_socket'],
        remedy: /ALTER USER/,
      }),
    },
  }),

  'mysql-dual': rotations({
    missing: missingMariaDb,
    async start() {
      const server = await sharedMariaDb()
      const user = await createDualUser(server)
      const name = user.username.replace(/['\\]/g, '\\$&')
      const held = () => server.sql(`SELECT CAST(Priv AS CHAR) AS priv FROM mysql.global_priv WHERE User = '${name}'`)
      return { ...user, server, held }
    },
    bad: {
      ...badDatabases,
      'no user': without('rotateUser'),
      'an empty name': shown('rotateUser.username', '', /name the user/),
      'the managing user': ({ manager }) => ({
        set: { 'rotateUser.username': manager },
        says: ['`rotateUser.username`', manager],
        remedy: /a user of its own/,
      }),
      'a user nobody knows': {
        set: { 'rotateUser.username': 'nobody' },
        says: ['nobody', '1396'],
        remedy: /create it/,
      },
      'a name that is too long': {
        set: { 'rotateUser.username': 'x'.repeat(200) },
        says: ['x'.repeat(200), '1396'],
        remedy: /create it/,
      },
      'a state of somebody else': {
        state: { current: stranger },
        says: ['`state.current` is of "stranger"'],
        remedy: /put the user back, or remove `state`/,
      },
      'a wrong password of the managing user': ({ manager }) => wrongManager(manager, '1045'),
      'a manager that may not read accounts': ({ server, manager }) => ({
        remote: () => server.sql(`REVOKE SELECT ON mysql.* FROM ${manager}`),
        says: [manager, 'may not read'],
        remedy: /GRANT SELECT/,
      }),
    },
  }),

  'redis-acl': rotations({
    missing: missingRedis,
    async start() {
      const server = await sharedRedis()
      const user = await createRedisUser(server)
      return { ...user, server, name: user.user, held: () => server.command('ACL', 'GETUSER', user.user) }
    },
    bad: {
      'no login': without('login'),
      'an empty host': shown('host', '', /its name or address/),
      'a port that is none': { set: { port: 0 }, says: ['greater than or equal to 1'] },
      'half a port': shown('port', 1.5, /whole number/),
      'an empty name': shown('user', '', /ACL LIST/),
      'a name with a space': shown('user', 'a b', /ACL LIST/),
      'a user nobody knows': { set: { user: 'nobody' }, says: ['"nobody"'], remedy: /ACL SETUSER/ },
      'a name that is too long': { set: { user: 'x'.repeat(300) }, says: ['x'.repeat(300)], remedy: /ACL SETUSER/ },
      'a user that is off': ({ server, name }) => ({
        remote: () => server.command('ACL', 'SETUSER', name, 'off'),
        says: [name, 'is off'],
        remedy: /ACL SETUSER .* on/,
      }),
      'a user that takes any password': ({ server, name }) => ({
        remote: () => server.command('ACL', 'SETUSER', name, 'nopass'),
        says: [name, 'nopass'],
        remedy: /resetpass/,
      }),
      'a login without the right': ({ server, manager }) => ({
        remote: () => server.command('ACL', 'SETUSER', manager, '-acl|setuser', '+acl|dryrun'),
        says: [/setuser/i, manager],
        remedy: /\+acl\|setuser/,
      }),
      'a wrong password': ({ manager }) => ({
        set: { 'login.password': secret('canary-wrong') },
        says: [manager, 'WRONGPASS'],
        remedy: /`login`/,
      }),
      'a state of somebody else': ({ name }) => ({
        state: { current: stranger },
        says: ['`state.current` is of user "stranger"', `"${name}"`],
        remedy: /remove `state`/,
      }),
      'a login by the password that goes': ({ server, name, passwords, state }) => ({
        set: { login: { username: name, password: secret(passwords[1]) } },
        remote: () => server.command('ACL', 'SETUSER', name, '+acl'),
        state: state(true),
        says: ['`login`', 'previous password', name],
        remedy: /another user/,
      }),
    },
  }),

  'ldap-password': rotations({
    missing: missingOpenLdap,
    async start() {
      const server = await sharedOpenLdap()
      const entry = await createLdapEntry(server)
      return { ...entry, server, held: () => server.values(entry.dn) }
    },
    bad: {
      'no login': without('login'),
      'a URL of something else': {
        set: { url: 'https://ldap.example.org' },
        says: ['`url` is not the address of a directory'],
        remedy: /ldaps:\/\//,
      },
      'a URL with a password': {
        set: { url: 'ldap://a:canary-in-url@ldap.example.org' },
        says: ['`url`'],
        remedy: /ldaps:\/\//,
      },
      'TLS asked for and forbidden': {
        set: { url: 'ldaps://127.0.0.1', tls: { mode: 'disable' } },
        says: ['`tls.mode`'],
        remedy: /ldap:\/\//,
      },
      'a name that is no DN': shown('dn', 'app', /dc=example/),
      'a DN with a NUL': { set: { dn: 'cn=a\0,dc=example' }, says: ['`dn` "cn=a\\u0000'], remedy: /dc=example/ },
      'a DN the directory cannot read': {
        set: { dn: 'cn=a,,dc=org' },
        says: ['cn=a,,dc=org', '34'],
        remedy: /write the DN/,
      },
      'a login that is no DN': shown('login.dn', 'admin', /dc=example/),
      'an empty password': {
        set: { 'login.password': secret('') },
        says: ['`login.password` is empty'],
        remedy: /write/,
      },
      'a wrong password': { set: { 'login.password': secret('canary-wrong') }, says: ['49'], remedy: /`login`/ },
      'an entry nobody knows': {
        set: { dn: 'cn=nobody,dc=example,dc=org' },
        says: ['cn=nobody,dc=example,dc=org', '32'],
        remedy: /check `dn`/,
      },
      'hashing by somebody else': { set: { hashing: 'vendor' }, says: ['expected one of', 'client'] },
      'a state of somebody else': {
        state: { current: { dn: 'cn=other,dc=example,dc=org', password: secret('canary-of-a-stranger') } },
        says: ['`state.current` is of "cn=other,dc=example,dc=org"'],
        remedy: /remove `state`/,
      },
      'a login by the password that goes': ({ dn, passwords, state }) => ({
        set: { login: { dn, password: secret(passwords[1]) } },
        state: state(true),
        says: ['`login`', 'previous password'],
        remedy: /another entry/,
      }),
    },
  }),

  'aws-iam': rotations({
    async start() {
      const account = await startAwsAccount()
      return { ...account, held: async () => account.user.keys.map(({ accessKeyId, status }) => [accessKeyId, status]) }
    },
    bad: {
      'no user': without('userArn'),
      'no login': without('login'),
      'half a login': without('login.secretAccessKey'),
      ...Object.fromEntries(
        [
          'arn:aws:iam::123456789012:role/app',
          'arn:aws:iam::123456789012:root',
          'arn:aws:iam::12345:user/app',
          'app',
          `arn:aws:iam::123456789012:user/${'x'.repeat(65)}`,
          'arn:aws:iam::123456789012:user/a b',
        ].map((arn) => [
          `the ARN ${arn.slice(0, 40)}`,
          { set: { userArn: arn }, says: ['`userArn`', arn], remedy: /arn:aws:iam::123456789012:user\/name/ },
        ]),
      ),
      'a user nobody knows': {
        set: { userArn: 'arn:aws:iam::123456789012:user/nobody' },
        says: ['nobody', 'NoSuchEntity'],
        remedy: /userArn/,
      },
      'a region of another partition': shown('region', 'cn-north-1', /leave `region` out/),
      'a login of another account': ({ iam }) => {
        const stranger = iam.addUser('arn:aws:iam::999999999999:user/team/app', ['*'])
        return {
          set: { login: loginOf(iam.addKey(stranger)) },
          says: ['`login`', '999999999999', '`userArn`'],
          remedy: /123456789012/,
        }
      },
      'a login that is gone': ({ managerKey }) => ({
        remote: () => {
          managerKey.status = 'Inactive'
        },
        says: ['InvalidClientTokenId', managerKey.accessKeyId],
        remedy: /login/,
      }),
      'a wrong secret': ({ managerKey }) => ({
        set: { 'login.secretAccessKey': secret('canary-wrong') },
        says: ['SignatureDoesNotMatch', managerKey.accessKeyId],
        remedy: /login/,
      }),
      'a login without the right': ({ manager }) => ({
        remote: () => {
          manager.allowed = []
        },
        says: ['AccessDenied'],
        remedy: /iam:ListAccessKeys/,
      }),
      'two keys of others': ({ iam, user }) => ({
        remote: () => [iam.addKey(user), iam.addKey(user)],
        says: [user.userName, /two|2/],
        remedy: /delete|state/,
      }),
      'one key of ours and one of others': ({ iam, user }) => {
        const [current, other] = [iam.addKey(user), iam.addKey(user)]
        return { state: stateOf(current), says: [other.accessKeyId], remedy: /delete|state/ }
      },
      'a login by the key that goes': ({ iam, user }) => {
        user.allowed = managerRights
        const [previous, current] = [iam.addKey(user), iam.addKey(user)]
        return {
          set: { login: loginOf(previous) },
          state: stateOf(current, previous),
          says: ['`login`', previous.accessKeyId],
          remedy: /another user/,
        }
      },
    },
  }),

  'azure-app-secret': rotations({
    start: async () => issued(await azureVendor()),
    bad: {
      'no application': without('clientId'),
      'an application by name': shown('clientId', 'app', /app registration/),
      'a tenant by domain': shown('login.tenantId', 'contoso.onmicrosoft.com', /app registration/),
      'a login by name': shown('login.clientId', 'ci', /app registration/),
      'no days': { set: { lifetimeInDays: 0 }, says: ['`lifetimeInDays` is 0'], remedy: /1 to 730/ },
      'too many days': { set: { lifetimeInDays: 731 }, says: ['`lifetimeInDays` is 731'], remedy: /1 to 730/ },
      'half a day': { set: { lifetimeInDays: 1.5 }, says: ['`lifetimeInDays` is 1.5'], remedy: /1 to 730/ },
      'no proof': { set: { 'login.clientSecret': undefined }, says: ['`login` has neither'], remedy: /give one/ },
      'two proofs': {
        set: { 'login.oidc': { token: secret('canary-token') } },
        says: ['`login` has both'],
        remedy: /give one/,
      },
      'a wrong secret': {
        set: { 'login.clientSecret': secret('canary-wrong') },
        says: ['AADSTS7000215'],
        remedy: /`login` is wrong/,
      },
      'an application nobody knows': {
        set: { clientId: '00000000-0000-0000-0000-000000000000' },
        says: ['Request_ResourceNotFound', '00000000-0000'],
        remedy: /check `clientId`/,
      },
      'a login without the right': ({ vendor }) => ({
        remote: () => {
          vendor.manager.roles = []
        },
        says: ['Authorization_RequestDenied'],
        remedy: /Application\.ReadWrite/,
      }),
      'a login by the secret that goes': ({ vendor }) => {
        vendor.application.roles = ['Application.ReadWrite.All']
        const [previous, current] = [vendor.add(), vendor.add()]
        return {
          set: { 'login.clientId': vendor.application.appId, 'login.clientSecret': previous.secretValue },
          state: { current, previous },
          says: ['`login`', previous.secretId],
          remedy: /use the current secret/,
        }
      },
    },
  }),

  'gcp-service-account-key': rotations({
    start: async () => issued(await gcpVendor()),
    bad: {
      'no service account': without('serviceAccount'),
      'an email of somebody else': shown('serviceAccount', 'app@example.org', /app@my-project/),
      'no token': without('login.accessToken'),
      'a token that has expired': {
        set: { 'login.expiry': '2020-01-01T00:00:00Z' },
        says: ['`login` has expired', '2020-01-01'],
        remedy: /log in anew/,
      },
      'a token of another kind': shown('login.tokenType', 'MAC', /bearer/),
      'a token nobody knows': {
        set: { 'login.accessToken': secret('canary-wrong') },
        says: ['UNAUTHENTICATED'],
        remedy: /log in anew/,
      },
      'a login without the right': ({ vendor }) => ({
        remote: () => vendor.fake.tokens.set(vendor.token, []),
        says: ['PERMISSION_DENIED'],
        remedy: /serviceAccountKeyAdmin/,
      }),
      'a service account nobody knows': {
        set: { serviceAccount: 'no@my-proj.iam.gserviceaccount.com' },
        says: ['NOT_FOUND', 'no@my-proj'],
        remedy: /check `serviceAccount`/,
      },
      'ten keys of others': ({ vendor }) => ({
        remote: () => Array.from({ length: 10 }, () => vendor.add()),
        says: ['10 keys', vendor.account.email],
        remedy: /delete one/,
      }),
    },
  }),

  'twilio-api-key': rotations({
    start: async () => issued(await twilioVendor()),
    bad: {
      'no account': without('login.accountSid'),
      'an account that is none': shown('login.accountSid', 'AC12/Keys', /32 hex digits/),
      'no proof': { set: { 'login.authToken': undefined }, says: ['`login` must hold either'], remedy: /Main API key/ },
      'half a key': {
        set: { 'login.authToken': undefined, 'login.apiKeySid': `SK${'0'.repeat(32)}` },
        says: ['`login` must hold either'],
        remedy: /Main API key/,
      },
      'a key that is none': {
        set: { 'login.authToken': undefined, 'login.apiKeySid': 'SK1', 'login.apiKeySecret': secret('canary-key') },
        says: ['`login.apiKeySid` "SK1"'],
        remedy: /32 hex digits/,
      },
      'a long name': { set: { friendlyName: 'x'.repeat(65) }, says: ['`friendlyName`', '64'], remedy: /shorten/ },
      'a key of another kind': { set: { keyType: 'main' }, says: ['expected one of', 'restricted'] },
      'a policy without a use': {
        set: { policy: { allow: ['x'] } },
        says: ['`policy`'],
        remedy: /keyType: restricted/,
      },
      'a restricted key that may do anything': { set: { keyType: 'restricted' }, says: ['`policy`'], remedy: /allow/ },
      'a wrong token': { set: { 'login.authToken': secret('canary-wrong') }, says: ['20003'], remedy: /`login`/ },
      'a key that may not manage keys': ({ vendor }) => {
        const { sid, secret: text } = vendor.add()
        return {
          set: { 'login.authToken': undefined, 'login.apiKeySid': sid, 'login.apiKeySecret': text },
          says: ['20003'],
          remedy: /Main key/,
        }
      },
      'a login by the key that goes': ({ vendor }) => {
        const [previous, current] = [vendor.add(), vendor.add()]
        const main = vendor.fake.addKey({ kind: 'main' })
        return {
          set: { 'login.authToken': undefined, 'login.apiKeySid': main.sid, 'login.apiKeySecret': secret(main.secret) },
          state: { current, previous: { ...previous, sid: main.sid, secret: secret(main.secret) } },
          says: ['`login`', main.sid],
          remedy: /use the current/,
        }
      },
    },
  }),

  'snowflake-user': rotations({
    async start() {
      const { rotator: _, ...account } = await startSnowflake()
      return { ...account, routes: account.fake.routes, held: async () => account.slots() }
    },
    bad: {
      'no user': without('targetUser'),
      'a name with a quote': {
        set: { targetUser: `a" SET PASSWORD='x' --"b` },
        says: ['`targetUser`', 'SET PASSWORD'],
        remedy: /SHOW USERS/,
      },
      'an empty name': shown('targetUser', '', /SHOW USERS/),
      'a name that is too long': { set: { targetUser: 'x'.repeat(256) }, says: ['`targetUser`'], remedy: /SHOW USERS/ },
      'a URL for an account': {
        set: { 'login.account': 'https://myorg-a.snowflakecomputing.com' },
        says: ['`login.account` "https://myorg-a'],
        remedy: /without https/,
      },
      'no proof': { set: { 'login.privateKey': undefined }, says: ['`login` has neither'], remedy: /give one/ },
      'two proofs': { set: { 'login.token': secret('canary-token') }, says: ['`login` has both'], remedy: /give one/ },
      'a key that is none': {
        set: { 'login.privateKey': secret('-----BEGIN canary-----') },
        says: ['`login.privateKey`'],
        remedy: /PKCS #8/,
      },
      'a key nobody knows': () => ({
        set: { 'login.privateKey': secret(somePrivateKey()) },
        says: ['390144'],
        remedy: /./,
      }),
      'a user nobody knows': { set: { targetUser: 'nobody' }, says: ['NOBODY', '002003'], remedy: /targetUser/ },
      'a login without the right': ({ manager }) => ({
        remote: () => {
          manager.owns = []
        },
        says: ['003001'],
        remedy: /OWNERSHIP/,
      }),
      'a state of another account': ({ stateOf }) => ({
        state: { ...stateOf(somePrivateKey()), account: 'other' },
        says: ['`state` is of account other'],
        remedy: /remove the `state`/,
      }),
      'a state of another user': ({ stateOf }) => ({
        state: { ...stateOf(somePrivateKey()), user: 'OTHER' },
        says: ['`state` is of user OTHER', '`targetUser`'],
        remedy: /put `targetUser` back/,
      }),
      'a key of somebody else': ({ fake, target, stateOf }) => ({
        remote: () => {
          target.slot1 = fake.slotOf(somePrivateKey())
        },
        state: stateOf(somePrivateKey()),
        says: ['RSA_PUBLIC_KEY', 'APP_USER'],
        remedy: /./,
      }),
    },
  }),

  external: rotations({
    configuration: 'network: {privateHosts: [127.0.0.1]}\n',
    async start() {
      const fake = await new FakeAdapter().start()
      return {
        inputs: { url: `https://127.0.0.1:${fake.port}/rotate`, request: { user: 'app' } },
        held: async () => [fake.rotations, fake.calls.length],
        stop: () => fake.stop(),
      }
    },
    bad: {
      'no URL': without('url'),
      'a URL without TLS': { set: { url: 'http://127.0.0.1/rotate' }, says: ['must match the pattern', '^https://'] },
      'a URL that is none': {
        set: { url: 'https://' },
        says: ['`url` is not an https URL'],
        remedy: /adapter\.example\.org/,
      },
      'a URL with a password': {
        set: { url: 'https://a:canary-in-url@127.0.0.1/' },
        says: ['`url` holds a user name or password'],
        remedy: /signature/,
      },
      'a URL with a fragment': {
        set: { url: 'https://127.0.0.1/#a' },
        says: ['`url` holds a fragment'],
        remedy: /adapter\.example\.org/,
      },
      'a private address': { set: { url: 'https://10.0.0.1/rotate' }, says: ['10.0.0.1'], remedy: /privateHosts/ },
      'the address of the cloud': {
        set: { url: 'https://169.254.169.254/latest' },
        says: ['169.254.169.254'],
        remedy: /privateHosts/,
      },
      'a request that is no object': { set: { request: 'rotate' }, says: ['expected object, got string'] },
      'a misspelt input': { set: { requests: {} }, says: ['unknown property "requests"', 'request'] },
      'a state that is none': { state: { current: 'x' }, says: ['expected object, got string'] },
    },
  }),
}

/** Whether both users still log in with what they had. */
function logInsOf(server: LogInServer, { username1, username2, passwords }: Pair): Good['held'] {
  return async () => [await server.login(username1, passwords[1]), await server.login(username2, passwords[2])]
}

interface Pair {
  readonly username1: string
  readonly username2: string
  readonly passwords: Readonly<Record<1 | 2, string>>
}

interface LogInServer {
  login(username: string, password: string): Promise<unknown>
}

function issued<
  V extends { readonly inputs: unknown; readonly fake: IssuedVendor['fake']; ids(): string[]; stop(): Promise<void> },
>(vendor: V) {
  return {
    vendor,
    inputs: vendor.inputs,
    routes: vendor.fake.routes,
    held: async () => vendor.ids(),
    stop: () => vendor.stop(),
  }
}

/** The good inputs with the bad ones in their place. */
export function spoilt(inputs: unknown, set: Bad['set'] = {}): Plain {
  let result = inputs as Record<string, unknown>
  for (const [path, value] of Object.entries(set)) result = withMember(result, path.split('.'), value)
  return result as Plain
}

function withMember(
  map: Record<string, unknown>,
  [key, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const member = rest.length === 0 ? value : withMember((map[key!] ?? {}) as Record<string, unknown>, rest, value)
  const { [key!]: _, ...others } = map
  return member === undefined ? others : { ...others, [key!]: member }
}
