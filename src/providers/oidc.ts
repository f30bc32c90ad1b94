import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import { secret } from '../secret.ts'
import { requireIdentityToken } from './identity.ts'
import { identityTokenBounds, lastsAsToken, lifetimeSchema, wantedSeconds } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'

const example = `values:
  token:
    fn::open::oidc:
      audience: https://api.example.org
      identityToken:
        version: v2
      duration: 15m
`

type OidcInputs = {
  readonly audience: string
  readonly identityToken: { readonly version: 'v2' }
  readonly duration?: string
}

const inputs: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    audience: {
      type: 'string',
      minLength: 1,
      maxLength: 512,
      description: 'The claim `aud`: who is to take the token.',
    },
    identityToken: {
      type: 'object',
      additionalProperties: false,
      properties: { version: { type: 'string', const: 'v2' } },
      required: ['version'],
    },
    duration: { ...lifetimeSchema, default: '1h' },
  },
  required: ['audience', 'identityToken'],
}

/** An identity token of the store for whoever trusts its issuer: a text, not credentials. */
export const oidc: Provider<OidcInputs> = {
  name: 'oidc',
  description: 'An identity token of the environment, for an audience of your choice.',
  example,
  inputs,
  outputs: { type: 'string', secret: true },

  async open({ audience, identityToken: { version }, duration }, context) {
    const seconds = durationOf(duration, context)
    const token = await requireIdentityToken(context, { provider: 'oidc', audience, version, seconds })
    lastsAsToken(context, token)
    return secret(token)
  },
}

function durationOf(text: string | undefined, context: ProviderContext): number {
  try {
    return wantedSeconds(text, context, { input: 'oidc: `duration`', ...identityTokenBounds })
  } catch {
    throw new EscError('invalid_input', 'oidc: duration must be between 1m0s and 1h0m0s', {
      hint: 'write a time such as 1h or 30m',
    })
  }
}
