import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import { secret } from '../secret.ts'
import { type AzureLogin, azureLoginSchema } from './azure-login.ts'
import { readEntries, secretsByName } from './entries.ts'
import type { Provider, ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

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
      const token = await tokenOf(login, network, context)
      return readEntries(get, async ({ name: id, version = '' }, name) => {
        const doing = `\`get.${name}\`: reading ${id}${version && ` (version ${version})`} of vault ${vault}`
        const path = version === '' ? id : `${id}/${version}`
        const url = `https://${vault}.vault.azure.net/secrets/${path}?api-version=7.4`
        const headers = { authorization: `Bearer ${token}` }
        const call = { provider: 'azure-secrets', doing, url, headers, hidden: [token], readFault, hints }
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
  invalid_client: 'check clientId and clientSecret of `login`, and whether the secret has expired',
  invalid_request: 'check tenantId of `login`',
  unauthorized_client: 'check clientId of `login`: the tenant does not know it',
}

async function tokenOf(
  { clientId, tenantId, clientSecret, oidc }: AzureLogin,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<string> {
  const credential = clientSecret?.reveal() ?? oidc?.token.reveal()
  if (credential === undefined || !/^[\w.-]+$/.test(tenantId)) {
    throw new EscError('invalid_input', 'azure-secrets: `login` has neither clientSecret nor oidc, or a bad tenantId', {
      hint: 'give it what azure-login gives: login: ${azure.login}',
    })
  }
  const doing = `login as ${clientId} in tenant ${tenantId}`
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'https://vault.azure.net/.default',
    client_id: clientId,
    ...(clientSecret !== undefined
      ? { client_secret: credential }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: credential,
        }),
  })
  const url = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`
  const call = { provider: 'azure-secrets', doing, url, body, hidden: [credential], readFault, hints }
  const token = textIn((await callVendor(call, network, context)).json, 'access_token')
  if (token === undefined) throw malformedAnswer('azure-secrets', doing)
  return token
}

/** The token service answers as OAuth does; a vault may put the exact code inside its error. */
function readFault({ json }: HttpAnswer): VendorFault | undefined {
  const error = memberOf(json, 'error')
  const [code, text] =
    typeof error === 'string'
      ? [error, textIn(json, 'error_description')]
      : [textIn(error, 'code'), textIn(error, 'message')]
  return code === undefined ? undefined : { code, ...(text !== undefined && { text }) }
}
