import { gcpSecretsProvider } from '../../src/providers/gcp-secrets.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const login = {
  project: 42,
  accessToken: secret('ya29.token-of-reader'),
  tokenType: 'Bearer',
  expiry: '2026-03-04T06:06:07Z',
}
const kept: Readonly<Record<string, string>> = {
  'db/versions/latest': 'password-of-db',
  'db/versions/3': 'third-password',
}

export const underTest: ProviderUnderTest = {
  make: gcpSecretsProvider,
  inputs: () => ({ login, access: { db: { name: 'db' }, third: { name: 'db', version: 3 } } }),
  opens: { db: secret('password-of-db'), third: secret('third-password') },
  refused: [
    [{ login, access: { x: { name: '../evil' } } }, /access\.x\.name/],
    [{ login, access: { x: { name: 'db', version: 1.5 } } }, /version/],
    [{ login: { project: 42 }, access: { x: { name: 'db' } } }, /accessToken/],
  ],
  vendor: {
    entries: 2,
    answer(request) {
      const { method, host, path } = request
      const [, name = ''] = /^\/v1\/projects\/42\/secrets\/(.*):access$/.exec(path) ?? []
      if (bearer(request) !== 'ya29.token-of-reader')
        return fault({ status: 401, code: 'UNAUTHENTICATED', text: 'who is it?' })
      const text = method === 'GET' && host === 'secretmanager.googleapis.com' ? kept[name] : undefined
      if (text === undefined) return fault({ status: 404, code: 'NOT_FOUND', text: `Secret [${path}] not found` })
      return { status: 200, body: { name: path, payload: { data: Buffer.from(text).toString('base64') } } }
    },
    fault,
    denied: { status: 403, code: 'PERMISSION_DENIED', text: 'denied', hint: /Secret Accessor/ },
    expired: { status: 401, code: 'UNAUTHENTICATED', text: 'expired', hint: /log in anew/ },
    missing: {
      inputs: () => ({ login, access: { fine: { name: 'db' }, gone: { name: 'bd', version: 1 } } }),
      says: /^gcp-secrets: `access\.gone`: access of version 1 of bd in project 42 failed: NOT_FOUND/,
    },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { error: { code: status, status: code, message: text } } }
}
