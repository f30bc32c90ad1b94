import { secret } from '../secret.ts'
import { awsLoginSchema, awsRegionSchema, callAws } from './aws-api.ts'
import type { AwsLogin } from './aws-signature.ts'
import { entriesOf, readEntries, secretsByName } from './entries.ts'
import type { Provider } from './provider.ts'
import { malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
    secrets:
      fn::open::aws-secrets:
        region: us-west-1
        login: \${aws.login}
        get:
          api-key:
            secretId: api-key
          app-secret:
            secretId: app-secret
            versionStage: AWSPREVIOUS
`

export type AwsSecretsInputs = {
  readonly region: string
  readonly login: AwsLogin
  readonly get: Readonly<
    Record<string, { readonly secretId: string; readonly versionId?: string; readonly versionStage?: string }>
  >
}

/** Secrets of AWS Secrets Manager. */
export function awsSecretsProvider(network: ProviderNetwork = {}): Provider<AwsSecretsInputs> {
  return {
    name: 'aws-secrets',
    description: 'Secrets of AWS Secrets Manager.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        region: awsRegionSchema,
        login: awsLoginSchema,
        get: entriesOf(
          {
            secretId: { type: 'string' },
            versionId: { type: 'string' },
            versionStage: { type: 'string', default: 'AWSCURRENT' },
          },
          ['secretId'],
        ),
      },
      required: ['region', 'login', 'get'],
    },
    outputs: secretsByName,
    shareable: true,

    open: ({ region, login, get }, context) =>
      readEntries(get, async ({ secretId, versionId, versionStage }, name) => {
        const doing = `\`get.${name}\`: GetSecretValue of ${secretId} in ${region}`
        const body = {
          SecretId: secretId,
          ...(versionId !== undefined && { VersionId: versionId }),
          ...(versionStage !== undefined && { VersionStage: versionStage }),
        }
        const [service, target] = ['secretsmanager', 'secretsmanager.GetSecretValue'] as const
        const call = { provider: 'aws-secrets', doing, service, target, region, login, body, hints }
        const { json } = await callAws(call, network, context)
        const [text, bytes] = [memberOf(json, 'SecretString'), memberOf(json, 'SecretBinary')]
        if (typeof text === 'string') return secret(text)
        if (typeof bytes !== 'string') throw malformedAnswer('aws-secrets', doing)
        context.warn?.(`aws-secrets: \`get.${name}\`: ${secretId} is binary, so it is given in base64`)
        return secret(bytes)
      }),
  }
}

export const awsSecrets = awsSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'check the name or ARN, the region, and the version',
  AccessDeniedException:
    'the login needs secretsmanager:GetSecretValue on the secret, and kms:Decrypt on its key where that is your own',
  InvalidRequestException: 'the secret may be marked for deletion: restore it',
  DecryptionFailure: 'the login needs kms:Decrypt on the key of the secret',
}
