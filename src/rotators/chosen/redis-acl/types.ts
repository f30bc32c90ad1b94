import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { adoptingSchema } from '../../adopted.ts'
import type { ServerAddress } from '../../server-address.ts'
import { tlsSchema } from '../../tls/index.ts'

export type RedisAclInputs = Omit<ServerAddress, 'port'> & {
  readonly port?: number
  readonly login: { readonly username?: string; readonly password: Secret<string> }
  readonly user: string
}

export type RedisPassword = { readonly username: string; readonly password: Secret<string> }

export type RedisAclState = {
  readonly current: RedisPassword
  readonly previous?: RedisPassword
  readonly adopted?: readonly RedisPassword[]
}

/** Staged before the one remote change. */
export type RedisAclPending = {
  readonly host: string
  readonly port: number
  readonly username: string
  /** The new password. */
  readonly password: Secret<string>
  /** The password that the state called current, to notice that somebody else has rotated since. */
  readonly current?: Secret<string>
}

const password: SchemaObject = {
  type: 'object',
  properties: { username: { type: 'string' }, password: { type: 'string', secret: true } },
  required: ['username', 'password'],
}

export const redisInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    host: { type: 'string' },
    port: { type: 'number', minimum: 1, maximum: 65535, description: 'Default 6379.' },
    tls: tlsSchema,
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'A user that may change users.',
      properties: {
        username: { type: 'string', description: 'Default default.' },
        password: { type: 'string', secret: true },
      },
      required: ['password'],
    },
    user: { type: 'string', description: 'The ACL user whose passwords are rotated.' },
  },
  required: ['host', 'login', 'user'],
  rotateOnly: ['login', 'tls'],
}

export const redisOutputsSchema: SchemaObject = {
  type: 'object',
  properties: { current: password, previous: password },
  required: ['current'],
}

export const redisStateSchema: SchemaObject = adoptingSchema(redisOutputsSchema, password)
