import { dopplerLoginProvider } from '../../src/providers/doppler-login.ts'
import { secret } from '../../src/secret.ts'
import { type Fault, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const identityId = '01234567-89ab-cdef-0123-456789abcdef'

export const underTest: ProviderUnderTest = {
  make: dopplerLoginProvider,
  inputs: () => ({ oidc: { identityId } }),
  opens: { accessToken: secret('dp.said.token-of-identity') },
  lasts: '2026-03-04T06:06:07.000Z',
  refused: [
    [{ oidc: { identityId: 'not a uuid' } }, /identityId/],
    [{}, /oidc/],
  ],
  vendor: {
    answer({ method, host, path, json }) {
      const { token, identity } = json as Record<string, string>
      if (method !== 'POST' || host !== 'api.doppler.com' || path !== '/v3/auth/oidc' || identity !== identityId)
        return fault({ status: 404, code: '', text: 'no such identity' })
      if (token !== identityTokenFor('doppler')) return fault({ status: 401, code: '', text: 'invalid token' })
      return {
        status: 200,
        body: { success: true, token: 'dp.said.token-of-identity', expires_at: '2026-03-04T06:06:07.000Z' },
      }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'not allowed', hint: /subject/ },
    expired: { status: 401, code: 'HTTP 401', text: 'token expired', hint: /clock/ },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { messages: [text], success: false } }
}
