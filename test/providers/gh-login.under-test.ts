import { ghLoginProvider } from '../../src/providers/gh-login.ts'
import { secret } from '../../src/secret.ts'
import { claimsOf, rsaKey } from './jwt.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const key = rsaKey()
const now = Date.parse('2026-03-04T05:06:07Z') / 1000
const app = { appId: 1234, privateKey: secret(key.privatePem), owner: 'shop' }

export const underTest: ProviderUnderTest = {
  make: ghLoginProvider,
  inputs: () => ({ ...app, repositories: ['api'], permissions: { contents: 'read' } }),
  opens: {
    appId: 1234,
    appSlug: 'shop-bot',
    installationId: 77,
    accessToken: secret('ghs_token-of-installation'),
    expiry: '2026-03-04T06:06:07Z',
    type: 'installation',
  },
  lasts: '2026-03-04T06:06:07.000Z',
  refused: [
    [{ ...app, appId: 'shop-bot' }, /appId/],
    [{ ...app, owner: 'a/b' }, /owner/],
    [{ ...app, ghe: { host: 'evil.example/' } }, /host/],
    [{ ...app, privateKey: secret('-----BEGIN nothing') }, /is no RSA key in PEM/],
  ],
  vendor: {
    answer(request) {
      const { method, host, path, json, headers } = request
      if (host !== 'api.github.com' || headers['user-agent'] !== 'esc')
        return fault({ status: 403, code: '', text: 'Request forbidden by administrative rules.' })
      const claims = claimsOf(bearer(request), key)
      const fresh = claims?.iss === '1234' && claims.iat === now - 60 && claims.exp === now + 540
      if (!fresh) return fault({ status: 401, code: '', text: 'A JSON web token could not be decoded' })
      if (path === '/orgs/shop/installation') return { status: 200, body: { id: 77, app_slug: 'shop-bot' } }
      if (method !== 'POST' || path !== '/app/installations/77/access_tokens')
        return fault({ status: 404, code: '', text: 'Not Found' })
      const wanted = { repositories: ['api'], permissions: { contents: 'read' } }
      if (JSON.stringify(json) !== JSON.stringify(wanted)) return fault({ status: 422, code: '', text: 'not granted' })
      return { status: 201, body: { token: 'ghs_token-of-installation', expires_at: '2026-03-04T06:06:07Z' } }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'This installation has been suspended', hint: /suspended/ },
    expired: { status: 401, code: 'HTTP 401', text: "'Expiration time' claim is too old", hint: /clock/ },
    missing: {
      inputs: () => ({ ...app, owner: 'nobody' }),
      says: /^gh-login: look-up of the installation at nobody failed: HTTP 404: Not Found/,
    },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { message: text, documentation_url: 'https://docs.github.com' } }
}
