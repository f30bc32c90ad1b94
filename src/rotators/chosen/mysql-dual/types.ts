import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { adoptingSchema } from '../../adopted.ts'
import {
  type Database,
  type DatabaseUser,
  databaseSchema,
  type ManagingUser,
  pairStateSchema,
  userSchema,
} from '../../pair/kit/types.ts'

export const rotatorName = 'mysql-dual'

export type MySqlDualInputs = {
  readonly database: Database & { readonly managingUser: ManagingUser }
  /** `host`: the host part of the account. Default `%`. */
  readonly rotateUser: { readonly username: string; readonly host?: string }
}

export type DualUser = DatabaseUser

export type MySqlDualState = {
  readonly current: DualUser
  readonly previous?: DualUser
  readonly adopted?: readonly DualUser[]
}

/** Staged before the one remote change. */
export type MySqlDualPending = {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly accountHost: string
  /** The new password. */
  readonly password: Secret<string>
  /** The password that the state called current. */
  readonly current?: Secret<string>
  /** True when that one was accepted when the rotation began. */
  readonly currentWorked: boolean
  /** The server has answered that the new password is set. */
  readonly confirmed?: boolean
}

export const mySqlDualInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    database: databaseSchema,
    rotateUser: {
      type: 'object',
      additionalProperties: false,
      properties: {
        username: { type: 'string' },
        host: { type: 'string', description: 'The host part of the account. Default %.' },
      },
      required: ['username'],
    },
  },
  required: ['database', 'rotateUser'],
}

export const mySqlDualOutputsSchema: SchemaObject = { ...pairStateSchema, required: ['current'] }

export const mySqlDualStateSchema: SchemaObject = adoptingSchema(mySqlDualOutputsSchema, userSchema)
