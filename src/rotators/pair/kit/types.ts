import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import type { Plan } from '../../rotator.ts'
import type { ServerAddress } from '../../server-address.ts'
import { tlsSchema } from '../../tls/index.ts'
import { type Connector, connectorSchema } from './connector.ts'

export type Database = ServerAddress & { readonly database: string }

export type DatabaseUser = {
  readonly username: string
  readonly password: Secret<string>
}

export type ManagingUser = {
  readonly username: string
  /** Absent when the server knows the user by a unix socket or a client certificate. */
  readonly password?: Secret<string>
}

export type PairInputs = {
  readonly database: Database & {
    readonly managingUser: ManagingUser
    readonly connector?: Connector
  }
  readonly rotateUsers: {
    readonly username1: string
    readonly username2: string
    /** MySQL: the host part of both accounts. Default `%`. */
    readonly host?: string
  }
}

export type PairState = {
  readonly current?: DatabaseUser
  readonly previous?: DatabaseUser
}

/**
 * Staged before the one remote change; enough to carry that change out again, or to take it back.
 */
export type PairPending = {
  readonly host: string
  readonly port: number
  readonly username: string
  /** MySQL: the host part of the account. */
  readonly accountHost?: string
  /** The new password. */
  readonly password: Secret<string>
  /** The user's password so far, where the state holds it. */
  readonly replaced?: Secret<string>
  /** A connector has answered that the password is set. */
  readonly confirmed?: boolean
  /** A connector was asked once and has answered that nothing was changed, and why. */
  readonly refused?: string
}

export interface PairPlan extends Plan {
  readonly username: string
  readonly replaced?: Secret<string>
}

export const userSchema: SchemaObject = {
  type: 'object',
  properties: { username: { type: 'string' }, password: { type: 'string', secret: true } },
  required: ['username', 'password'],
}

/**
 * The facts that a rotator with a managing user needs to know of its server. `port` and `database`
 * as every server has them.
 */
export const databaseSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    host: { type: 'string' },
    port: { type: 'number', minimum: 1, maximum: 65535 },
    database: { type: 'string' },
    managingUser: {
      ...userSchema,
      required: ['username'],
      additionalProperties: false,
      description:
        'A user that may set the passwords of the rotated ones. Over a unix socket or with a client certificate it may need no password.',
    },
    tls: tlsSchema,
  },
  required: ['host', 'port', 'database', 'managingUser'],
  rotateOnly: ['managingUser', 'tls'],
}

export function pairInputsSchema(rotateUsers: Readonly<Record<string, SchemaObject>> = {}): SchemaObject {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      database: {
        ...databaseSchema,
        properties: { ...databaseSchema.properties, connector: connectorSchema },
        rotateOnly: ['managingUser', 'tls', 'connector'],
      },
      rotateUsers: {
        type: 'object',
        additionalProperties: false,
        properties: { username1: { type: 'string' }, username2: { type: 'string' }, ...rotateUsers },
        required: ['username1', 'username2'],
      },
    },
    required: ['database', 'rotateUsers'],
  }
}

export const pairStateSchema: SchemaObject = {
  type: 'object',
  properties: { current: userSchema, previous: userSchema },
}

export const pairOutputsSchema: SchemaObject = pairStateSchema
