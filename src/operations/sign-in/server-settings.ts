import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { GuardLevel, Store } from '../../store/index.ts'
import { SettingsFields } from './settings-fields.ts'

/** The access of those who have shown who they are. */
export interface GrantedAccess {
  /** The most that they may do, whatever the access rules give. */
  readonly level: GuardLevel
  /** Patterns of the environments that the token is for. Empty: all. */
  readonly environments: readonly string[]
  /** The longest that a token lives. */
  readonly lifetimeSeconds: number
}

/** An issuer of identity tokens, and whom of those that it vouches for the server takes. */
export interface TrustedIssuer extends GrantedAccess {
  /** The claim `iss`, to the letter. */
  readonly url: string
  /** The claim `aud`. */
  readonly audience: string
  /** Patterns of the claim `sub`, in which `*` stands for any text. One of them must fit. */
  readonly subjects: readonly string[]
  /** Patterns of further claims, each of which must fit. */
  readonly claims: Readonly<Record<string, string>>
  /** The principal, with claims in it: `ci/${claims.repository}`. */
  readonly user: string
  /** Public keys as a JSON Web Key Set. Default: fetched from the issuer. */
  readonly keys?: JsonObject
}

/** The provider that people sign in with. */
export interface SignInSettings extends GrantedAccess {
  readonly issuer: string
  readonly clientId: string
  readonly scopes: string
  /** The claim that the principal is taken from. */
  readonly user: string
  /** Patterns of principals that may sign in. */
  readonly allow: readonly string[]
}

/** The section `server` of `esc.yaml`. */
export interface ServerSettings {
  /**
   * The address that browsers reach the server at. Default: as it listens, where that is
   * loopback.
   */
  readonly url?: string
  readonly issuers: readonly TrustedIssuer[]
  readonly signIn?: SignInSettings
}

const daySeconds = 86_400

/**
 * Reads the settings of the server from `esc.yaml`:
 *
 * ```yaml
 * server:
 *   issuers:
 *     - url: https://token.actions.githubusercontent.com
 *       subjects: ['repo:acme/*']
 *       user: ci/${claims.repository}
 * ```
 *
 * @throws EscError `invalid_input`, naming the field.
 */
export function serverSettings({ configuration, organization }: Store): ServerSettings {
  const section = configuration.mayHave('server') ? configuration.get('server') : undefined
  if (section === undefined || section === null) return { issuers: [] }
  const fields = new SettingsFields(section, 'server', ['url', 'issuers', 'signIn'])
  const issuers = fields.raw('issuers') ?? []
  if (!Array.isArray(issuers)) throw fields.mistake('issuers', 'write a list, with `- url: https://…` for each issuer')
  const signIn = fields.raw('signIn')
  return {
    url: fields.httpsUrl('url', 'https://esc.example.org')?.replace(/\/+$/, ''),
    issuers: issuers.map((issuer: Json, at) => issuerOf(issuer, `server.issuers[${at}]`, organization)),
    ...(signIn !== undefined && { signIn: signInOf(signIn) }),
  }
}

/** Those whom the settings take, one line for each: what this machine is asked to allow. */
export function vouchersOf({ issuers, signIn }: ServerSettings): readonly string[] {
  return [...issuers.map(voucherOf), ...(signIn === undefined ? [] : [signInVoucher(signIn)])]
}

/** The line of an issuer. */
export function voucherOf(issuer: TrustedIssuer): string {
  const { url, audience, subjects, claims, user, keys } = issuer
  const further = Object.entries(claims).map(([name, pattern]) => ` and ${name} ${pattern}`)
  const signed = keys === undefined ? '' : ` signed with ${JSON.stringify(keys)}`
  const who = `${subjects.join(', ')}${further.join('')} of ${url}${signed} for ${audience}`
  return `${who}, as ${user}, ${mostOf(issuer)}`
}

/** The line of the provider that people sign in with. */
export function signInVoucher(signIn: SignInSettings): string {
  const { issuer, clientId, user, allow } = signIn
  return `${allow.join(', ')} by the claim ${user} of ${issuer} for ${clientId}, ${mostOf(signIn)}`
}

function mostOf({ level, environments, lifetimeSeconds }: GrantedAccess): string {
  return `to ${level} ${environments.join(', ') || 'every environment'} for ${lifetimeSeconds} s`
}

const issuerFields = ['url', 'audience', 'subjects', 'claims', 'user', 'level', 'environments', 'lifetime', 'keys']

function issuerOf(value: Json, path: string, organization: string): TrustedIssuer {
  const fields = new SettingsFields(value, path, issuerFields)
  const url = fields.httpsUrl('url', 'https://token.actions.githubusercontent.com')
  if (url === undefined) throw fields.mistake('url', 'name the issuer, as the claim `iss` of its tokens has it')
  const claims = claimsOf(fields)
  const subjectHint = "write patterns of the claim `sub`, such as ['repo:acme/web:*']"
  const subjects = fields.texts('subjects', subjectHint)
  if (subjects.length === 0) throw fields.mistake('subjects', subjectHint)
  // An issuer such as GitHub vouches for the whole world.
  if (Object.keys(claims).length === 0 && subjects.some((pattern) => /^\**$/.test(pattern)))
    throw fields.mistake('subjects', 'a pattern for everybody needs `claims` that limit it')
  const keys = fields.raw('keys')
  if (keys !== undefined && !(isJsonObject(keys) && Array.isArray(keys.keys)))
    throw fields.mistake('keys', 'write the public keys as a JSON Web Key Set: {keys: [{kty: RSA, …}]}')
  return {
    url,
    audience: fields.text('audience', 'write one text') ?? `urn:pulumi:org:${organization}`,
    subjects,
    claims,
    user: userTemplate(fields),
    keys: keys as JsonObject | undefined,
    ...accessOf(fields, { level: 'open', lifetimeSeconds: 3600 }),
  }
}

function userTemplate(fields: SettingsFields): string {
  const hint = 'write a name, such as ci/${claims.repository}'
  const user = fields.text('user', hint) ?? 'ci/${claims.sub}'
  const claimsLeftOut = user.replaceAll(claimReference, '')
  if (claimsLeftOut.includes('${')) throw fields.mistake('user', `${hint}: only claims can be in it`)
  return user
}

/** A claim in a template; a member of an object in it has more names. */
export const claimReference = /\$\{claims\.([\w.:/-]+)\}/g

function claimsOf(fields: SettingsFields): Readonly<Record<string, string>> {
  const claims = fields.raw('claims') ?? {}
  const hint = 'write a mapping of claims to patterns, such as {ref: refs/heads/main}'
  if (!isJsonObject(claims)) throw fields.mistake('claims', hint)
  for (const [name, pattern] of Object.entries(claims))
    if (typeof pattern !== 'string' || pattern === '') throw fields.mistake(`claims.${name}`, hint)
  return claims as Readonly<Record<string, string>>
}

const signInFields = ['issuer', 'clientId', 'scopes', 'user', 'allow', 'level', 'environments', 'lifetime']

function signInOf(value: Json): SignInSettings {
  if (isJsonObject(value) && value.clientSecret !== undefined) {
    const hint = 'take it out, since a secret does not belong in esc.yaml, and set ESC_SIGN_IN_SECRET for the server'
    throw new SettingsFields({}, 'server.signIn', []).mistake('clientSecret', hint)
  }
  const fields = new SettingsFields(value, 'server.signIn', signInFields)
  const issuer = fields.httpsUrl('issuer', 'https://accounts.example.org')
  if (issuer === undefined) throw fields.mistake('issuer', 'name the provider, such as https://accounts.example.org')
  const allow = fields.texts('allow', "write patterns of principals, such as ['*@example.org']")
  if (allow.length === 0) throw fields.mistake('allow', "write who may sign in, such as ['*@example.org']")
  return {
    issuer,
    clientId: fields.requiredText('clientId', 'write the id that the provider knows the server by'),
    scopes: fields.text('scopes', 'write scopes with a space between, such as openid email') ?? 'openid email',
    user: fields.text('user', 'name a claim, such as email') ?? 'email',
    allow,
    ...accessOf(fields, { level: 'write', lifetimeSeconds: 12 * 3600 }),
  }
}

function accessOf(
  fields: SettingsFields,
  usual: { readonly level: GuardLevel; readonly lifetimeSeconds: number },
): GrantedAccess {
  const level = fields.text('level', 'write read, open, write or admin') ?? usual.level
  if (!isLevel(level)) throw fields.mistake('level', 'write read, open, write or admin')
  return {
    level,
    environments: fields.texts('environments', "write patterns of environments, such as ['app/*']"),
    lifetimeSeconds: fields.seconds('lifetime', { usual: usual.lifetimeSeconds, most: 30 * daySeconds }),
  }
}

function isLevel(text: string): text is GuardLevel {
  return text === 'read' || text === 'open' || text === 'write' || text === 'admin'
}
