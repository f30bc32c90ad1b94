import { expect } from 'chai'
import { awsLoginProvider } from '../../src/providers/aws-login.ts'
import { azureLogin } from '../../src/providers/azure-login.ts'
import { gcpLoginProvider } from '../../src/providers/gcp-login.ts'
import type { IdentityTokenRequest, ProviderContext } from '../../src/providers/index.ts'
import { wantedSeconds } from '../../src/providers/lifetime.ts'
import { oidc } from '../../src/providers/oidc.ts'
import { snowflakeLogin } from '../../src/providers/snowflake-login.ts'
import { vaultLoginProvider } from '../../src/providers/vault-login.ts'
import { secret } from '../../src/secret.ts'
import { VendorServer } from './vendor-server.ts'

const bounds = { input: 'x: `duration`', usual: 7200, least: 900, most: 43_200 }

describe('the lifetime that a user asks for', () => {
  let server: VendorServer
  let tokens: IdentityTokenRequest[]
  let warnings: string[]
  beforeEach(async () => {
    server = await new VendorServer().start()
    server.answering = () => ({ status: 500, body: '' })
    tokens = []
    warnings = []
  })
  afterEach(() => server.stop())

  const context = (lifetimeSeconds?: number): ProviderContext => ({
    now: () => new Date(),
    signal: new AbortController().signal,
    sleep: async () => {},
    lifetimeSeconds,
    network: async () => ({ privateHosts: ['127.0.0.1'] }),
    warn: (text) => void warnings.push(text),
    identityToken: async (request) => {
      tokens.push(request)
      return 'e30.e30.x'
    },
  })
  /** The body of the last request of a login, which the server then refuses. */
  const asked = async (login: Promise<unknown>) => {
    await login.catch(() => {})
    const { body = '' } = server.requests.at(-1) ?? {}
    return body
  }

  it('counts where the inputs say nothing, shortens what they say, and never makes that longer', () => {
    for (const [given, wanted, comes] of [
      [undefined, undefined, 7200],
      ['1h', undefined, 3600],
      [undefined, 28_800, 28_800],
      [undefined, 1800.9, 1800],
      ['1h', 1800, 1800],
      ['1h', 28_800, 3600],
      [undefined, 90_000, 43_200],
    ] as const) {
      expect(wantedSeconds(given, context(wanted), bounds), `${given} ${wanted}`).to.equal(comes)
    }
    expect(warnings).to.deep.equal([])
    expect(wantedSeconds('1h', context(60), bounds)).to.equal(900)
    expect(warnings).to.deep.equal([
      'x: `duration`: what it gives lives for 900 s at least, which is longer than you asked for',
    ])
    expect(() => wantedSeconds('10s', context(1800), bounds)).to.throw('x: `duration` "10s" is not between')
  })

  it('is handed on to AWS, Google Cloud and Vault', async () => {
    const role = { roleArn: 'arn:aws:iam::123456789012:role/x', sessionName: 'esc' }
    const aws = (more: object, seconds?: number) =>
      asked(awsLoginProvider(server.network).open({ oidc: { ...role, ...more } }, context(seconds)))
    expect(await aws({})).to.include('DurationSeconds=7200')
    expect(await aws({}, 1800)).to.include('DurationSeconds=1800')
    expect(await aws({ duration: '1h' }, 1800)).to.include('DurationSeconds=1800')
    expect(await aws({ duration: '1h' }, 7200)).to.include('DurationSeconds=3600')
    const account = { accessToken: secret('t'), serviceAccount: 'app@shop.iam.gserviceaccount.com' }
    const gcp = (more: object, seconds?: number) =>
      asked(
        gcpLoginProvider(server.network).open({ project: 1, accessToken: { ...account, ...more } }, context(seconds)),
      )
    expect(await gcp({})).to.include('"3600s"')
    expect(await gcp({}, 600)).to.include('"600s"')
    // More than an hour needs a policy of the organization, so it is written down in the
    // definition.
    expect(await gcp({}, 7200)).to.include('"3600s"')
    expect(await gcp({ tokenLifetime: '4h' }, 7200)).to.include('"7200s"')
    const vault = (more: object, seconds?: number) =>
      asked(
        vaultLoginProvider().open({ address: server.url, token: { token: secret('t'), ...more } }, context(seconds)),
      )
    expect(await vault({})).to.include('"7200s"')
    expect(await vault({}, 60)).to.include('"60s"')
    expect(await vault({ maxTtl: '30m' }, 3600)).to.include('"1800s"')
  })

  it('is that of identity tokens which are the login themselves, an hour at most', async () => {
    const seconds = async (wanted?: number) => {
      tokens = []
      const ids = { clientId: 'c', tenantId: 't', oidc: true }
      await azureLogin.open(ids, context(wanted))
      await snowflakeLogin.open({ oidc: { account: 'a', user: 'u' } }, context(wanted))
      await oidc.open({ audience: 'x', identityToken: { version: 'v2' } }, context(wanted))
      return tokens.map((request) => request.seconds)
    }
    expect(await seconds()).to.deep.equal([3600, 3600, 3600])
    expect(await seconds(600)).to.deep.equal([600, 600, 600])
    expect(await seconds(7200)).to.deep.equal([3600, 3600, 3600])
  })
})
