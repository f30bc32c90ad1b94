import { secret } from '../secret.ts'
import { type DopplerLogin, dopplerFault, dopplerLoginSchema } from './doppler-api.ts'
import { readEntries, secretsByName } from './entries.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  doppler:
    login:
      fn::open::doppler-login:
        oidc:
          identityId: 00000000-0000-0000-0000-000000000000
    secrets:
      fn::open::doppler-secrets:
        login: \${doppler.login}
        project: example-project
        config: dev
        get:
          api-key:
            name: API_KEY
          app-secret:
            name: APP_SECRET
`

export type DopplerSecretsInputs = {
  readonly login: DopplerLogin
  readonly project: string
  readonly config: string
  readonly get: Readonly<Record<string, { readonly name: string }>>
}

/** Secrets of a config of Doppler, with references to others resolved. */
export function dopplerSecretsProvider(network: ProviderNetwork = {}): Provider<DopplerSecretsInputs> {
  return {
    name: 'doppler-secrets',
    description: 'Secrets of Doppler.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        login: dopplerLoginSchema,
        project: { type: 'string' },
        config: { type: 'string' },
        get: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: { name: { type: 'string' } },
            required: ['name'],
          },
        },
      },
      required: ['login', 'project', 'config', 'get'],
    },
    outputs: secretsByName,
    shareable: true,

    open: ({ login: { accessToken }, project, config, get }, context) =>
      readEntries(get, async ({ name: id }, name) => {
        const doing = `\`get.${name}\`: reading ${id} of ${project}/${config}`
        const query = new URLSearchParams({ project, config, name: id })
        const url = `https://api.doppler.com/v3/configs/config/secret?${query}`
        const token = accessToken.reveal()
        const headers = { authorization: `Bearer ${token}` }
        const call = {
          provider: 'doppler-secrets',
          doing,
          url,
          headers,
          hidden: [token],
          readFault: dopplerFault,
          hints,
        }
        const value = memberOf((await callVendor(call, network, context)).json, 'value')
        const computed = memberOf(value, 'computed')
        if (typeof computed !== 'string') throw malformedAnswer('doppler-secrets', doing)
        return secret(computed)
      }),
  }
}

export const dopplerSecrets = dopplerSecretsProvider()

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'log in anew: the token has expired or is wrong',
  'HTTP 403': 'the identity needs read access to this config, and the secret must not be restricted',
  'HTTP 404': 'check project, config and name',
}
