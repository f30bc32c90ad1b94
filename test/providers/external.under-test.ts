import { createHash } from 'node:crypto'
import { externalProvider } from '../../src/providers/external.ts'
import { secret } from '../../src/secret.ts'
import { bearer, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const request = { key: 'key-of-the-caller', want: 'coupons' }

export const underTest: ProviderUnderTest = {
  make: externalProvider,
  inputs: (server) => ({ url: `${server}/coupons`, request: { ...request, key: secret(request.key) } }),
  opens: { response: secret({ coupons: ['first-coupon', 'second-coupon'] }) },
  refused: [
    [{ url: 'http://service.example.org' }, /url/],
    [{ url: 'https://user:pass@service.example.org' }, /without user, password/],
    [{ url: 'https://service.example.org', secret: 'yes' }, /secret/],
  ],
  vendor: {
    named: true,
    secure: true,
    anyJson: true,
    answer(asked) {
      const { method, path, body, headers } = asked
      const hash = createHash('sha256').update(body).digest('base64')
      const token = identityTokenFor(`https://${headers.host}${path}`, { body_hash: `sha256-${hash}` })
      if (bearer(asked) !== token) return { status: 401, body: 'who are you?' }
      if (method !== 'POST' || path !== '/coupons' || JSON.stringify(JSON.parse(body)) !== JSON.stringify(request))
        return { status: 404, body: 'nothing of the kind' }
      return { status: 200, body: { coupons: ['first-coupon', 'second-coupon'] } }
    },
    fault: ({ status, text }) => ({ status, body: text }),
    denied: { status: 403, code: 'HTTP 403', text: 'not you', hint: /admit this environment/ },
    expired: { status: 401, code: 'HTTP 401', text: 'expired', hint: /keys of this store/ },
    missing: {
      inputs: (server) => ({ url: `${server}/nothing` }),
      says: /^external: the request to .* failed: HTTP 404$/,
    },
  },
}
