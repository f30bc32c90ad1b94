import { terraformStateProvider } from '../../src/providers/terraform-state.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, type ProviderUnderTest } from './provider-under-test.ts'

const remote = { organization: 'acme', workspace: 'network', token: secret('token-of-reader') }
const listed = [
  { id: 'wsout-1', attributes: { name: 'subnets', sensitive: false, value: ['a', 'b'] } },
  { id: 'wsout-2', attributes: { name: 'password', sensitive: true, value: null } },
]

export const underTest: ProviderUnderTest = {
  make: terraformStateProvider,
  inputs: () => ({ backend: { remote } }),
  opens: { outputs: { subnets: ['a', 'b'], password: secret('swordfish') } },
  refused: [
    [{ backend: {} }, /backend/],
    [{ backend: { remote: { ...remote, hostname: 'https://x' } } }, /not the name of a host/],
    [{ backend: { remote, local: { path: 'x' } } }, /backend/],
    [{ backend: { s3: { bucket: 'b', key: 'k', region: 'evil.example/' } } }, /backend/],
  ],
  vendor: {
    answer(request) {
      if (bearer(request) !== 'token-of-reader') return fault({ status: 401, code: '', text: 'unauthorized' })
      if (request.host !== 'app.terraform.io') return fault({ status: 404, code: '', text: 'not found' })
      switch (request.path) {
        case '/api/v2/organizations/acme/workspaces/network':
          return { status: 200, body: { data: { id: 'ws-1' } } }
        case '/api/v2/workspaces/ws-1/current-state-version-outputs': {
          const page = Number(request.query.get('page[number]'))
          const meta = { pagination: { 'total-pages': listed.length } }
          return { status: 200, body: { data: [listed[page - 1]], meta } }
        }
        case '/api/v2/state-version-outputs/wsout-2':
          return { status: 200, body: { data: { id: 'wsout-2', attributes: { value: 'swordfish', sensitive: true } } } }
        default:
          return fault({ status: 404, code: '', text: 'not found' })
      }
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'forbidden', hint: /outputs of the workspace/ },
    expired: { status: 401, code: 'HTTP 401', text: 'unauthorized', hint: /expired/ },
    missing: {
      inputs: () => ({ backend: { remote: { ...remote, workspace: 'gone' } } }),
      says: /reading the outputs of acme\/gone at app.terraform.io failed: HTTP 404: not found/,
    },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { errors: [{ status: String(status), title: text }] } }
}
