import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'

/** The output shape of the `aws-login` provider. */
export type IamLogin = {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret<string>
  readonly sessionToken?: Secret<string>
}

export type AwsIamInputs = {
  readonly region?: string
  readonly login: IamLogin
  readonly userArn: string
}

export type AccessKey = {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret<string>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
  /** The name of `createdAt` in older documents. Read, never written. */
  readonly createDate?: string
}

export type AwsIamState = {
  readonly current: AccessKey
  readonly previous?: AccessKey
}

/**
 * The record that a killed run leaves behind.
 * - `creating`: CreateAccessKey may or may not have been carried out. Its secret, if any, is lost.
 * - `refused`: AWS answered that it created nothing.
 * - `created`: the new key, whole.
 */
export type AwsIamPending =
  | {
      readonly phase: 'creating'
      readonly userArn: string
      /** Ids of the user's keys before: whatever is among them is not ours to clean up. */
      readonly seen: readonly string[]
      /**
       * The time when they were listed, by the clock of AWS, so that creation dates can be
       * compared with it. RFC 3339, UTC.
       */
      readonly listedAt: string
      /** The same instant by our own clock, to know later how long ago that was. RFC 3339, UTC. */
      readonly stagedAt: string
    }
  | { readonly phase: 'refused'; readonly userArn: string; readonly reason: string }
  | {
      readonly phase: 'created'
      readonly userArn: string
      readonly key: AccessKey
      /** Id of the key in our state that becomes `previous`. */
      readonly previousId?: string
      /** Id of the superseded key that should go, where the limit did not already force it out. */
      readonly retireId?: string
    }

const login: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'Credentials that may manage the access keys of the user, such as the output of aws-login.',
  properties: {
    accessKeyId: { type: 'string' },
    secretAccessKey: { type: 'string', secret: true },
    sessionToken: { type: 'string', secret: true },
  },
  required: ['accessKeyId', 'secretAccessKey'],
}

export const awsIamInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    region: { type: 'string', description: 'Region of the STS endpoint that proves the new key. Default us-east-1.' },
    login,
    userArn: { type: 'string', description: 'ARN of the IAM user whose access keys are rotated.' },
  },
  required: ['login', 'userArn'],
  rotateOnly: ['login'],
}

function keyWith(dates: Readonly<Record<string, SchemaObject>>): SchemaObject {
  return {
    type: 'object',
    properties: { accessKeyId: { type: 'string' }, secretAccessKey: { type: 'string', secret: true }, ...dates },
    required: ['accessKeyId', 'secretAccessKey'],
  }
}

const stored = keyWith({ createdAt: { type: 'string' }, createDate: { type: 'string' } })
/** A key as readers of the environment see it. */
export const keySchema = keyWith({ createdAt: { type: 'string' } })

export const awsIamStateSchema: SchemaObject = {
  type: 'object',
  properties: { current: stored, previous: stored },
  required: ['current'],
}

export const awsIamOutputsSchema: SchemaObject = {
  type: 'object',
  properties: { current: keySchema, previous: keySchema },
  required: ['current'],
}
