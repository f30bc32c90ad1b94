import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import type { Plan } from '../../rotator.ts'

/** A key pair, or the output shape of the `snowflake-login` provider. */
export type SnowflakeLogin = {
  readonly account: string
  readonly user: string
  /** PEM, PKCS #8. */
  readonly privateKey?: Secret<string>
  /** OAuth. */
  readonly token?: Secret<string>
  readonly role?: string
}

export type SnowflakeInputs = {
  readonly login: SnowflakeLogin
  readonly targetUser: string
}

export type SnowflakeState = {
  readonly account: string
  /** RFC 3339, UTC. */
  readonly createdAt: string
  /** PEM, PKCS #8. */
  readonly privateKey: Secret<string>
  /** The user whose key it is, as Snowflake writes the name. Absent in states of other origin. */
  readonly user?: string
  /**
   * `SHA256:…` of the public key in slot 2, whose private half was in the state before. Absent:
   * there was none, or the state is of other origin.
   */
  readonly previousFingerprint?: string
}

/**
 * The record that a killed run leaves behind: a key pair whose public half may or may not have been
 * set. As the private half is in here, it can always be set (once more).
 */
export type SnowflakePending = {
  readonly account: string
  /** As Snowflake writes the name. */
  readonly user: string
  readonly privateKey: Secret<string>
  readonly createdAt: string
  /** Fingerprint of the key in the state that was rotated. */
  readonly basis?: string
  /** Fingerprint of the key in slot 1 before; absent: the slot was empty. */
  readonly replaced?: string
}

export interface SnowflakePlan extends Plan {
  readonly replaced?: string
}

const login: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'A user that owns the target user: by key pair, or the output of snowflake-login.',
  properties: {
    account: { type: 'string', description: 'Account identifier, such as myorg-account1.' },
    user: { type: 'string' },
    privateKey: { type: 'string', secret: true, description: 'PEM, not encrypted.' },
    token: { type: 'string', secret: true, description: 'OAuth access token.' },
    role: { type: 'string', description: "Role that owns the target user. Default: the login's own." },
  },
  required: ['account', 'user'],
}

export const snowflakeInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    login,
    targetUser: { type: 'string', description: 'The user whose key pair is rotated.' },
  },
  required: ['login', 'targetUser'],
  rotateOnly: ['login'],
}

export const snowflakeStateSchema: SchemaObject = {
  type: 'object',
  properties: {
    account: { type: 'string' },
    createdAt: { type: 'string' },
    privateKey: { type: 'string', secret: true },
    user: { type: 'string' },
    previousFingerprint: { type: 'string' },
  },
  required: ['account', 'createdAt', 'privateKey'],
}

export const snowflakeOutputsSchema: SchemaObject = {
  type: 'object',
  properties: {
    account: { type: 'string' },
    user: { type: 'string' },
    privateKey: { type: 'string', secret: true },
    rotatedAt: { type: 'string' },
  },
  required: ['account', 'user', 'privateKey', 'rotatedAt'],
}
