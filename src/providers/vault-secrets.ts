import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { secret } from '../secret.ts'
import { readEntries } from './entries.ts'
import type { Provider } from './provider.ts'
import { callVault, type VaultLogin, vaultLoginSchema, vaultPath } from './vault-api.ts'
import { malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  vault:
    login:
      fn::open::vault-login:
        address: https://vault.example.org:8200
        jwt:
          role: example-role
    secrets:
      fn::open::vault-secrets:
        login: \${vault.login}
        read:
          api-key:
            path: secret/data/api
            field: key
          app:
            path: secret/data/app
`

export type VaultSecretsInputs = {
  readonly login: VaultLogin
  readonly read: Readonly<Record<string, { readonly path: string; readonly field?: string }>>
}

/** Reads whatever is at paths of Vault or OpenBao: of any engine that answers a read with data. */
export function vaultSecretsProvider(network: ProviderNetwork = {}): Provider<VaultSecretsInputs> {
  return {
    name: 'vault-secrets',
    description: 'Secrets of HashiCorp Vault or OpenBao.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: vaultLoginSchema,
        read: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: { path: { type: 'string' }, field: { type: 'string' } },
            required: ['path'],
          },
        },
      },
      required: ['login', 'read'],
    },
    outputs: { type: 'object', additionalProperties: true },
    shareable: true,

    open: ({ login, read }, context) =>
      readEntries(read, async ({ path, field }, name) => {
        const doing = `\`read.${name}\`: reading ${path}`
        const within = vaultPath('vault-secrets', `read.${name}.path`, path)
        const call = { provider: 'vault-secrets', doing, ...login, path: within, hidden: [], hints }
        const data = memberOf((await callVault(call, network, context)).json, 'data')
        if (typeof data !== 'object' || data === null) throw malformedAnswer('vault-secrets', doing)
        return secret(field === undefined ? (data as PlainObject) : fieldOf(data, field, doing))
      }),
  }
}

export const vaultSecrets = vaultSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  'HTTP 403': 'the token must be valid, in the right namespace, and have a policy with `read` on the path',
  'HTTP 404': 'check the path and the namespace; paths of KV version 2 have data/ after the mount: secret/data/shop',
  'HTTP 503': 'the server is sealed or in maintenance: unseal it, or try again later',
}

/** A field of the data; of KV version 2, one of the secret, which is in its `data`. */
function fieldOf(data: object, field: string, doing: string): Plain {
  const versioned = memberOf(data, 'metadata') === undefined ? undefined : memberOf(data, 'data')
  const place = [data, versioned].find((each) => memberOf(each, field) !== undefined)
  if (place !== undefined) return memberOf(place, field) as Plain
  const names = Object.keys((typeof versioned === 'object' && versioned) || data)
  throw new EscError('provider_failed', `vault-secrets: ${doing} gave no field ${JSON.stringify(field)}`, {
    hint: names.length === 0 ? 'there are no fields' : `there are ${names.join(', ')}`,
  })
}
