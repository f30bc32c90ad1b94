import { type Secret, secret } from '../secret.ts'
import { readEntries, secretsByName } from './entries.ts'
import { machineOf } from './machine.ts'
import type { Provider } from './provider.ts'

const example = `values:
  1password:
    secrets:
      fn::open::1password-secrets:
        login:
          serviceAccountToken: {fn::secret: "ops_…"}
        get:
          api-key:
            ref: op://example-vault/example-item/api-key
`

export type OnePasswordSecretsInputs = {
  readonly login: { readonly serviceAccountToken: Secret<string> }
  readonly get: Readonly<Record<string, { readonly ref: string }>>
}

/**
 * Secrets of 1Password. Its protocol is spoken by its own program, `op`, with the token of the
 * definition: nothing of the user's own session is used.
 */
export const onePasswordSecrets: Provider<OnePasswordSecretsInputs> = {
  name: '1password-secrets',
  description: 'Secrets of 1Password.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      login: {
        type: 'object',
        additionalProperties: false,
        properties: { serviceAccountToken: { type: 'string', secret: true } },
        required: ['serviceAccountToken'],
      },
      get: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          properties: {
            ref: {
              type: 'string',
              pattern: '^op://[^/]+/.+',
              description: 'op://vault/item/[section/]field, with ?attribute=otp or ?ssh-format=openssh.',
            },
          },
          required: ['ref'],
        },
      },
    },
    required: ['login', 'get'],
  },
  outputs: secretsByName,
  shareable: true,

  async open({ login: { serviceAccountToken }, get }, context) {
    const machine = await machineOf(context, '1password-secrets')
    return readEntries(get, async ({ ref }, name) => {
      const doing = `1password-secrets: \`get.${name}\`: reading ${ref}`
      return secret(await machine.onePassword(ref, { token: serviceAccountToken.reveal(), doing }))
    })
  },
}
