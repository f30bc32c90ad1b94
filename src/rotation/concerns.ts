import { plainSecretTexts, SecretMask } from '../masking/index.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'

/**
 * The account whose credential a record is of, by member of the record, such as
 * `{host: 'db.corp.example', port: '5432', username: 'app_b'}`.
 */
export type Concerns = Readonly<Record<string, string>>

/**
 * Members of records that name a place or an account, in the order in which they are
 * shown. A record may be a plugin's, which may have secrets without marking them, so no
 * other member is ever shown.
 */
const members = [
  'url',
  'host',
  'port',
  'account',
  'accountHost',
  'subject',
  'userArn',
  'dn',
  'user',
  'username',
] as const
/** Members of the credential in a record that identify it and are no secret. */
const ids = ['accessKeyId', 'keyId', 'secretId', 'sid', 'id'] as const

/** Members of a credential in a state that may be shown: names of accounts, and ids. */
export const shownMembers: readonly string[] = [...members, ...ids].filter((name) => name !== 'url')
/** Among these, the ids that no other credential of the vendor has. */
export const uniqueIds: readonly string[] = ['accessKeyId', 'keyId', 'secretId', 'sid']

export function concernsOf(pending: PlainObject): Concerns {
  const mask = new SecretMask()
  mask.add(plainSecretTexts(pending))
  const concerns: Record<string, string> = {}
  const note = (name: string, value: Plain | undefined) => {
    if (typeof value !== 'string' && typeof value !== 'number') return
    concerns[name] = mask.text(name === 'url' ? withoutSecrets(String(value)) : String(value))
  }
  for (const name of members) note(name, pending[name])
  for (const credential of [pending.key, pending.credential, pending.current]) {
    if (!isObject(credential)) continue
    for (const name of [...members, ...ids]) note(name, credential[name])
  }
  return concerns
}

/** One line, such as `host db.corp.example, port 5432, username app_b`. */
export function concernsText(concerns: Concerns): string {
  return Object.entries(concerns)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

/** A record with its secrets, as JSON data. */
export function credentialData(value: Plain): unknown {
  if (value instanceof Secret) return credentialData(value.reveal())
  if (Array.isArray(value)) return value.map(credentialData)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, credentialData(member as Plain)]))
}

function isObject(value: Plain | undefined): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

/** A path or a query may hold a token. */
function withoutSecrets(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : '(an address)'
}
