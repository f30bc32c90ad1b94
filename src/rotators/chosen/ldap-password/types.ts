import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { adoptingSchema } from '../../adopted.ts'
import { type Tls, tlsSchema } from '../../tls/index.ts'

export type LdapLogin = { readonly dn: string; readonly password: Secret<string> }

export type LdapInputs = {
  readonly url: string
  readonly tls?: Tls
  readonly login: LdapLogin
  /** The entry whose password is rotated. */
  readonly dn: string
  /** The side that makes a hash of the new password. Default `client`. */
  readonly hashing?: 'client' | 'server'
}

export type LdapState = {
  readonly current: LdapLogin
  readonly previous?: LdapLogin
  readonly adopted?: readonly LdapLogin[]
}

/** Staged before the one remote change. */
export type LdapPending = {
  readonly url: string
  readonly dn: string
  /** The new password. */
  readonly password: Secret<string>
  /** The password that the state called current, to notice that somebody else has rotated since. */
  readonly current?: Secret<string>
}

const credential: SchemaObject = {
  type: 'object',
  properties: { dn: { type: 'string' }, password: { type: 'string', secret: true } },
  required: ['dn', 'password'],
}

export const ldapInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: {
      type: 'string',
      description: 'ldaps://host[:636], or ldap://host[:389], which is then made TLS by STARTTLS.',
    },
    tls: tlsSchema,
    login: {
      ...credential,
      additionalProperties: false,
      description: 'An entry that may write `userPassword` of the rotated one.',
    },
    dn: { type: 'string', description: 'The entry whose password is rotated.' },
    hashing: {
      type: 'string',
      enum: ['client', 'server'],
      description:
        'client (default): the directory gets an {SSHA} value. server: it gets the password and is trusted to hash it.',
    },
  },
  required: ['url', 'login', 'dn'],
  rotateOnly: ['login', 'tls'],
}

export const ldapOutputsSchema: SchemaObject = {
  type: 'object',
  properties: { current: credential, previous: credential },
  required: ['current'],
}

export const ldapStateSchema: SchemaObject = adoptingSchema(ldapOutputsSchema, credential)
