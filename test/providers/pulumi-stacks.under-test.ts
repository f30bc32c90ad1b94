import { longestState } from '../../src/providers/object-stores.ts'
import { pulumiStacksProvider } from '../../src/providers/pulumi-stacks.ts'
import { secret } from '../../src/secret.ts'
import type { Fault, ProviderUnderTest } from './provider-under-test.ts'

const secretMark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' }
const ciphertext = Buffer.from('ciphertext-of-service').toString('base64')
const deployment = {
  secrets_providers: { type: 'service', state: {} },
  resources: [
    {
      type: 'pulumi:pulumi:Stack',
      urn: 'urn:pulumi:prod::network::pulumi:pulumi:Stack::network-prod',
      outputs: { subnets: ['a', 'b'], admin: { user: 'root', password: { ...secretMark, ciphertext } } },
    },
  ],
}

export const underTest: ProviderUnderTest = {
  make: pulumiStacksProvider,
  env: { PULUMI_ACCESS_TOKEN: 'pul-token-of-reader', PULUMI_ORG: 'acme' },
  machine: { allowStack: async () => {} },
  inputs: () => ({ stacks: { network: { stack: 'network/prod' } } }),
  opens: { network: { subnets: ['a', 'b'], admin: { user: 'root', password: secret('swordfish') } } },
  refused: [
    [{ stacks: {} }, /stacks/],
    [{ stacks: { a: { stack: 'acme/network/prod' } } }, /stack/],
  ],
  vendor: {
    longestBytes: longestState,
    answer({ host, path, headers, json }) {
      if (headers.authorization !== 'token pul-token-of-reader')
        return fault({ status: 401, code: '', text: 'Unauthorized' })
      const of = (rest: string) => host === 'api.pulumi.com' && path === `/api/stacks/acme/network/prod/${rest}`
      if (of('export')) return { status: 200, body: { version: 3, deployment } }
      const { ciphertexts } = (json ?? {}) as { readonly ciphertexts?: readonly string[] }
      if (of('batch-decrypt') && ciphertexts?.[0] === ciphertext) {
        return { status: 200, body: { plaintexts: { [ciphertext]: Buffer.from('"swordfish"').toString('base64') } } }
      }
      return fault({ status: 404, code: '', text: 'Not Found: Stack not found' })
    },
    fault,
    denied: { status: 403, code: 'HTTP 403', text: 'no', hint: /permission to read/ },
    expired: { status: 401, code: 'HTTP 401', text: 'Unauthorized', hint: /pulumi login/ },
    missing: {
      inputs: () => ({ stacks: { fine: { stack: 'network/prod' }, gone: { stack: 'network/gone' } } }),
      says: /reading network\/gone failed: HTTP 404: Not Found/,
    },
  },
}

function fault({ status, text }: Fault) {
  return { status, body: { code: status, message: text } }
}
