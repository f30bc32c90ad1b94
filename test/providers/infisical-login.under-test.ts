import { infisicalLoginProvider } from '../../src/providers/infisical-login.ts'
import { secret } from '../../src/secret.ts'
import type { Fault, ProviderUnderTest } from './provider-under-test.ts'

const given = { clientId: 'client-1', clientSecret: secret('secret-of-client-1') }

export const underTest: ProviderUnderTest = {
  make: infisicalLoginProvider,
  inputs: (siteUrl) => ({ siteUrl, static: given }),
  opens: (siteUrl) => ({ accessToken: secret('infisical-token'), siteUrl }),
  lasts: '2026-03-04T07:06:07.000Z',
  refused: [
    [{ siteUrl: 'http://infisical.example.org', static: given }, /`siteUrl`/],
    [{ static: { clientId: 'client-1' } }, /clientSecret/],
  ],
  vendor: {
    named: true,
    answer({ method, path, json }) {
      const { clientId, clientSecret } = json as Record<string, string>
      if (method !== 'POST' || path !== '/api/v1/auth/universal-auth/login')
        return fault({ status: 404, code: 'NotFound', text: path })
      if (clientId !== 'client-1' || clientSecret !== 'secret-of-client-1')
        return fault({ status: 401, code: 'Unauthorized', text: 'Invalid credentials' })
      return { status: 200, body: { accessToken: 'infisical-token', expiresIn: 7200, tokenType: 'Bearer' } }
    },
    fault,
    denied: { status: 401, code: 'Unauthorized', text: 'Invalid credentials', hint: /credentials/ },
    expired: { status: 401, code: 'UnauthorizedError', text: 'Token is expired', hint: /issuer/ },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { reqId: 'r', statusCode: status, message: text, error: code } }
}
