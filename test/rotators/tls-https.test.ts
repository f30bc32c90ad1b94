import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { externalRotator } from '../../src/rotators/external/index.ts'
import { openConnector } from '../../src/rotators/pair/kit/connector.ts'
import { postgres } from '../../src/rotators/pair/postgres/index.ts'
import type { Tls } from '../../src/rotators/tls/index.ts'
import { secret } from '../../src/secret.ts'
import { rotateOnce } from '../../src/testkit/index.ts'
import { Authority } from '../servers/authority.ts'
import type { Certificate } from '../servers/certificate.ts'
import { expectNoSecret, failure } from './failure.ts'
import { testContext } from './test-context.ts'

describe('the input tls of an https:// address', function () {
  this.timeout(20_000)

  let authority: Authority
  let client: Certificate
  let server: Server
  let port: number
  /** Names of those who asked. */
  const callers: string[] = []

  before(async function () {
    const made = Authority.create()
    if (made === undefined) return this.skip()
    authority = made
    client = authority.issue({ name: 'esc' })
    const { key, certificate } = authority.issue({ name: 'adapter', names: 'DNS:adapter.corp.example' })
    const options = { key, cert: certificate, ca: authority.certificate, requestCert: true, rejectUnauthorized: true }
    server = createServer(options, (request, response) => {
      callers.push((request.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN as string)
      response.end(JSON.stringify({ code: 200, message: 'ok' }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  after(() => server?.close())
  beforeEach(() => void callers.splice(0))

  const mutual = (): Tls => ({ ca: authority.certificate, cert: client.certificate, key: secret(client.key) })
  const serverName = 'adapter.corp.example'

  const kinds = {
    external: async (tls: Tls) => {
      const rotator = externalRotator({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] })
      const context = {
        ...testContext(),
        identity: { organization: 'acme', currentEnvironment: 'a/b', rootEnvironment: 'a/b', user: 'ann' },
        oidc: { issuer: 'https://esc.example.org', sign: async () => 'token' },
        network: { privateHosts: ['adapter.example.org'] },
      }
      const inputs = { url: `https://adapter.example.org:${port}/rotate`, tls }
      return rotateOnce({ rotator, inputs, state: undefined, context })
    },
    'the connector of a private network': async (tls: Tls) => {
      const https = { url: `https://127.0.0.1:${port}/rotate`, secret: secret('0123456789abcdef'), tls }
      const link = await openConnector({ https }, { rotator: 'postgres', now: () => new Date() })
      return link.send('{}', (text) => text)
    },
  }
  for (const [title, call] of Object.entries(kinds)) {
    it(`${title}: a client certificate, an authority and a name of its own`, async () => {
      await call({ ...mutual(), serverName })
      await call({ ...mutual(), mode: 'verify-ca' })
      expect(callers).to.deep.equal(['esc', 'esc'])
    })

    it(`${title}: another name, another authority, no client certificate`, async () => {
      const misnamed = await failure(call(mutual()))
      expect(misnamed.message).to.include('ERR_TLS_CERT_ALTNAME_INVALID')
      expect(misnamed.hint).to.include('tls.serverName')
      const { ca: _, ...distrusting } = mutual()
      expect((await failure(call({ ...distrusting, serverName }))).hint).to.include('tls.ca')
      const bare = await failure(call({ ca: authority.certificate, serverName }))
      expect(`${bare.message} ${bare.hint}`).to.match(/CERTIFICATE_REQUIRED|ECONNRESET|EPIPE|whether it rotated/)
      expect((await failure(call({ mode: 'disable' }))).message).to.include('`url` is an https:// address')
      expect(callers).to.deep.equal([])
      expectNoSecret([misnamed, bare], client.key)
    })
  }

  it('is checked before an order is given', async () => {
    const database = { host: 'db', port: 5432, database: 'app', managingUser: { username: 'm', password: secret('p') } }
    const plan = (https: object) =>
      postgres.plan(
        {
          inputs: {
            database: {
              ...database,
              connector: { https: { url: 'https://x', secret: secret('0123456789abcdef'), ...https } },
            },
            rotateUsers: { username1: 'a', username2: 'b' },
          },
          state: undefined,
        },
        testContext(),
      )
    expect((await failure(plan({ tls: { ca: '/etc/ca.pem' } }))).message).to.equal(
      'postgres: `database.connector.https.tls.ca` holds the path of a file, not certificates',
    )
    expect((await failure(plan({ ca: '/etc/ca.pem' }))).message).to.include(
      '`database.connector.https.ca` holds the path of a file',
    )
    const ca = authority.certificate
    expect((await failure(plan({ ca, tls: { ca } }))).message).to.include('beside that of `tls`')
  })
})
