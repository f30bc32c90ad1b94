import { bitwardenSecretsProvider } from '../../src/providers/bitwarden-secrets.ts'
import { secret } from '../../src/secret.ts'
import { Bitwarden } from '../fakes/bitwarden.ts'
import type { Fault, ProviderUnderTest } from './provider-under-test.ts'

const [first, second] = ['27d0dc4c-2c0b-4a37-8a42-b39d0118e2e5', '382580ab-1368-4e85-bfa3-b02e01400c9f'] as const
const bitwarden = new Bitwarden().keep(first, 'api-key-of-shop').keep(second, '{"multi":\n"line ü"}')
const login = { accessToken: secret(bitwarden.accessToken) }

export const underTest: ProviderUnderTest = {
  make: bitwardenSecretsProvider,
  inputs: () => ({ login, get: { key: { secretId: first }, other: { secretId: second } } }),
  opens: { key: secret('api-key-of-shop'), other: secret('{"multi":\n"line ü"}') },
  refused: [
    [{ login, get: { x: { secretId: '../projects' } } }, /secretId/],
    [{ login: {}, get: { x: { secretId: first } } }, /accessToken/],
    [
      { login: { accessToken: secret('0.nothing') }, get: { x: { secretId: first } } },
      /not an access token of a machine/,
    ],
    [{ login, serverUrl: 'http://bw.example.org', get: { x: { secretId: first } } }, /not the address of a site/],
  ],
  vendor: {
    answer: (request) => bitwarden.answer(request),
    fault,
    denied: { status: 400, code: 'invalid_client', text: 'no such client', hint: /make another one/ },
    expired: { status: 400, code: 'invalid_client', text: 'expired', hint: /expired/ },
    missing: {
      inputs: () => ({ login, get: { fine: { secretId: first }, gone: { secretId: first.replace('2', '3') } } }),
      says: /^bitwarden-secrets: `get\.gone`: reading secret 37d0dc4c-\S+ failed: HTTP 404: Resource not found/,
    },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { error: code, error_description: text } }
}
