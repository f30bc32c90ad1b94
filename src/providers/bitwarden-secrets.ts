import { EscError } from '../errors.ts'
import { type Secret, secret } from '../secret.ts'
import { decryptEncString } from './bitwarden-crypto.ts'
import { bitwardenFault, bitwardenSites, logInToBitwarden } from './bitwarden-login.ts'
import { readEntries, secretsByName } from './entries.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  bitwarden:
    secrets:
      fn::open::bitwarden-secrets:
        login:
          accessToken: {fn::secret: "0.…"}
        get:
          api-key:
            secretId: 27d0dc4c-2c0b-4a37-8a42-b39d0118e2e5
`

export type BitwardenSecretsInputs = {
  readonly login: { readonly accessToken: Secret<string> }
  readonly serverUrl?: string
  readonly get: Readonly<Record<string, { readonly secretId: string }>>
}

/**
 * Secrets of Bitwarden Secrets Manager, decrypted here: the server never has the key of the
 * organization.
 */
export function bitwardenSecretsProvider(network: ProviderNetwork = {}): Provider<BitwardenSecretsInputs> {
  return {
    name: 'bitwarden-secrets',
    description: 'Secrets of Bitwarden Secrets Manager.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: {
          type: 'object',
          additionalProperties: false,
          properties: {
            accessToken: { type: 'string', secret: true, description: 'Of a machine account; 0.ID.SECRET:KEY.' },
          },
          required: ['accessToken'],
        },
        serverUrl: {
          type: 'string',
          description: 'https://vault.bitwarden.eu, or a server of your own. Default: the one in the US.',
        },
        get: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: {
              secretId: { type: 'string', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' },
            },
            required: ['secretId'],
          },
        },
      },
      required: ['login', 'get'],
    },
    outputs: secretsByName,
    shareable: true,

    async open({ login: { accessToken }, serverUrl, get }, context) {
      const sites = bitwardenSites(serverUrl)
      const { bearer, organizationKey } = await logInToBitwarden(accessToken, sites, network, context)
      const call = {
        provider: 'bitwarden-secrets',
        headers: { authorization: `Bearer ${bearer}` },
        hidden: [bearer],
        readFault: bitwardenFault,
        hints,
        ...(sites.named && { named: sites.named }),
      }
      return readEntries(get, async ({ secretId }, name) => {
        const doing = `\`get.${name}\`: reading secret ${secretId}`
        const { json } = await callVendor({ ...call, doing, url: `${sites.api}/secrets/${secretId}` }, network, context)
        const value = textIn(json, 'value')
        if (value === undefined) throw malformedAnswer('bitwarden-secrets', doing)
        const decrypted = decryptEncString(value, organizationKey)
        if (decrypted.kind === 'plaintext') return secret(decrypted.text)
        const problem =
          decrypted.kind === 'wrong key'
            ? 'it was not encrypted with the key of the organization, or was changed since'
            : `its encryption is of type ${decrypted.type || 'none'}, which esc does not know`
        throw new EscError('provider_failed', `bitwarden-secrets: ${doing}: ${problem}`, {
          hint: 'write the value once more in Secrets Manager',
        })
      })
    },
  }
}

export const bitwardenSecrets = bitwardenSecretsProvider()

const noSecret =
  'check `secretId`, and that the machine account may read the secret or its project: Bitwarden does not tell the two apart'

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'the access token was revoked a moment ago: make another one',
  'HTTP 403': 'the machine account may not read the secret',
  'HTTP 404': noSecret,
}
