import type { SchemaObject } from '../../schema/index.ts'
import type { Secret } from '../../secret.ts'
import type { Plan } from '../rotator.ts'

export type TlsMode = 'disable' | 'require' | 'verify-full'

export type Database = {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly tls?: { readonly mode?: TlsMode; readonly ca?: string }
}

export type DatabaseUser = {
  readonly username: string
  readonly password: Secret<string>
}

export type PostgresInputs = {
  readonly database: Database & {
    readonly managingUser: DatabaseUser
    readonly connector?: { readonly awsLambda?: object }
  }
  readonly rotateUsers: { readonly username1: string; readonly username2: string }
}

export type PostgresState = {
  readonly current?: DatabaseUser
  readonly previous?: DatabaseUser
}

/** Staged before the one remote change; enough to carry that change out again, or to take it back. */
export type PostgresPending = {
  readonly host: string
  readonly port: number
  readonly username: string
  /** The new password. */
  readonly password: Secret<string>
  /** The user's password so far, where the state holds it. */
  readonly replaced?: Secret<string>
}

export interface PostgresPlan extends Plan {
  readonly username: string
  readonly replaced?: Secret<string>
}

const user: SchemaObject = {
  type: 'object',
  properties: { username: { type: 'string' }, password: { type: 'string', secret: true } },
  required: ['username', 'password'],
}

export const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    database: {
      type: 'object',
      additionalProperties: false,
      properties: {
        host: { type: 'string' },
        port: { type: 'number', minimum: 1, maximum: 65535 },
        database: { type: 'string' },
        managingUser: {
          ...user,
          additionalProperties: false,
          description: 'A user that may set the passwords of both rotated users.',
        },
        connector: {
          type: 'object',
          additionalProperties: false,
          description: 'A way into a private network. Absent: connect directly.',
          properties: {
            awsLambda: {
              type: 'object',
              additionalProperties: false,
              properties: {
                lambdaArn: { type: 'string' },
                login: {
                  type: 'object',
                  additionalProperties: false,
                  properties: {
                    accessKeyId: { type: 'string' },
                    secretAccessKey: { type: 'string', secret: true },
                    sessionToken: { type: 'string', secret: true },
                  },
                  required: ['accessKeyId', 'secretAccessKey'],
                },
              },
              required: ['lambdaArn', 'login'],
            },
          },
        },
        tls: {
          type: 'object',
          additionalProperties: false,
          description: 'Default: verify-full, or disable where the host is this machine.',
          properties: {
            mode: { type: 'string', enum: ['disable', 'require', 'verify-full'] },
            ca: { type: 'string', description: 'Certificates to trust, PEM. Default: the public authorities.' },
          },
        },
      },
      required: ['host', 'port', 'database', 'managingUser'],
      rotateOnly: ['managingUser', 'connector'],
    },
    rotateUsers: {
      type: 'object',
      additionalProperties: false,
      properties: { username1: { type: 'string' }, username2: { type: 'string' } },
      required: ['username1', 'username2'],
    },
  },
  required: ['database', 'rotateUsers'],
}

export const stateSchema: SchemaObject = { type: 'object', properties: { current: user, previous: user } }

export const outputsSchema: SchemaObject = stateSchema
