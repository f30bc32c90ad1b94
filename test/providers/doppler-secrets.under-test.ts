import { dopplerSecretsProvider } from '../../src/providers/doppler-secrets.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const login = { accessToken: secret('dp.said.token-of-reader') }
const place = { login, project: 'shop', config: 'dev' }

export const underTest: ProviderUnderTest = {
  make: dopplerSecretsProvider,
  inputs: () => ({ ...place, get: { 'api-key': { name: 'API_KEY' } } }),
  opens: { 'api-key': secret('computed-api-key') },
  refused: [
    [{ ...place, get: { x: {} } }, /name/],
    [{ login, project: 'shop', get: {} }, /config/],
  ],
  vendor: {
    answer(request) {
      const { method, host, path, query } = request
      if (bearer(request) !== 'dp.said.token-of-reader')
        return fault({ status: 401, code: '', text: 'Invalid Auth token' })
      const asked = `${method} ${host}${path} ${query.get('project')}/${query.get('config')}/${query.get('name')}`
      if (asked !== 'GET api.doppler.com/v3/configs/config/secret shop/dev/API_KEY')
        return fault({ status: 404, code: '', text: `Could not find requested secret: ${query.get('name')}` })
      const value = { raw: '${OTHER}', computed: 'computed-api-key' }
      return { status: 200, body: { name: 'API_KEY', value, success: true } }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'no access', hint: /read access/ },
    expired: { status: 401, code: 'HTTP 401', text: 'Invalid Auth token', hint: /log in anew/ },
    missing: {
      inputs: () => ({ ...place, get: { fine: { name: 'API_KEY' }, gone: { name: 'KEY_API' } } }),
      says: /^doppler-secrets: `get\.gone`: reading KEY_API of shop\/dev failed: HTTP 404: Could not find/,
    },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { messages: [text], success: false } }
}
