import { hash } from 'node:crypto'
import type { Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { expect } from 'chai'
import { loginCode } from '../../src/operations/index.ts'
import { httpServer, requestListener } from '../../src/server/http-server.ts'
import { Playground } from '../cli/commands/esc.ts'
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

  it('takes a token that the command line has made, of which it sees the digest alone', async () => {
    const token = `esc_${'x'.repeat(40)}`
    const digest = hash('sha256', token, 'hex')
    const path = `/cli-login?tokenDigest=${digest}&cliSessionDescription=${encodeURIComponent('ada on <laptop>')}`
    const browser = new Browser()
    const page = await browser.go('GET', await arrive(browser, path))
    expect(page.text).to.include(loginCode(digest)).and.include('ada on &lt;laptop&gt;')
    expect(page.headers.get('content-security-policy')).to.include("form-action 'self';")
    expect((await app.call('GET', '/api/user', { token })).status, 'before it was allowed').to.equal(401)
    const allowed = await browser.go('POST', '/sign-in/allow', { 'sec-fetch-site': 'same-origin' })
    expect([allowed.status, allowed.location]).to.deep.equal([200, ''])
    expect(allowed.text).to.include('Go back to the terminal')
    expect((await app.call('GET', '/api/user', { token })).json.githubLogin).to.equal('Ada@example.org')
    expect(await app.tokens.find(token)).to.include({ by: 'sign-in', level: 'write' })

    // Nobody makes the token of somebody else theirs.
    const again = new Browser()
    await again.go('GET', await arrive(again, path))
    expect((await again.go('POST', '/sign-in/allow')).status).to.equal(409)
    for (const wrong of ['', 'a'.repeat(63), 'A'.repeat(64), `${'a'.repeat(64)}&x`, 'g'.repeat(64)])
      expect((await new Browser().go('GET', `/cli-login?tokenDigest=${encodeURIComponent(wrong)}`)).status).to.equal(
        400,
      )
  })

  describe('from our command line', () => {
    let server: Server
    let url: string
    let playground: Playground
    beforeEach(async () => {
      server = httpServer(requestListener(app.api.fetch), undefined)
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const { id, secret } = provider.client ?? { id: '', secret: '' }
      provider.client = { id, secret, redirectUris: [`${url}/sign-in/callback`] }
      playground = new Playground()
    })
    afterEach(async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      playground.remove()
    })

    /** What a person does who opens the link: the page must show the code of the terminal. */
    const signIn = async (link: string, code: string) => {
      const begun = await fetch(link, { redirect: 'manual' })
      const [cookie = ''] = begun.headers.get('set-cookie')?.split(';') ?? []
      const back = await new Browser().visit(begun.headers.get('location') ?? '')
      const page = await fetch(back, { headers: { cookie } })
      const text = await page.text()
      expect(text).to.include(code).and.include(userInfo().username)
      const kept = page.headers.get('set-cookie')?.split(';')[0] ?? cookie
      const allowed = await fetch(`${url}/sign-in/allow`, { method: 'POST', headers: { cookie: kept } })
      expect(allowed.status, await allowed.text()).to.equal(200)
    }

    const login = (words: readonly string[] = []) => {
      let said = ''
      const err = (text: string | Uint8Array) => {
        said += String(text)
      }
      const io = { stderrIsTerminal: true, err }
      const ran = playground.run(['login', url, '--no-open', ...words], { io })
      const shown = async () => {
        for (;;) {
          const [, link, code] = /^ {2}(\S+)\n[\s\S]*code: (\S+)\n/m.exec(said) ?? []
          if (link !== undefined && code !== undefined) return { link, code }
          await new Promise((done) => setTimeout(done, 20))
        }
      }
      return { ran, shown }
    }

    it('works where no browser is, shows link and code, and keeps the token', async () => {
      const { ran, shown } = login()
      const { link, code } = await shown()
      await signIn(link, code)
      const { code: exit, out } = await ran
      expect(exit).to.equal(0)
      expect(out).to.include(`Logged in to ${url} as Ada@example.org (organization acme)`)
      expect(await playground.ok('env', 'ls')).to.equal('')
      expect(await app.tokens.list()).to.have.length(1)

      // A token that counts no more: the person signs in again.
      await app.tokens.revoke((await app.tokens.list())[0]?.id ?? '')
      const second = login()
      const next = await second.shown()
      expect(next.code).not.to.equal(code)
      await signIn(next.link, next.code)
      expect((await second.ran).code).to.equal(0)
    })

    it('asks nobody for a browser who gives a token, or has no terminal', async () => {
      const token = await app.token()
      const given = await playground.run(['login', url, '--token-file', '-'], {
        input: token,
        io: { stderrIsTerminal: true },
      })
      expect([given.code, given.err]).to.deep.equal([0, ''])
      await playground.run(['logout', '--all'])
      const without = await playground.run(['login', url])
      expect(without.code).not.to.equal(0)
      expect(without.err).to.include('no access token')
    })
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
