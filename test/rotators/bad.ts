import type { Plain } from '../../src/plain.ts'
import { secret } from '../../src/secret.ts'
import type { IssuedVendor } from './issued/issued-vendor.ts'

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

export function rotations<G extends Good>(of: Rotations<G>): Rotations {
  return of as unknown as Rotations
}

/** An input is left out. */
export function without(path: string): Bad {
  return { set: { [path]: undefined }, says: [`missing required properties: ${path.split('.').at(-1)}`] }
}

/** A value that no such input can have. */
export function shown(path: string, value: string | number, remedy: RegExp): Bad {
  return { set: { [path]: value }, says: [`\`${path}\` ${JSON.stringify(value)}`], remedy }
}

/** `code`: the server's. */
export function wrongManager(manager: string, code: string): Bad {
  return {
    set: { 'database.managingUser.password': secret('canary-wrong') },
    says: [manager, code],
    remedy: /check the user name and password/,
  }
}

export const stranger = { username: 'stranger', password: secret('canary-of-a-stranger') }

export const nothing = async () => ({ inputs: {}, held: async () => [] })

/** Of every rotator with a `database` among its inputs. */
export const badDatabases: Readonly<Record<string, Bad>> = {
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
export function badPairs<
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

export function logInsOf(server: LogInServer, { username1, username2, passwords }: PairOfUsers): Good['held'] {
  return async () => [await server.login(username1, passwords[1]), await server.login(username2, passwords[2])]
}

export interface PairOfUsers {
  readonly username1: string
  readonly username2: string
  readonly passwords: Readonly<Record<1 | 2, string>>
}

export interface LogInServer {
  login(username: string, password: string): Promise<unknown>
}

export function issuedGood<
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

export function withMember(
  map: Record<string, unknown>,
  [key, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const member = rest.length === 0 ? value : withMember((map[key!] ?? {}) as Record<string, unknown>, rest, value)
  const { [key!]: _, ...others } = map
  return member === undefined ? others : { ...others, [key!]: member }
}
