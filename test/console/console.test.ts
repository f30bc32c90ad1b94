import { expect } from 'chai'
import { ended } from '../end-to-end/program.ts'
import { ConsolePage, looksTried } from './browser.ts'
import { consoleSuite, keepsNobodyOut } from './console-suite.ts'

const DEFINITION = `imports: [base/common]
values:
  # The region of everything.
  region: eu-west-1
  database:
    password: {fn::secret: cAnary-of-the-console}
    url: postgres://app:\${database.password}@db.example.com/shop
  deploy:
    fn::rotate::password: {inputs: {length: 24}}
`

describe('the console', function () {
  this.timeout(180_000)
  const suite = consoleSuite({
    seed: async (program) => {
      await program.withEnvironment('base/common', 'values: {shared: {size: 3}}\n')
      await program.withEnvironment('app/dev', DEFINITION)
      await program.ok('env', 'rotate', 'app/dev')
    },
  })

  it('signs in with a token, and out again for good', async () => {
    const { page, context, close, faults } = await suite.open('/')
    await page.getByRole('link', { name: 'dev' }).waitFor()
    const [cookie] = await context.cookies()
    expect(cookie).to.include({ httpOnly: true, sameSite: 'Strict' })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    // The server has ended the session, and not only the browser.
    await context.addCookies([cookie as never])
    await page.goto('/')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('signs in with the link of esc ui, once, as the person at the machine', async () => {
    const child = suite.program.start(['ui', '--no-open'])
    const over = ended(child)
    const link = await new Promise<string>((resolve) => {
      child.stdout?.once('data', (bytes) => resolve(String(bytes).trim()))
    })
    const opened = await ConsolePage.open(suite.browser, new URL(link).origin)
    await opened.page.goto(link)
    await opened.page.getByText('ada@example.com').waitFor()
    expect(opened.page.url()).not.to.include('code')
    expect(opened.faults).to.deep.equal([])
    await opened.close()
    const again = await ConsolePage.open(suite.browser, new URL(link).origin)
    await again.page.goto(link)
    await again.page.getByRole('alert').getByText('does not sign you in any more').waitFor()
    await again.close()
    child.kill('SIGTERM')
    expect((await over).code).to.equal(0)
  })

  it('refuses a token that is none', async () => {
    const { page, context, close } = await ConsolePage.open(suite.browser, suite.server.url)
    await page.goto('/')
    await page.getByLabel('Token').fill('esc_nothing')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    expect(await context.cookies()).to.deep.equal([])
    await close()
  })

  it('shows values without their secrets, and reveals one on demand', async () => {
    const { page, close, faults } = await suite.open('/environments/app/dev/values')
    await page.getByText('eu-west-1').waitFor()
    expect(await page.content()).not.to.include('cAnary-of-the-console')
    await page.getByRole('button', { name: 'Reveal database.password' }).click()
    await page.getByText('cAnary-of-the-console', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Hide database.password' }).click()
    expect(await page.content()).not.to.include('cAnary-of-the-console')
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.title, location.href])')
    expect(kept).not.to.include('cAnary')
    expect(await suite.program.ok('audit', 'log', '--event', 'open')).to.include('app/dev')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('rotates secrets, and tells what has come of it', async () => {
    const before = await suite.program.open('app/dev', 'deploy')
    const { page, close, faults } = await suite.open('/environments/app/dev/rotated')
    await page.getByRole('button', { name: 'Rotate secrets' }).click()
    await page.getByRole('dialog').getByText('deploy').waitFor()
    await page.getByRole('button', { name: 'Rotate now' }).click()
    await page.getByRole('status').getByText('Rotated.').waitFor()
    const after = await suite.program.open('app/dev', 'deploy')
    expect(after.previous).to.equal(before.current)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('makes a schedule, pauses it, and resumes it', async () => {
    const { page, close, faults } = await suite.open('/environments/app/dev/rotated')
    await page.getByRole('button', { name: 'Create rotation schedule' }).click()
    await page.getByRole('button', { name: 'Mondays at 3:00' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Create rotation schedule' }).click()
    await page.getByText('0 3 * * 1').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused').waitFor()
    expect(await suite.program.ok('env', 'schedule', 'list', 'app/dev')).to.include('0 3 * * 1')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('edits a definition: a mistake at its place, a review, and the next revision', async () => {
    const { page, close, faults } = await suite.open('/environments/app/dev/editor')
    await page.getByLabel('Definition').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('  broken: $')
    await page.keyboard.type('{{nope}')
    await page.getByText('1 mistake').waitFor()
    for (let typed = '{{nope}'.length + 1; typed > 0; typed--) await page.keyboard.press('Backspace')
    await page.keyboard.type('fine')
    await page.keyboard.press('Control+s')
    await page.getByRole('dialog').getByText('values.broken').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await suite.program.ok('env', 'get', 'app/dev', 'broken')).to.include('fine')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('compares two revisions, and rolls one back', async () => {
    const { page, close, faults } = await suite.open('/environments/app/dev/revisions')
    await page.getByRole('checkbox').nth(0).check()
    await page.getByRole('checkbox').nth(1).check()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('dialog').locator('.added').first().waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Roll back 2', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await page.getByText('rollback').first().waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('shows what is stored as text, whatever it looks like', async () => {
    const markup = '<img src=x onerror="globalThis.hit=1">'
    await suite.program.withEnvironment('app/markup', `values: {a: ${JSON.stringify(markup)}}\n`)
    const { page, close, faults } = await suite.open('/environments/app/markup/values')
    await page.getByText(markup).waitFor()
    expect(await page.evaluate(() => (globalThis as { hit?: number }).hit)).to.equal(undefined)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('lets no script in, and no request of another page', async () => {
    const { page, context, close } = await suite.open('/')
    await page.getByRole('link', { name: 'dev' }).waitFor()
    await page.evaluate(`
      const script = document.createElement('script')
      try { script.text = 'globalThis.hit = 1' } catch {}
      document.head.append(script)
    `)
    expect(await page.evaluate(() => (globalThis as { hit?: number }).hit)).to.equal(undefined)
    const headers = { cookie: (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ') }
    const change = { body: { project: 'app', name: 'forged' }, token: '' }
    const path = '/console/api/esc/environments/acme'
    for (const site of ['cross-site', 'same-site', 'none', undefined]) {
      const forged = { ...headers, ...(site !== undefined && { 'sec-fetch-site': site }) }
      expect((await suite.server.call('POST', path, { ...change, headers: forged })).status).to.equal(403)
    }
    // The cookie counts nowhere else.
    const elsewhere = { ...headers, 'sec-fetch-site': 'same-origin' }
    expect(
      (await suite.server.call('POST', '/api/esc/environments/acme', { ...change, headers: elsewhere })).status,
    ).to.equal(401)
    await close()
  })

  keepsNobodyOut(suite, {
    environments: '/',
    ...Object.fromEntries(
      ['editor', 'values', 'rotated', 'revisions'].map((tab) => [`environment-${tab}`, `/environments/app/dev/${tab}`]),
    ),
  })

  for (const look of looksTried()) {
    it(`lets everybody sign in, ${look.name}`, async () => {
      const opened = await ConsolePage.open(suite.browser, suite.server.url, look)
      await opened.page.goto('/')
      await opened.page.getByLabel('Token').waitFor()
      expect(await opened.barriers()).to.deep.equal([])
      await opened.picture(`sign-in-${look.name}`)
      expect(opened.faults).to.deep.equal([])
      await opened.close()
    })
  }
})
