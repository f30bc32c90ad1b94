import type { SchemaObject } from '../schema/index.ts'
import { type Secret, secret } from '../secret.ts'
import { readEntries, secretsByName } from './entries.ts'
import { gcpFault } from './gcp-api.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  gcp:
    login:
      fn::open::gcp-login:
        project: 123456789012
        oidc:
          workloadPoolId: esc
          providerId: esc
          serviceAccount: esc@foo-bar-123456.iam.gserviceaccount.com
    secrets:
      fn::open::gcp-secrets:
        login: \${gcp.login}
        access:
          api-key:
            name: api-key
          app-secret:
            name: app-secret
            version: 2
`

export type GcpSecretsInputs = {
  readonly login: { readonly project: number; readonly accessToken: Secret<string> }
  readonly access: Readonly<Record<string, { readonly name: string; readonly version?: number }>>
}

const login: SchemaObject = {
  type: 'object',
  properties: {
    project: { type: 'number' },
    accessToken: { type: 'string', secret: true },
    tokenType: { type: 'string' },
    expiry: { type: 'string' },
  },
  required: ['project', 'accessToken'],
}

/** Secrets of Google Secret Manager. */
export function gcpSecretsProvider(network: ProviderNetwork = {}): Provider<GcpSecretsInputs> {
  return {
    name: 'gcp-secrets',
    description: 'Secrets of Google Cloud Secret Manager.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login,
        access: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
              version: { type: 'number', minimum: 1, multipleOf: 1 },
            },
            required: ['name'],
          },
        },
      },
      required: ['login', 'access'],
    },
    outputs: secretsByName,
    shareable: true,

    open: ({ login: { project, accessToken }, access }, context) =>
      readEntries(access, async ({ name: id, version = 'latest' }, name) => {
        const doing = `\`access.${name}\`: access of version ${version} of ${id} in project ${project}`
        const url = `https://secretmanager.googleapis.com/v1/projects/${project}/secrets/${id}/versions/${version}:access`
        const token = accessToken.reveal()
        const headers = { authorization: `Bearer ${token}` }
        const call = { provider: 'gcp-secrets', doing, url, headers, hidden: [token], readFault: gcpFault, hints }
        const data = memberOf(memberOf((await callVendor(call, network, context)).json, 'payload'), 'data')
        if (typeof data !== 'string') throw malformedAnswer('gcp-secrets', doing)
        const bytes = Buffer.from(data, 'base64')
        const text = bytes.toString()
        if (Buffer.from(text).equals(bytes)) return secret(text)
        context.warn?.(`gcp-secrets: \`access.${name}\`: ${id} is binary, so it is given in base64`)
        return secret(bytes.toString('base64'))
      }),
  }
}

export const gcpSecrets = gcpSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  NOT_FOUND: 'check the name of the secret, the version, and the number of the project in the login',
  PERMISSION_DENIED:
    'whoever logs in needs the role Secret Manager Secret Accessor (secretmanager.versions.access) on the secret',
  UNAUTHENTICATED: 'log in anew: the access token has expired or is wrong',
  FAILED_PRECONDITION: 'this version is disabled or destroyed',
}
