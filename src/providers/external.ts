import { createHash } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { Plain } from '../plain.ts'
import { rich, step, type Text } from '../rich-text.ts'
import { secret } from '../secret.ts'
import { requireIdentityToken } from './identity.ts'
import type { Provider } from './provider.ts'
import { callVendor, malformedAnswer, type ProviderNetwork } from './vendor-call.ts'

const example = `values:
  coupons:
    fn::open::external:
      url: https://secrets.example.org/coupons
      request:
        shop: api
`

export type ExternalProviderInputs = {
  readonly url: string
  readonly request?: Plain
  readonly secret?: boolean
}

/**
 * Whatever a web service of one's own answers. The request is signed with the store's key, as those
 * of the rotator `external` are.
 */
export function externalProvider(network: ProviderNetwork = {}): Provider<ExternalProviderInputs> {
  return {
    name: 'external',
    description: 'Whatever a web service of your own answers.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        url: { type: 'string', pattern: '^https://' },
        request: true,
        secret: { type: 'boolean', default: true },
      },
      required: ['url'],
    },
    outputs: { type: 'object', properties: { response: true }, required: ['response'] },

    async open({ url, request = {}, secret: isSecret = true }, context) {
      const host = requireUrl(url)
      const body = JSON.stringify(request)
      const hash = `sha256-${createHash('sha256').update(body).digest('base64')}`
      const token = await requireIdentityToken(context, {
        provider: 'external',
        audience: undefined,
        service: url,
        claims: { body_hash: hash },
      })
      const doing = `the request to ${host}`
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const call = { provider: 'external', doing, url, body, headers, hidden: [token], readFault, hints }
      const { json } = await callVendor({ ...call, named: true }, network, context)
      if (json === undefined) throw malformedAnswer('external', doing)
      return { response: isSecret ? secret(json as Plain) : (json as Plain) }
    },
  }
}

export const readExternal = externalProvider()

const hints: Readonly<Record<string, Text>> = {
  'HTTP 401': rich`the service must verify tokens with the keys of this store: ${step('print them', { do: 'show-signing-keys' })}`,
  'HTTP 403': 'the service must admit this environment: the claims of the token say which it is',
  'HTTP 404': 'check `url`',
}

/** Nothing of what the service said: it may hold secrets. */
function readFault({ status }: HttpAnswer): VendorFault {
  return { code: `HTTP ${status}` }
}

function requireUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url !== undefined && url.protocol === 'https:' && url.username + url.password + url.hash === ''
  if (bare) return url.host
  throw new EscError('invalid_input', 'external: `url` is not an https URL without user, password and fragment', {
    hint: 'write it as https://host/path',
  })
}
