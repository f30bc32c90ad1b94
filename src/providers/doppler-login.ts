import { secret } from '../secret.ts'
import { type DopplerLogin, dopplerFault, dopplerLoginSchema } from './doppler-api.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { lastsUntil } from './lifetime.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  doppler:
    login:
      fn::open::doppler-login:
        oidc:
          identityId: 00000000-0000-0000-0000-000000000000
`

export type DopplerLoginInputs = {
  readonly oidc: { readonly identityId: string; readonly subjectAttributes?: readonly string[] }
}

/** A token of Doppler for the identity token of the store. */
export function dopplerLoginProvider(network: ProviderNetwork = {}): Provider<DopplerLoginInputs> {
  return {
    name: 'doppler-login',
    description: 'A short-lived token of Doppler.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        oidc: {
          type: 'object',
          additionalProperties: false,
          properties: {
            identityId: { type: 'string', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' },
            subjectAttributes: subjectAttributesSchema,
          },
          required: ['identityId'],
        },
      },
      required: ['oidc'],
    },
    outputs: dopplerLoginSchema,
    shareable: true,

    async open({ oidc: { identityId, subjectAttributes } }, context): Promise<DopplerLogin> {
      const request = { provider: 'doppler-login', audience: 'doppler', subjectAttributes }
      const token = await requireIdentityToken(context, request)
      const doing = `login as identity ${identityId}`
      const url = 'https://api.doppler.com/v3/auth/oidc'
      const body = { token, identity: identityId }
      const call = { provider: 'doppler-login', doing, url, body, hidden: [token], readFault: dopplerFault, hints }
      const { json } = await callVendor(call, network, context)
      const made = textIn(json, 'token')
      if (made === undefined) throw malformedAnswer('doppler-login', doing)
      lastsUntil(context, memberOf(json, 'expires_at'))
      return { accessToken: secret(made) }
    },
  }
}

export const dopplerLogin = dopplerLoginProvider()

const hints: Readonly<Record<string, string>> = {
  'HTTP 400': "the identity must trust the store's issuer, audience and subject",
  'HTTP 401': "the identity must trust the store's issuer, audience and subject; set the clock of this machine right",
  'HTTP 403': "the identity must trust the store's issuer, audience and subject",
  'HTTP 404': 'check `identityId`',
}
