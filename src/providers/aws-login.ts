import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import type { Provider } from './provider.ts'

type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret<string>
  readonly sessionToken?: Secret<string>
}

export type AwsLoginInputs = {
  readonly oidc?: { readonly roleArn: string; readonly sessionName: string }
  readonly static?: Credentials
}

const credentials: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    accessKeyId: { type: 'string' },
    secretAccessKey: { type: 'string', secret: true },
    sessionToken: { type: 'string', secret: true },
  },
  required: ['accessKeyId', 'secretAccessKey'],
}

const oidc: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    roleArn: { type: 'string', minLength: 20, maxLength: 2048 },
    sessionName: { type: 'string', minLength: 2, maxLength: 64, pattern: '^[\\w+=,.@-]*$' },
    duration: { type: 'string', pattern: '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$', default: '2h' },
    policyArns: { type: 'array', items: { type: 'string' } },
    subjectAttributes: { type: 'array', items: { type: 'string' } },
  },
  required: ['roleArn', 'sessionName'],
}

/** Credentials for AWS. `static` hands on what it is given and makes no call. */
export const awsLogin: Provider<AwsLoginInputs> = {
  name: 'aws-login',
  description: 'Credentials for AWS.',
  inputs: {
    oneOf: [
      { type: 'object', additionalProperties: false, properties: { oidc }, required: ['oidc'] },
      { type: 'object', additionalProperties: false, properties: { static: credentials }, required: ['static'] },
    ],
  },
  outputs: credentials,

  async open(inputs) {
    if (inputs.static === undefined) {
      // Exchanging a token needs an issuer whose keys AWS can fetch over the internet; a folder has none.
      throw new EscError(
        'provider_failed',
        'aws-login: `oidc` needs an identity-token issuer, and this store has none',
        {
          hint: 'use `static` credentials, kept as `fn::secret`',
        },
      )
    }
    const { accessKeyId, secretAccessKey, sessionToken } = inputs.static
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
  },
}
