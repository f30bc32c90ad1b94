import { kubernetesSecretsProvider } from '../../src/providers/kubernetes-secrets.ts'
import { secret } from '../../src/secret.ts'
import { KubernetesApi, status } from '../fakes/kubernetes.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const api = new KubernetesApi()
  .keep('default', 'db', { user: 'shop', password: 'swordfish' })
  .keep('payments', 'api', { key: 'api-key-of-shop' })
const loginTo = (server: string) => ({ server, token: secret(api.token) })
const login = loginTo('https://10.0.0.1:6443')

export const underTest: ProviderUnderTest = {
  make: kubernetesSecretsProvider,
  inputs: (server) => ({
    login: loginTo(server),
    get: {
      password: { name: 'db', key: 'password' },
      all: { name: 'db' },
      key: { name: 'api', namespace: 'payments' },
    },
  }),
  opens: {
    password: secret('swordfish'),
    all: secret({ user: 'shop', password: 'swordfish' }),
    key: secret({ key: 'api-key-of-shop' }),
  },
  refused: [
    [{ login, get: { x: { name: '../pods' } } }, /name/],
    [{ login, get: { x: { name: 'db', namespace: 'a/b' } } }, /namespace/],
    [{ login: { server: 'https://10.0.0.1' }, get: { x: { name: 'db' } } }, /login/],
    [{ login: { ...login, from: '~/.kube/config' }, get: { x: { name: 'db' } } }, /login/],
    [{ login: loginTo('http://cluster.example.org'), get: { x: { name: 'db' } } }, /not the address of a site/],
    [{ login: { kubeconfig: secret('a: [') }, get: { x: { name: 'db' } } }, /`login\.kubeconfig` is not YAML/],
  ],
  vendor: {
    named: true,
    longestBytes: 4 << 20,
    entries: 2,
    answer: (request) => api.answer(request),
    fault: ({ status: code, code: reason, text }) => status(code, reason, text),
    denied: { status: 403, code: 'Forbidden', text: 'secrets "db" is forbidden', hint: /role that may `get`/ },
    expired: { status: 401, code: 'Unauthorized', text: 'Unauthorized', hint: /expired/ },
    missing: {
      inputs: (server) => ({ login: loginTo(server), get: { fine: { name: 'db' }, gone: { name: 'dbs' } } }),
      says: /^kubernetes-secrets: `get\.gone`: reading secret dbs in namespace default of http.* failed: NotFound: secrets "dbs" not found/,
    },
  },
}
