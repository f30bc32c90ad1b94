import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import type { MachineAccess, ProviderContext } from '../../src/providers/index.ts'
import { kubernetesSecretsProvider } from '../../src/providers/kubernetes-secrets.ts'
import { pulumiStacksProvider } from '../../src/providers/pulumi-stacks.ts'
import { shownAddress, siteAddress } from '../../src/providers/site-address.ts'
import { terraformStateProvider } from '../../src/providers/terraform-state.ts'
import { vaultLoginProvider } from '../../src/providers/vault-login.ts'
import { secret } from '../../src/secret.ts'

describe('the address of a server', () => {
  it('is one of TLS, or of this machine, and ends without slashes', () => {
    for (const [given, is] of [
      ['https://x.example.org//', 'https://x.example.org'],
      ['https://x.example.org/a/', 'https://x.example.org/a'],
      ['http://localhost:8080', 'http://localhost:8080'],
      ['http://[::1]', 'http://[::1]'],
    ] as const) {
      expect(siteAddress('it', given, 'x')).to.equal(is)
    }
    for (const given of [
      'x',
      'http://x.example.org',
      'https://u:p@x.example.org',
      'https://x?a=b',
      'https://x#a',
      'ftp://x',
    ]) {
      expect(() => siteAddress('it', given, 'x'), given).to.throw('is not the address of a site')
    }
  })

  it('is shown without what may be secret in it', () => {
    for (const [given, is] of [
      ['https://ada:sword@x/a', 'https://…@x/a'],
      ['postgres://ada:sw/o@rd@x/a?k=sword', 'postgres://…@x/a?…'],
      ['ada:sword@x', '…@x'],
      ['https://x/a?token=sword', 'https://x/a?…'],
      ['https://x/a#sword', 'https://x/a?…'],
      ['https://x/a', 'https://x/a'],
    ] as const) {
      expect(shownAddress(given)).to.equal(JSON.stringify(is))
    }
  })

  it('is repeated by no provider with its password', async () => {
    const context = (env: Record<string, string> = {}): ProviderContext => ({
      now: () => new Date(),
      signal: new AbortController().signal,
      sleep: async () => {},
      env,
      machine: async () => ({ allowStack: async () => {} }) as unknown as MachineAccess,
    })
    const server = 'https://ada:swordfish@cluster.example.org'
    const kubeconfig = JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server } }],
      users: [{ name: 'a', user: { token: 't' } }],
    })
    const get = { x: { name: 'x' } }
    const stacks = { stacks: { a: { stack: 'a/b' } } }
    for (const opening of [
      () => kubernetesSecretsProvider().open({ login: { kubeconfig: secret(kubeconfig) }, get }, context()),
      () => vaultLoginProvider().open({ address: server, token: { token: secret('t') } }, context()),
      () => terraformStateProvider().open({ backend: { http: { address: server } } }, context()),
      () => pulumiStacksProvider().open(stacks, context({ PULUMI_BACKEND_URL: 'postgres://ada:swordfish@db/states' })),
    ]) {
      const error = await opening().then(
        () => expect.fail('it opened'),
        (caught: EscError) => caught,
      )
      expect(error.code).to.equal('invalid_input')
      expect(`${error.message} ${error.hint}`).not.to.include('swordfish')
    }
  })
})
