import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { adapterCertificate } from '../fakes/adapter-certificate.ts'
import { FakeOidcProvider } from '../fakes/oidc-provider.ts'
import { sample } from '../sample.ts'
import { ConsolePage } from './browser.ts'
import { consoleSuite } from './console-suite.ts'

const secret = 'a-secret-of-the-client'

/** Places that signing in leads to for nobody. */
const places = [
  '//evil.example.com/',
  'https://evil.example.com',
  '/\\evil.example.com',
  '/console/api/user',
  '/cli-login',
]

describe('signing in to the console at a provider', function () {
  this.timeout(120_000)
  let provider: FakeOidcProvider
  const env: Record<string, string> = { ESC_SIGN_IN_SECRET: secret }
  const suite = consoleSuite({
    env,
    async seed(program) {
      provider = await FakeOidcProvider.start()
      const file = join(program.folder, 'provider.pem')
      writeFileSync(file, adapterCertificate)
      env.NODE_EXTRA_CA_CERTS = file
      await program.withEnvironment('app/dev', 'values: {a: 1}\n')
      appendFileSync(
        join(program.store, 'esc.yaml'),
        `network: {privateHosts: [127.0.0.1]}
server:
  signIn: {issuer: '${provider.url}', clientId: esc, allow: ['*@example.org'], lifetime: 1h}
`,
      )
      await program.ok('trust', '--yes')
    },
  })
  before(() => {
    if (provider === undefined) return
    provider.client = { id: 'esc', secret, redirectUris: [`${suite.server.url}/sign-in/callback`] }
    provider.person = { sub: '42', email: 'ada@example.org', email_verified: true }
  })
  after(() => provider?.stop())

  /** A browser that trusts the certificate of the provider. */
  async function browser() {
    const context = await suite.browser.newContext({ baseURL: suite.server.url, ignoreHTTPSErrors: true })
    return { context, page: await context.newPage() }
  }

  it('leads back to the place, and signing out ends session and token', async () => {
    const { context, page } = await browser()
    await page.goto('/environments/app/dev/revisions?from=1')
    await page.getByRole('button', { name: 'Sign in with your account' }).click()
    await page.getByText('ada@example.org').waitFor()
    expect(page.url()).to.equal(`${suite.server.url}/environments/app/dev/revisions?from=1`)
    const cookies = await context.cookies(suite.server.url)
    expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).to.deep.equal([
      { name: 'esc', httpOnly: true, sameSite: 'Strict' },
    ])
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.title, location.href])')
    expect(kept).not.to.include('esc_').and.not.include('code=')
    const list = () => suite.program.ok('server', 'token', 'list')
    expect(await list()).to.include('ada@example.org by sign-in')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await list(), 'the token was made for the session').not.to.include('ada@example.org')
    await context.addCookies(cookies)
    await page.goto('/')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(provider.refusals).to.deep.equal([])
    await context.close()
  })

  it('goes on where a session has ended', async () => {
    const token = await suite.tokenFor('grace@example.org', '--name', 'short')
    const { page, close } = await suite.open('/environments/app/dev/revisions', token)
    await page.locator('tbody tr').first().waitFor()
    await suite.program.ok('server', 'token', 'revoke', 'short')
    await page.getByRole('tab', { name: 'Imports' }).click()
    await page.getByLabel('Token').fill(suite.server.token)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('tab', { name: 'Imports', selected: true }).waitFor()
    expect(new URL(page.url()).pathname).to.equal('/environments/app/dev/links')
    await close()
  })

  it('refuses those who are not meant, places that are none, and beginnings from elsewhere', async () => {
    provider.person = { sub: '1', email: 'eve@evil.example.com', email_verified: true }
    const { context, page } = await browser()
    await page.goto('/')
    await page.getByRole('button', { name: 'Sign in with your account' }).click()
    await page.getByText('may not sign in here').waitFor()
    expect((await context.cookies(suite.server.url)).filter(({ name }) => name === 'esc')).to.deep.equal([])
    provider.person = { sub: '42', email: 'ada@example.org', email_verified: true }
    for (const to of sample(places, 2)) {
      await page.goto('/')
      await page.evaluate(`location.assign('/console/sign-in/begin?to=' + encodeURIComponent(${JSON.stringify(to)}))`)
      await page.getByText('ada@example.org').waitFor()
      expect(page.url(), to).to.equal(`${suite.server.url}/`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    }
    for (const site of ['cross-site', 'same-site', 'none', undefined]) {
      const headers: Record<string, string> = site === undefined ? {} : { 'sec-fetch-site': site }
      const { status } = await suite.server.call('GET', '/console/sign-in/begin', { token: '', headers })
      expect(status, String(site)).to.equal(403)
    }
    await context.close()
  })

  it('keeps nobody out', async () => {
    const opened = await ConsolePage.open(suite.browser, suite.server.url)
    await opened.page.goto('/')
    await opened.page.getByRole('button', { name: 'Sign in with your account' }).waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    expect(opened.faults).to.deep.equal([])
    await opened.close()
  })
})
