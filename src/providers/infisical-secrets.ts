import { secret } from '../secret.ts'
import { readEntries, secretsByName } from './entries.ts'
import { type InfisicalLogin, infisicalFault, infisicalLoginSchema, infisicalSite } from './infisical-api.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  infisical:
    login:
      fn::open::infisical-login:
        oidc:
          identityId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
    secrets:
      fn::open::infisical-secrets:
        login: \${infisical.login}
        get:
          api-key:
            projectId: bbbbbbbb-cccc-dddd-eeee-ffffffffffff
            environment: dev
            secretKey: API_KEY
`

export type InfisicalSecretsInputs = {
  readonly login: InfisicalLogin
  readonly get: Readonly<
    Record<
      string,
      {
        readonly projectId: string
        readonly environment: string
        readonly secretKey: string
        readonly secretPath?: string
        readonly type?: 'shared' | 'personal'
      }
    >
  >
}

/** Secrets of Infisical, with references to others resolved. */
export function infisicalSecretsProvider(network: ProviderNetwork = {}): Provider<InfisicalSecretsInputs> {
  return {
    name: 'infisical-secrets',
    description: 'Secrets of Infisical.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: infisicalLoginSchema,
        get: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              projectId: { type: 'string' },
              environment: { type: 'string' },
              secretKey: { type: 'string' },
              secretPath: { type: 'string', default: '/' },
              type: { type: 'string', enum: ['shared', 'personal'], default: 'shared' },
            },
            required: ['projectId', 'environment', 'secretKey'],
          },
        },
      },
      required: ['login', 'get'],
    },
    outputs: secretsByName,
    shareable: true,

    open({ login: { accessToken, siteUrl }, get }, context) {
      const { site, ...way } = infisicalSite('infisical-secrets', siteUrl)
      const token = accessToken.reveal()
      const headers = { authorization: `Bearer ${token}` }
      return readEntries(get, async (entry, name) => {
        const { projectId, environment, secretKey, secretPath = '/', type = 'shared' } = entry
        const doing = `\`get.${name}\`: reading ${secretKey} at ${secretPath} of ${environment} in project ${projectId}`
        const query = new URLSearchParams({ workspaceId: projectId, environment, secretPath, type })
        const url = `${site}/api/v3/secrets/raw/${encodeURIComponent(secretKey)}?${query}`
        const readFault = infisicalFault
        const call = { provider: 'infisical-secrets', doing, url, headers, hidden: [token], readFault, hints, ...way }
        const found = memberOf((await callVendor(call, network, context)).json, 'secret')
        const value = memberOf(found, 'secretValue')
        if (typeof value !== 'string') throw malformedAnswer('infisical-secrets', doing)
        return secret(value)
      })
    },
  }
}

export const infisicalSecrets = infisicalSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  Unauthorized: 'log in anew: the token has expired or is wrong',
  UnauthorizedError: 'log in anew: the token has expired or is wrong',
  TokenError: 'log in anew: the token has expired or is wrong',
  NotFound: 'check projectId, environment, secretPath and secretKey',
  Forbidden: 'the identity needs to be in the project, with a role that may read the secret',
  ForbiddenError: 'the identity needs to be in the project, with a role that may read the secret',
  PermissionDenied: 'the identity needs to be in the project, with a role that may read the secret',
}
