import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { consoleSuite, keepsNobodyOut, refusesForgeries } from './console-suite.ts'

const rules = `
access:
  rules:
    - {environments: '*', principals: [ada@example.com, root@example.com, sam@example.com], level: admin}
    - {environments: secret/*, principals: sam@example.com, level: none}
    - {environments: 'app/*', principals: rita@example.com, level: read}
`

describe('tokens in the console', function () {
  this.timeout(120_000)
  const suite = consoleSuite({
    async seed(program) {
      await program.withEnvironment('app/dev', 'values: {a: 1}\n')
      appendFileSync(join(program.store, 'esc.yaml'), rules)
    },
  })

  it('are made, shown once, listed with their last use, and revoked', async () => {
    const opened = await suite.open('/tokens')
    const { page, close, faults } = opened
    await page.getByRole('button', { name: 'New token' }).click()
    const dialog = page.getByRole('dialog', { name: 'New token' })
    await dialog.getByLabel('User').fill('rita@example.com')
    await dialog.getByLabel('Name').fill('laptop')
    await dialog.getByLabel('The most that it may do').selectOption('read')
    await dialog.getByLabel('Only in these environments').fill('app/*')
    await dialog.getByLabel('Ends after').selectOption('7')
    await dialog.getByRole('button', { name: 'New token' }).click()
    await page.getByRole('dialog', { name: 'The token is made' }).waitFor()
    const token = (await page.locator('code.token').textContent()) ?? ''
    expect(token).to.match(/^esc_\w{40}$/)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).to.equal(token)
    await page.getByRole('button', { name: 'Close' }).click()
    expect(await page.content()).not.to.include(token)
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.title, location.href])')
    expect(kept).not.to.include(token.slice(4))
    const row = page.getByRole('row', { name: /laptop/ })
    expect(await row.innerText())
      .to.match(/of rita@example\.com/)
      .and.match(/app\/\*/)
      .and.match(/never\s+in 7 days/)
    expect((await suite.server.call('GET', '/api/esc/environments/acme/app/dev', { token })).status).to.equal(200)
    await page.reload()
    await row
      .getByText(/second|minute|now/)
      .first()
      .waitFor()
    await row.getByRole('button', { name: /^Revoke laptop/ }).click()
    const confirm = page.getByRole('dialog', { name: 'Revoke token laptop?' })
    await confirm.getByText('The next request with it is refused').waitFor()
    await confirm.getByRole('button', { name: 'Revoke' }).click()
    await row.waitFor({ state: 'detached' })
    expect((await suite.server.call('GET', '/api/esc/environments/acme/app/dev', { token })).status).to.equal(401)
    expect(await suite.program.ok('audit', 'log', '--event', 'token-revoked')).to.include('root@example.com')
    expect(await suite.program.ok('audit', 'log')).not.to.include(token)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('end the sessions that were begun with them', async () => {
    const token = await suite.tokenFor('rita@example.com', '--name', 'session')
    const { page, close } = await suite.open('/environments/app/dev/values', token)
    await page.getByRole('row', { name: 'a' }).first().waitFor()
    await suite.program.ok('server', 'token', 'revoke', 'session')
    await page.getByRole('tab', { name: 'Revisions' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await close()
  })

  it('are the business of admins, and give nobody more than the rules do', async () => {
    const { page, close } = await suite.open('/tokens', await suite.tokenFor('rita@example.com'))
    await page.locator('.note').getByText('Needs admin access').waitFor()
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await close()
    const sam = await suite.tokenFor('sam@example.com')
    const make = (input: unknown) =>
      suite.server.call('POST', '/api/v1/operations/create-token', { token: sam, body: { subject: null, input } })
    const token = { user: 'sam@example.com', level: 'open' }
    expect((await make(token)).status).to.equal(200)
    for (const more of [
      { ...token, admin: true },
      { ...token, user: 'root@example.com' },
    ]) {
      const { status, json } = await make(more)
      expect(status, JSON.stringify(json)).to.equal(403)
      expect(json.message).to.include('may not make a token')
    }
    const narrow = await suite.tokenFor('root@example.com', '--environment', 'app/*')
    const call = { token: narrow, body: { subject: null, input: { ...token, user: 'root@example.com' } } }
    expect((await suite.server.call('POST', '/api/v1/operations/create-token', call)).status).to.equal(403)
  })

  it('answer no page of another origin', async () => {
    const opened = await suite.open('/tokens')
    const user = { user: 'eve@example.com', level: 'admin' }
    await refusesForgeries(suite, opened, [
      { method: 'POST', path: '/console/api/v1/operations/create-token', body: { subject: null, input: user } },
      { method: 'POST', path: '/console/api/v1/operations/revoke-token', body: { subject: null, input: 'session' } },
      { method: 'POST', path: '/console/api/v1/operations/list-tokens', body: { subject: null } },
    ])
    expect(await suite.program.ok('server', 'token', 'list')).not.to.include('eve@example.com')
    await opened.close()
  })

  keepsNobodyOut(suite, { tokens: '/tokens' })
})
