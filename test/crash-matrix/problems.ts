import type { Plain } from '../../src/plain.ts'
import type { IssuedVendor } from '../rotators/issued/issued-vendor.ts'
import { credentialsIn, noProblems, type Opened, type Shown, type Subject } from './subject.ts'

export function compare(credentials: {
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

/**
 * Where the vendor keeps hashes, only a log-in tells which passwords are there, and their number
 * whether there are more.
 */
export function hashedProblems(vendor: {
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

export type SnowflakeKey = { readonly privateKey: string }

export type IamKey = { readonly accessKeyId: string; readonly secretAccessKey: string }

export type User = { readonly username: string; readonly password: string }

export type Pair = {
  readonly username1: string
  readonly username2: string
  readonly passwords: { readonly 1: string; readonly 2: string }
}

/** A pair of users: there is always one password each, and somebody must know it. */
export function pairProblems(
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

export function issued<Inputs, Credential extends object>(
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
