import { expect } from 'chai'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { FakeOidcProvider } from '../fakes/oidc-provider.ts'
import { ServedApp } from './served-app.ts'

const audience = 'urn:pulumi:org:acme'
const exchangeOf = (token: string) => ({
  audience,
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  requested_token_type: 'urn:pulumi:token-type:access_token:organization',
  subject_token: token,
  scope: '',
})

describe('the exchange of identity tokens', () => {
  let issuer: FakeOidcProvider
  let app: ServedApp
  beforeEach(async () => {
    issuer = await FakeOidcProvider.start()
    app = await ServedApp.make({
      configuration: `network: {privateHosts: [127.0.0.1]}
server:
  issuers:
    - url: ${issuer.url}
      subjects: ['repo:acme/*']
      user: ci/\${claims.repository}
      environments: ['app/*']
      lifetime: 15m
    - url: ${issuer.url}
      subjects: ['*']
      claims: {ref: 'refs/heads/*', environment: prod}
      user: deploy
      level: write
`,
    })
    await app.environment('app/dev', 'values: {a: 1}\n')
    await app.environment('db/dev', 'values: {a: 1}\n')
  })
  afterEach(async () => {
    await issuer.stop()
    app.remove()
  })

  const web: JWTPayload = { aud: audience, sub: 'repo:acme/web:ref:refs/heads/main', repository: 'acme/web' }
  const exchange = async (token: string, more: object = {}) =>
    app.call('POST', '/api/oauth/token', { body: { ...exchangeOf(token), ...more } })
  const refusal = async (token: string, more?: object) => {
    const { status, json } = await exchange(token, more)
    expect(status, JSON.stringify(json)).to.equal(400)
    expect(json.code).to.equal(400)
    expect(json.message).to.equal(json.error_description)
    return `${json.error}: ${json.message}`
  }
  const E = '/api/esc/environments/acme'

  it('gives a token of a short life for what its issuer in esc.yaml says', async () => {
    const { status, json } = await exchange(await issuer.sign(web))
    expect(status).to.equal(200)
    expect(json).to.include({ expires_in: 900, token_type: 'token', scope: '' })
    expect(json.issued_token_type).to.equal('urn:pulumi:token-type:access_token:organization')
    const token = json.access_token
    expect((await app.call('GET', '/api/user', { token })).json.githubLogin).to.equal('ci/acme/web')
    expect(app.logged.slice(-2)).to.deep.equal(['/api/oauth/token 200', '/api/user 200'])
    expect((await app.call('POST', `${E}/app/dev/open`, { token })).status).to.equal(200)
    expect((await app.call('POST', `${E}/db/dev/open`, { token })).status, 'another project').to.equal(403)
    expect((await app.call('PATCH', `${E}/app/dev`, { token, body: 'values: {}' })).status, 'open only').to.equal(403)
    app.now = () => new Date(Date.now() + 901_000)
    expect((await app.call('GET', '/api/user', { token })).status, 'its time is over').to.equal(401)
  })

  it('gives External Secrets a token for that of a service account, and what it reads with it', async () => {
    const ask = (body: object) => app.call('POST', '/api/oauth/oidc/token', { body })
    const { status, json } = await ask({ organization: 'acme', token: await issuer.sign(web) })
    expect([status, json.expires_in]).to.deep.equal([200, 900])
    const token = json.access_token
    const opened = await app.call('POST', `${E}/app/dev/open`, { token })
    const read = await app.call('GET', `${E}/app/dev/open//${opened.json.id}?property=a`, { token })
    expect(read.json.value).to.equal(1)
    for (const wrong of [{ organization: 'other' }, { token: '' }, { token: 7 }, { token: 'a.b.c' }]) {
      const refused = await ask({ organization: 'acme', token: await issuer.sign(web), ...wrong })
      expect(refused.status, JSON.stringify(wrong)).to.equal(400)
      expect(refused.json.message).to.equal(refused.json.error_description)
    }
  })

  it('takes forms and JSON, and a time below the longest', async () => {
    const form = new URLSearchParams({ ...exchangeOf(await issuer.sign(web)), expiration: '60' }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await app.call('POST', '/api/oauth/token', { body: form, headers })).json.expires_in).to.equal(60)
    for (const [expiration, lives] of [
      [7200, 900],
      [30, 30],
      ['30', 30],
      [0, 900],
      [undefined, 900],
    ] as const)
      expect((await exchange(await issuer.sign(web), { expiration })).json.expires_in).to.equal(lives)
    const twice = `${form}&subject_token=x`
    expect((await app.call('POST', '/api/oauth/token', { body: twice, headers })).json.error).to.equal(
      'invalid_request',
    )
    for (const expiration of [-1, 1.5, 'soon', {}])
      expect(await refusal(await issuer.sign(web), { expiration })).to.match(/^invalid_request: expiration/)
  })

  it('refuses whom the issuer in esc.yaml does not mean', async () => {
    expect(await refusal(await issuer.sign({ ...web, sub: 'repo:acme-evil/web' }))).to.match(
      /^invalid_grant: .*acme-evil/,
    )
    expect(await refusal(await issuer.sign({ ...web, sub: 'x repo:acme/web' }))).to.match(/^invalid_grant/)
    expect(await refusal(await issuer.sign({ ...web, aud: 'sts.amazonaws.com' }))).to.match(/^invalid_target: .*sts/)
    expect(await refusal(await issuer.sign({ ...web, repository: undefined }))).to.match(/lacks a claim/)
    expect(await refusal(await issuer.sign({ ...web, repository: 'a\nb' }))).to.match(/cannot be the name of a user/)
    expect(await refusal(await issuer.sign({ ...web, sub: undefined }))).to.match(/"sub"/)
    const deploy = { aud: [audience, 'other'], sub: 'anybody', ref: 'refs/heads/main', environment: 'prod' }
    expect((await exchange(await issuer.sign(deploy))).status).to.equal(200)
    expect(await refusal(await issuer.sign({ ...deploy, environment: 'production' }))).to.match(/^invalid_grant/)
    expect(await refusal(await issuer.sign({ ...deploy, ref: undefined }))).to.match(/^invalid_grant/)
  })

  it('refuses tokens that were made up, changed, or are not of this time', async () => {
    const token = await issuer.sign(web)
    const now = Math.floor(Date.now() / 1000)
    const [head, payload, signature = ''] = token.split('.')
    const admin = Buffer.from(JSON.stringify({ ...web, iss: issuer.url, exp: now + 60, repository: 'acme/x' }))
    expect(await refusal(`${head}.${admin.toString('base64url')}.${signature}`)).to.match(/signature/)
    expect(await refusal(`${head}.${payload}.`)).to.match(/^invalid_grant/)
    const claims = { ...web, iss: issuer.url, exp: now + 60 }
    expect(await refusal(new UnsecuredJWT(claims).encode())).to.match(/^invalid_grant/)
    // The public key as a shared secret, as libraries once took it.
    const secret = new TextEncoder().encode(JSON.stringify(issuer.jwks()[0]))
    const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret)
    expect(await refusal(confused)).to.match(/signed in a way/)
    expect(await refusal(await issuer.sign({ ...web, exp: now - 61 }))).to.match(/expired/)
    expect((await exchange(await issuer.sign({ ...web, exp: now - 50 }))).status, 'clocks differ').to.equal(200)
    expect(await refusal(await issuer.sign({ ...web, nbf: now + 600 }))).to.match(/"nbf"/)
    expect(await refusal(await issuer.sign({ ...web, exp: undefined }))).to.match(/"exp"/)
    expect(await refusal(await issuer.sign({ ...web, iss: 'https://evil.example.org' }))).to.match(/does not trust/)
    for (const bad of ['bad', 'a.b.c', 'e30.e30.', `${token}.x`, 'x'.repeat(100_000)])
      expect(await refusal(bad)).to.match(/^invalid_grant/)
  })

  it('checks what is asked for before it looks at the token', async () => {
    const token = await issuer.sign(web)
    for (const [more, error] of [
      [{ grant_type: 'password' }, 'unsupported_grant_type'],
      [{ audience: 'urn:pulumi:org:other' }, 'invalid_target'],
      [{ subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
      [{ subject_token: '' }, 'invalid_request'],
      [{ subject_token: { $ne: '' } }, 'invalid_request'],
      [{ requested_token_type: 'urn:pulumi:token-type:access_token:root' }, 'invalid_request'],
      [{ scope: 'team:ops' }, 'invalid_scope'],
      [{ scope: 'admin' }, 'invalid_scope'],
      [{ scope: 'user:ada' }, 'invalid_scope'],
    ] as const)
      expect(await refusal(token, more)).to.match(new RegExp(`^${error}: `))
    expect((await exchange(token, { scope: 'user:ci/acme/web' })).status).to.equal(200)
    for (const body of ['', '[]', 'null', '{', '"x"'])
      expect((await app.call('POST', '/api/oauth/token', { body })).json.error).to.equal('invalid_request')
  })

  it('keeps the keys of an issuer, and fetches them again for a new one', async () => {
    for (let round = 0; round < 5; round++) expect((await exchange(await issuer.sign(web))).status).to.equal(200)
    expect(issuer.requests).to.deep.equal(['GET /.well-known/openid-configuration', 'GET /jwks'])
    // Within half a minute nobody has the issuer asked again by tokens with made-up keys.
    await issuer.addKey('second', 'RS256')
    expect(await refusal(await issuer.sign(web, 'second'))).to.match(/signature/)
    expect(issuer.requests).to.have.length(2)
    const { now } = Date
    Date.now = () => now() + 31_000
    try {
      expect((await exchange(await issuer.sign(web, 'second'))).status).to.equal(200)
    } finally {
      Date.now = now
    }
    expect(issuer.requests).to.have.length(3)
  })

  it('says so when the issuer gives no keys, and asks again later', async () => {
    issuer.instead['/.well-known/openid-configuration'] = { status: 302, body: '', location: 'https://127.0.0.1:1/' }
    const { status, json } = await exchange(await issuer.sign(web))
    expect(status).to.equal(503)
    expect(json.error).to.equal('temporarily_unavailable')
    expect(issuer.requests).to.have.length(1)
  })

  it('asks no host at a private address that nobody has allowed', async () => {
    const other = await ServedApp.make({
      configuration: `server: {issuers: [{url: '${issuer.url}', subjects: ['repo:acme/*']}]}\n`,
    })
    const answer = await other.call('POST', '/api/oauth/token', { body: exchangeOf(await issuer.sign(web)) })
    expect(answer.status).to.equal(503)
    expect(answer.json.message).to.include('not a public one')
    expect(issuer.requests).to.deep.equal([])
    other.remove()
  })

  it('takes keys from esc.yaml, and asks nobody then', async () => {
    const keys = JSON.stringify({ keys: issuer.jwks() })
    const other = await ServedApp.make({
      configuration: `server: {issuers: [{url: '${issuer.url}', subjects: ['repo:acme/*'], keys: ${keys}}]}\n`,
    })
    const answer = await other.call('POST', '/api/oauth/token', { body: exchangeOf(await issuer.sign(web)) })
    expect(answer.json.expires_in).to.equal(3600)
    expect(issuer.requests).to.deep.equal([])
    other.remove()
  })

  it('gives nothing for an issuer that this machine has not allowed', async () => {
    await app.configure(`    - {url: 'https://evil.example.org', subjects: ['evil']}\n`, { trusted: false })
    expect((await exchange(await issuer.sign(web))).status, 'what was allowed stays').to.equal(200)
    const forged = new UnsecuredJWT({ iss: 'https://evil.example.org', sub: 'evil' }).encode()
    const { status, json } = await exchange(forged)
    expect(status).to.equal(403)
    expect(json.message).to.include('has not allowed')
  })

  it('writes each exchange and each refusal into the audit log, without tokens', async () => {
    const token = await issuer.sign(web)
    const given = (await exchange(token)).json.access_token
    await refusal(await issuer.sign({ ...web, sub: 'repo:evil/x' }))
    const lines = app.audit().filter(({ event }) => event === 'token-exchanged')
    expect(lines.map(({ user, result }) => `${user} ${result}`)).to.deep.equal([
      'ci/acme/web allowed',
      'ci/acme/web done',
      'anonymous denied',
    ])
    const [, , denied] = lines
    expect(lines[0]).to.deep.include({ address: '203.0.113.7' })
    expect(lines[0]?.details).to.deep.include({ issuer: issuer.url, subject: web.sub })
    expect(denied?.details).to.deep.include({ error: 'invalid_grant' })
    expect(denied?.details?.reason).to.include('repo:evil/x')
    const whole = JSON.stringify(app.audit())
    for (const secret of [token, token.split('.')[2] ?? '', given]) expect(whole).not.to.include(secret)
  })

  it('forgets tokens whose time is over, and keeps those that somebody has made', async () => {
    const { json } = await exchange(await issuer.sign(web))
    const made = await app.token({ expiresInSeconds: 1 })
    const registry = app.tokens
    const id = (await registry.find(json.access_token))?.id
    await registry.sweep(new Date(Date.now() + 899_000))
    expect(await registry.find(json.access_token)).to.include({ by: 'exchange', createdBy: issuer.url })
    await registry.sweep(new Date(Date.now() + 901_000))
    expect(await registry.find(json.access_token), id).to.equal(undefined)
    expect(await registry.find(made)).not.to.equal(undefined)
  })

  it('stops an address that tries too often', async () => {
    const strict = await ServedApp.make({ rates: { signIn: 3, failed: 3 } })
    const ask = (from: string) => strict.call('POST', '/api/oauth/token', { body: exchangeOf('bad'), from })
    for (let round = 0; round < 3; round++) expect((await ask('198.51.100.1')).status).to.equal(400)
    const { status, headers, json } = await ask('198.51.100.1')
    expect(status).to.equal(429)
    expect(json).to.have.all.keys('code', 'message')
    expect(Number(headers.get('retry-after'))).to.be.within(1, 60)
    expect((await ask('198.51.100.2')).status).to.equal(400)
    const doors = [
      () => strict.call('GET', '/api/user', { token: 'none', from: '198.51.100.3' }),
      () =>
        strict.call('POST', '/console/sign-in', {
          body: { token: 'none' },
          headers: { 'sec-fetch-site': 'same-origin' },
          from: '198.51.100.4',
        }),
    ]
    for (const door of doors) {
      // The console may not have been built.
      if ((await door()).status === 404) continue
      const seen = [await door(), await door(), await door()].map(({ status }) => status)
      expect(seen).to.deep.equal([401, 401, 429])
    }
    const token = await strict.token()
    expect((await strict.call('GET', '/api/user', { token, from: '198.51.100.3' })).status, 'a neighbour').to.equal(200)
    strict.remove()
  })
})
