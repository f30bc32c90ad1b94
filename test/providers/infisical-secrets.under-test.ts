import { infisicalSecretsProvider } from '../../src/providers/infisical-secrets.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const login = { accessToken: secret('infisical-token') }
const place = { projectId: 'project-1', environment: 'dev' }
const kept: Readonly<Record<string, string>> = {
  'API_KEY / shared': 'infisical-api-key',
  'TOKEN /team/a personal': 'infisical-own-token',
}

export const underTest: ProviderUnderTest = {
  make: infisicalSecretsProvider,
  inputs: () => ({
    login,
    get: {
      key: { ...place, secretKey: 'API_KEY' },
      own: { ...place, secretKey: 'TOKEN', secretPath: '/team/a', type: 'personal' },
    },
  }),
  opens: { key: secret('infisical-api-key'), own: secret('infisical-own-token') },
  refused: [
    [{ login, get: { x: { ...place } } }, /secretKey/],
    [{ login, get: { x: { ...place, secretKey: 'A', type: 'mine' } } }, /type/],
  ],
  vendor: {
    entries: 2,
    answer(request) {
      const { method, host, path, query } = request
      if (bearer(request) !== 'infisical-token') return fault({ status: 401, code: 'Unauthorized', text: 'no token' })
      const [, key] = /^\/api\/v3\/secrets\/raw\/([^/]+)$/.exec(path) ?? []
      const right =
        method === 'GET' &&
        host === 'app.infisical.com' &&
        query.get('workspaceId') === 'project-1' &&
        query.get('environment') === 'dev'
      const value = right ? kept[`${key} ${query.get('secretPath')} ${query.get('type')}`] : undefined
      if (value === undefined)
        return fault({ status: 404, code: 'NotFound', text: `Secret with name ${key} not found` })
      return { status: 200, body: { secret: { secretKey: key, secretValue: value, version: 1 } } }
    },
    fault,
    denied: { status: 403, code: 'PermissionDenied', text: 'You are not allowed', hint: /role/ },
    expired: { status: 401, code: 'TokenError', text: 'expired', hint: /log in anew/ },
    missing: {
      inputs: () => ({
        login,
        get: { fine: { ...place, secretKey: 'API_KEY' }, gone: { ...place, secretKey: 'KEY_API' } },
      }),
      says: /^infisical-secrets: `get\.gone`: reading KEY_API at \/ of dev in project project-1 failed: NotFound/,
    },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { reqId: 'r', statusCode: status, message: text, error: code } }
}
