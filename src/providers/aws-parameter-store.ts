import { secret } from '../secret.ts'
import { awsLoginSchema, awsRegionSchema, callAws } from './aws-api.ts'
import type { AwsLogin } from './aws-signature.ts'
import { entriesOf, readEntries } from './entries.ts'
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
    params:
      fn::open::aws-parameter-store:
        region: us-west-1
        login: \${aws.login}
        get:
          app-secret:
            name: /path/to/app/secret
            decrypt: true
`

export type AwsParameterStoreInputs = {
  readonly region: string
  readonly login: AwsLogin
  readonly get: Readonly<Record<string, { readonly name: string; readonly decrypt?: boolean }>>
}

/** Parameters of AWS Systems Manager. */
export function awsParameterStoreProvider(network: ProviderNetwork = {}): Provider<AwsParameterStoreInputs> {
  return {
    name: 'aws-parameter-store',
    description: 'Parameters of AWS Systems Manager Parameter Store.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        region: awsRegionSchema,
        login: awsLoginSchema,
        get: entriesOf({ name: { type: 'string' }, decrypt: { type: 'boolean', default: false } }, ['name']),
      },
      required: ['region', 'login', 'get'],
    },
    outputs: {
      type: 'object',
      additionalProperties: {
        anyOf: [
          { type: 'string', secret: true },
          { type: 'array', items: { type: 'string' }, secret: true },
        ],
      },
    },
    shareable: true,

    open: ({ region, login, get }, context) =>
      readEntries(get, async ({ name: parameter, decrypt = false }, name) => {
        const doing = `\`get.${name}\`: GetParameter of ${parameter} in ${region}`
        const body = { Name: parameter, WithDecryption: decrypt }
        const [service, target] = ['ssm', 'AmazonSSM.GetParameter'] as const
        const call = { provider: 'aws-parameter-store', doing, service, target, region, login, body, hints }
        const found = memberOf((await callAws(call, network, context)).json, 'Parameter')
        const value = memberOf(found, 'Value')
        if (typeof value !== 'string') throw malformedAnswer('aws-parameter-store', doing)
        if (memberOf(found, 'Type') === 'SecureString' && !decrypt) {
          context.warn?.(
            `aws-parameter-store: \`get.${name}\`: ${parameter} is encrypted, and given so; write \`decrypt: true\` to decrypt it`,
          )
        }
        return secret(memberOf(found, 'Type') === 'StringList' ? value.split(',') : value)
      }),
  }
}

export const awsParameterStore = awsParameterStoreProvider()

const hints: Readonly<Record<string, string>> = {
  ParameterNotFound: 'check the name, which begins with a slash where it has several parts, and the region',
  ParameterVersionNotFound: 'check the version or label after the colon',
  AccessDeniedException:
    'the login needs ssm:GetParameter on the parameter, and kms:Decrypt on its key where that is your own',
  InvalidKeyId: 'the key of the parameter is gone or disabled',
}
