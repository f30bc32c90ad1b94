import type { SchemaObject } from '../schema/index.ts'
import { secret } from '../secret.ts'
import { awsFault, awsLoginSchema, textOf } from './aws-api.ts'
import { awsEndpoint, partitionOf } from './aws-endpoint.ts'
import type { AwsLogin } from './aws-signature.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { lastsUntil, lifetimeSchema, wantedSeconds } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
  environmentVariables:
    AWS_ACCESS_KEY_ID: \${aws.login.accessKeyId}
    AWS_SECRET_ACCESS_KEY: \${aws.login.secretAccessKey}
    AWS_SESSION_TOKEN: \${aws.login.sessionToken}
`

export type AwsLoginInputs = {
  readonly oidc?: {
    readonly roleArn: string
    readonly sessionName: string
    readonly duration?: string
    readonly policyArns?: readonly string[]
    readonly subjectAttributes?: readonly string[]
  }
  readonly static?: AwsLogin
}

const oidc: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    roleArn: { type: 'string', minLength: 20, maxLength: 2048 },
    sessionName: { type: 'string', minLength: 2, maxLength: 64, pattern: '^[\\w+=,.@-]*$' },
    duration: { ...lifetimeSchema, default: '2h' },
    policyArns: { type: 'array', items: { type: 'string' } },
    subjectAttributes: subjectAttributesSchema,
  },
  required: ['roleArn', 'sessionName'],
}

/**
 * Credentials for AWS. `static` hands on what it is given and makes no call; `oidc` takes on a role
 * that trusts the store's issuer.
 */
export function awsLoginProvider(network: ProviderNetwork = {}): Provider<AwsLoginInputs> {
  return {
    name: 'aws-login',
    description: 'Credentials for AWS.',
    example,
    inputs: {
      oneOf: [
        { type: 'object', additionalProperties: false, properties: { oidc }, required: ['oidc'] },
        { type: 'object', additionalProperties: false, properties: { static: awsLoginSchema }, required: ['static'] },
      ],
    },
    outputs: awsLoginSchema,
    shareable: true,

    async open(inputs, context) {
      if (inputs.oidc !== undefined) return assumeRole(inputs.oidc, network, context)
      context.lasts?.('always')
      const { accessKeyId, secretAccessKey, sessionToken } = inputs.static as AwsLogin
      return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
    },
  }
}

export const awsLogin = awsLoginProvider()

const hints: Readonly<Record<string, string>> = {
  AccessDenied:
    'the trust policy of the role must allow sts:AssumeRoleWithWebIdentity for this issuer, audience and subject',
  InvalidIdentityToken:
    "make the store's issuer an identity provider of the AWS account, with this audience and the present keys",
  IDPCommunicationError: 'AWS fetches the keys from the issuer: it must answer on the public internet',
  ExpiredTokenException: 'set the clock of this machine right',
  ValidationError: 'the duration may be more than the role allows (1h unless it was raised): set `duration`',
}

/** The token is the authority: the request is not signed. */
async function assumeRole(
  { roleArn, sessionName, duration, policyArns = [], subjectAttributes }: NonNullable<AwsLoginInputs['oidc']>,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<AwsLogin> {
  const seconds = wantedSeconds(duration, context, {
    input: 'aws-login: `duration`',
    usual: 7200,
    least: 900,
    most: 43_200,
  })
  const token = await requireIdentityToken(context, { provider: 'aws-login', audience: 'aws', subjectAttributes })
  const doing = `AssumeRoleWithWebIdentity of ${roleArn}`
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
    DurationSeconds: String(seconds),
  })
  for (const [index, arn] of policyArns.entries()) body.set(`PolicyArns.member.${index + 1}.arn`, arn)
  // The partition of the role decides which AWS is asked.
  const { url } = awsEndpoint('sts', { partition: partitionOf(roleArn) }, context.env ?? {})
  const call = { provider: 'aws-login', doing, url: `${url}/`, body, hidden: [token], readFault: awsFault, hints }
  const { text: answer } = await callVendor(call, network, context)
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) =>
    textOf(answer, name),
  )
  if (!accessKeyId || !secretAccessKey || !sessionToken) throw malformedAnswer('aws-login', doing)
  lastsUntil(context, textOf(answer, 'Expiration'))
  return { accessKeyId, secretAccessKey: secret(secretAccessKey), sessionToken: secret(sessionToken) }
}
