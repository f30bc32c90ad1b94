import { request } from 'node:https'
import { expect } from 'chai'
import { adapterCertificate } from '../fakes/adapter-certificate.ts'
import { FakeOidcProvider } from '../fakes/oidc-provider.ts'
import { ServedApp } from './served-app.ts'

const callback = 'http://127.0.0.1:8080/sign-in/callback'
const login = '/cli-login?cliSessionPort=43210&cliSessionNonce=0123456789abcdef&cliSessionDescription=laptop'

describe('signing in with a browser', () => {
  let provider: FakeOidcProvider
  let app: ServedApp
  beforeEach(async () => {
    provider = await FakeOidcProvider.start()
    provider.client = { id: 'esc', secret: 'a:secret+of the%client', redirectUris: [callback] }
    provider.person = { sub: '42', email: 'Ada@example.org', email_verified: true }
    app = await ServedApp.make({
      env: { ESC_SIGN_IN_SECRET: 'a:secret+of the%client' },
      configuration: `network: {privateHosts: [127.0.0.1]}
server:
  signIn: {issuer: '${provider.url}', clientId: esc, allow: ['*@example.org'], lifetime: 1h}
`,
    })
  })
  afterEach(async () => {
    await provider.stop()
    app.remove()
  })

  /** A browser that has one cookie, and follows nothing by itself. */
  class Browser {
    cookie = ''
    async go(method: string, path: string, headers: Record<string, string> = {}) {
      const answer = await app.call(method, path, { headers: { cookie: this.cookie, ...headers } })
      const set = answer.headers.get('set-cookie')
      if (set !== null) this.cookie = set.split(';')[0] ?? ''
      return { ...answer, location: answer.headers.get('location') ?? '', set }
    }
    /** Asks the provider, and returns the path that it sends the browser back to. */
    async visit(url: string): Promise<string> {
      const location = await new Promise<string>((resolve, reject) => {
        request(url, { ca: adapterCertificate }, (answer) => {
          answer.resume()
          resolve(answer.headers.location ?? `refused with ${answer.statusCode}`)
        })
          .on('error', reject)
          .end()
      })
      return location.replace('http://127.0.0.1:8080', '')
    }
  }
  const arrive = async (browser: Browser, path = login) => {
    const begun = await browser.go('GET', path)
    expect(begun.status, begun.text).to.equal(302)
    return browser.visit(begun.location)
  }

  it('gives a token to the command line that waits on this machine', async () => {
    const browser = new Browser()
    const back = await arrive(browser)
    const page = await browser.go('GET', back)
    expect(page.status, page.text).to.equal(200)
    expect(page.text).to.include('Ada@example.org').and.include('43210: laptop')
    expect(page.headers.get('content-security-policy'))
      .to.include("frame-ancestors 'none'")
      .and.include("default-src 'none'")
    expect(await app.tokens.list(), 'before it was allowed').to.deep.equal([])
    const allowed = await browser.go('POST', '/sign-in/allow', { 'sec-fetch-site': 'same-origin' })
    expect(allowed.status).to.equal(303)
    const url = new URL(allowed.location)
    expect(url.origin).to.equal('http://127.0.0.1:43210')
    expect(url.searchParams.get('nonce')).to.equal('0123456789abcdef')
    const token = url.searchParams.get('accessToken') ?? ''
    expect((await app.call('GET', '/api/user', { token })).json.githubLogin).to.equal('Ada@example.org')
    expect(await app.tokens.find(token)).to.include({ by: 'sign-in', level: 'write' })
    const lines = app.audit().filter(({ event }) => event === 'user-signed-in')
    expect(lines.map(({ user, result }) => `${user} ${result}`)).to.deep.equal([
      'Ada@example.org allowed',
      'Ada@example.org done',
    ])
    expect(JSON.stringify(app.audit())).not.to.include(token)
    expect(provider.refusals).to.deep.equal([])
    expect((await browser.go('POST', '/sign-in/allow')).status, 'a second time').to.equal(400)
    expect((await browser.go('GET', back)).status, 'the code again').to.equal(400)
  })

  it('asks the provider with PKCE, state and nonce, and keeps its cookie from scripts', async () => {
    const { location, set } = await new Browser().go('GET', login)
    const asked = new URL(location).searchParams
    expect(asked.get('code_challenge_method')).to.equal('S256')
    expect(asked.get('redirect_uri')).to.equal(callback)
    expect(asked.get('response_type')).to.equal('code')
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length, name).to.be.least(43)
    expect(set).to.include('HttpOnly').and.include('SameSite=Lax')
  })

  it('refuses ports, nonces and hosts that are none', async () => {
    const query = (port: string, nonce = '0123456789abcdef') =>
      `/cli-login?cliSessionPort=${encodeURIComponent(port)}&cliSessionNonce=${encodeURIComponent(nonce)}`
    for (const port of ['', '0', '65536', '-1', '80.5', '80@evil.example.org', '80/../', '1e3', ' 80', '٣', '080'])
      expect((await new Browser().go('GET', query(port))).status, port).to.equal(400)
    for (const nonce of ['', 'short', 'a b c d e f', 'x'.repeat(201), 'aaaaaaaa&x=y', '<script>alert(1)'])
      expect((await new Browser().go('GET', query('80', nonce))).status, nonce).to.equal(400)
    const html = await new Browser().go('GET', '/cli-login?cliSessionDescription=%3Cscript%3E')
    expect(html.status).to.equal(400)
    expect(provider.requests).to.deep.equal([])
  })

  it('belongs to one browser, and each step is taken once', async () => {
    const victim = new Browser()
    const back = await arrive(victim)
    expect((await new Browser().go('GET', back)).status, 'without the cookie').to.equal(400)
    const stranger = new Browser()
    await arrive(stranger)
    // A code of somebody else's, for which this browser has not asked.
    expect((await stranger.go('GET', back)).status).to.equal(403)
    expect((await victim.go('POST', '/sign-in/allow')).status, 'before the provider was asked').to.equal(400)
    const other = new Browser()
    await other.go('GET', await arrive(other))
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example.org' },
    ]
    for (const headers of foreign) expect((await other.go('POST', '/sign-in/allow', headers)).status).to.equal(403)
    app.now = () => new Date(Date.now() + 601_000)
    expect((await other.go('POST', '/sign-in/allow')).status, 'too late').to.equal(400)
    expect(await app.tokens.list()).to.deep.equal([])
  })

  it('refuses those who are not meant, and tokens that the provider did not make for it', async () => {
    const attempt = async () => {
      const browser = new Browser()
      return browser.go('GET', await arrive(browser))
    }
    provider.person = { sub: '1', email: 'eve@evil.example.com' }
    expect((await attempt()).json.message).to.include('may not sign in')
    provider.person = { sub: '1', email: 'ada@example.org', email_verified: false }
    expect((await attempt()).json.message).to.include('not verified')
    provider.person = { sub: '1' }
    expect((await attempt()).json.message).to.include('claim email')
    provider.person = { sub: '1', email: 'ada@example.org' }
    for (const spoil of [{ nonce: 'other' }, { aud: 'another' }, { iss: 'https://evil.example.org' }, { exp: 1 }]) {
      provider.spoil = (claims) => ({ ...claims, ...spoil })
      const { status, text } = await attempt()
      expect(status, `${JSON.stringify(spoil)}: ${text}`).to.equal(403)
    }
    provider.spoil = (claims) => claims
    provider.client = { id: 'esc', secret: 'another', redirectUris: [callback] }
    expect((await attempt()).status, 'wrong secret').to.equal(403)
    expect(await app.tokens.list()).to.deep.equal([])
    const denied = app.audit().filter(({ event, result }) => event === 'user-signed-in' && result === 'denied')
    expect(denied).to.have.length(8)
    for (const { user } of denied) expect(user).to.equal('anonymous')
  })

  it('needs the address of the server when it is not on loopback', async () => {
    const answer = await app.api.request(`http://evil.example.org${login}`)
    expect(answer.status).to.equal(400)
    expect(await answer.text()).to.include('server.url')
  })

  it('says to use a token where nobody has set it up', async () => {
    const plain = await ServedApp.make()
    const { status, text } = await plain.call('GET', login)
    expect(status).to.equal(200)
    expect(text).to.include('token')
    plain.remove()
  })

  it('takes no secret from esc.yaml', async () => {
    const plain = await ServedApp.make({
      configuration: `server: {signIn: {issuer: '${provider.url}', clientId: esc, clientSecret: x, allow: ['*']}}\n`,
    })
    const { status, json } = await plain.call('GET', login)
    expect(status).to.equal(400)
    expect(json.message).to.include('ESC_SIGN_IN_SECRET')
    plain.remove()
  })
})
