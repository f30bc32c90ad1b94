import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { dopplerSecretsProvider } from '../../src/providers/doppler-secrets.ts'
import type { ProviderContext } from '../../src/providers/index.ts'
import { kubernetesSecretsProvider } from '../../src/providers/kubernetes-secrets.ts'
import { secret } from '../../src/secret.ts'
import { VendorServer } from './vendor-server.ts'

const context: ProviderContext = {
  now: () => new Date(),
  signal: new AbortController().signal,
  sleep: async () => {},
  network: async () => ({ privateHosts: ['127.0.0.1'] }),
}

describe('a token that is sent in a header', () => {
  let server: VendorServer
  beforeEach(async () => {
    server = await new VendorServer().start()
    server.answering = () => ({ status: 500, body: '' })
  })
  afterEach(() => server.stop())

  /** Over a `fetch`, and straight to a server. */
  const calls: Readonly<Record<string, (token: string) => Promise<unknown>>> = {
    'doppler-secrets': async (token) =>
      dopplerSecretsProvider(server.network).open(
        { login: { accessToken: secret(token) }, project: 'p', config: 'c', get: { x: { name: 'X' } } },
        context,
      ),
    'kubernetes-secrets': async (token) =>
      kubernetesSecretsProvider().open(
        { login: { server: server.url, token: secret(token) }, get: { x: { name: 'x' } } },
        context,
      ),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`may end with the line break of its file: ${name}`, async () => {
      server.answering = ({ headers }) => {
        const said = `who is ${headers.authorization}?`
        return { status: 403, body: { kind: 'Status', reason: 'Forbidden', message: said, messages: [said] } }
      }
      const error = await call('token-of-x\n').catch((caught: EscError) => caught)
      expect((error as EscError).message).to.match(/who is Bearer \[secret\]\?$/)
      expect(server.requests[0]?.headers.authorization).to.equal('Bearer token-of-x')
    })

    it(`is refused, and not shown, with one within: ${name}`, async () => {
      for (const token of ['token\nof-x', 'tökén→of-x']) {
        const error = await call(token).catch((caught: EscError) => caught)
        expect((error as EscError).message).to.match(
          /a credential holds a line break, or a character that cannot be sent$/,
        )
        expect((error as EscError).message).not.to.include('of-x')
      }
      expect(server.requests).to.deep.equal([])
    })
  }
})
