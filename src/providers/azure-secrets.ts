import { secret } from '../secret.ts'
import { azureFault, azureToken } from './azure-api.ts'
import { type AzureLogin, azureLoginSchema } from './azure-login.ts'
import { readEntries, secretsByName } from './entries.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  azure:
    login:
      fn::open::azure-login:
        clientId: 00000000-0000-0000-0000-000000000000
        tenantId: 11111111-1111-1111-1111-111111111111
        subscriptionId: 22222222-2222-2222-2222-222222222222
        oidc: true
    secrets:
      fn::open::azure-secrets:
        login: \${azure.login}
        vault: example-vault-name
        get:
          api-key:
            name: api-key
          app-secret:
            name: app-secret
`

export type AzureSecretsInputs = {
  readonly login: AzureLogin
  readonly vault: string
  readonly get: Readonly<Record<string, { readonly name: string; readonly version?: string }>>
}

/** Secrets of Azure Key Vault. */
export function azureSecretsProvider(network: ProviderNetwork = {}): Provider<AzureSecretsInputs> {
  return {
    name: 'azure-secrets',
    description: 'Secrets of Azure Key Vault.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: azureLoginSchema,
        vault: { type: 'string', pattern: '^[A-Za-z0-9-]+$' },
        get: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string', pattern: '^[A-Za-z0-9-]+$' },
              version: { type: 'string', pattern: '^[A-Za-z0-9]*$' },
            },
            required: ['name'],
          },
        },
      },
      required: ['login', 'vault', 'get'],
    },
    outputs: secretsByName,
    shareable: true,

    async open({ login, vault, get }, context) {
      const wish = { provider: 'azure-secrets', resource: 'https://vault.azure.net', hints }
      const token = await azureToken(login, wish, network, context)
      return readEntries(get, async ({ name: id, version = '' }, name) => {
        const doing = `\`get.${name}\`: reading ${id}${version && ` (version ${version})`} of vault ${vault}`
        const path = version === '' ? id : `${id}/${version}`
        const url = `https://${vault}.vault.azure.net/secrets/${path}?api-version=7.4`
        const headers = { authorization: `Bearer ${token}` }
        const call = { provider: 'azure-secrets', doing, url, headers, hidden: [token], readFault: azureFault, hints }
        const value = memberOf((await callVendor(call, network, context)).json, 'value')
        if (typeof value !== 'string') throw malformedAnswer('azure-secrets', doing)
        return secret(value)
      })
    },
  }
}

export const azureSecrets = azureSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  SecretNotFound: 'check the name and the version; a deleted secret must be recovered',
  Forbidden:
    'whoever logs in needs the role Key Vault Secrets User on the vault, and the vault must admit this network',
  Unauthorized: 'the vault belongs to another tenant, or the login has expired',
}
