import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { consoleSuite, eventually, expectNoHit, keepsNobodyOut, markup, refusesForgeries } from './console-suite.ts'

const rules = `
access:
  rules:
    - {environments: '*', principals: [ada@example.com, root@example.com], level: admin}
    - {environments: 'app/*', principals: rita@example.com, level: read}
`

describe('the audit log in the console', function () {
  this.timeout(120_000)
  const suite = consoleSuite({
    async seed(program) {
      await program.withEnvironment('app/dev', 'values: {a: {fn::secret: cAnary-of-the-log}}\n')
      await program.withEnvironment('app/prod', 'values: {a: 1}\n')
      await program.ok('env', 'open', 'app/dev')
      appendFileSync(join(program.store, 'esc.yaml'), rules)
    },
  })

  it('is filtered by environment, person, token, action, outcome and time', async () => {
    const rita = await suite.tokenFor('rita@example.com', '--name', 'laptop of rita')
    const denied = await suite.server.call('POST', '/api/v1/operations/open-environment', {
      token: rita,
      body: { subject: { name: 'app/prod' }, input: {} },
    })
    expect(denied.status).to.be.oneOf([400, 403])
    const asked = { body: { subject: { name: 'app/dev' }, input: { path: 'a', value: 2 } }, token: rita }
    expect((await suite.server.call('POST', '/api/v1/operations/remove-value', asked)).status).to.be.at.least(400)
    await suite.server.call('PATCH', '/api/esc/environments/acme/app/prod', { token: rita, body: 'values: {}\n' })
    const { page, close, faults } = await suite.open('/audit')
    const rows = page.locator('tbody tr')
    const shows = async (text: string) => {
      await page.getByRole('button', { name: 'Filter' }).click()
      await eventually(async () => {
        const all = await rows.allTextContents()
        expect(all).to.not.have.length(0)
        for (const each of all) expect(each).to.include(text)
      })
    }
    await page.getByLabel('Person').fill('RITA@example.com')
    await shows('rita@example.com')
    await page.getByLabel('Outcome').selectOption('denied')
    await shows('denied')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('Token').fill('laptop of rita')
    await shows('token laptop of rita')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('Environment').fill('app/d*')
    await page.getByLabel('Action').fill('open')
    await shows('environment-open')
    expect((await rows.allTextContents()).join())
      .to.include('app/dev')
      .and.not.include('app/prod')
    await page.getByLabel('Until').fill('2020-01-01T00:00')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('No line matches.').waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByLabel('From', { exact: true }).fill('2020-01-01T00:00')
    await shows('')
    expect(await page.content()).not.to.include('cAnary')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('keeps what is typed while lines are loaded, and shows the answer to the last question', async () => {
    const { page, close, faults } = await suite.open('/environments')
    const held: (() => Promise<void>)[] = []
    const list = '**/operations/list-audit-lines'
    await page.route(list, (route) => void held.push(() => route.continue()))
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByLabel('Person').fill('nobody@example.com')
    await eventually(async () => {
      expect(held).to.have.lengthOf(1)
    })
    const [first] = held.splice(0)
    await first?.()
    await page.locator('tbody tr').first().waitFor()
    expect(await page.getByLabel('Person').inputValue()).to.equal('nobody@example.com')
    // The answer about nobody comes first, and then the one about everybody.
    await page.getByLabel('Person').fill('')
    await page.getByLabel('Action').fill('no-such-event,environment-created')
    await page.getByRole('button', { name: 'Filter' }).click()
    await eventually(async () => {
      expect(held).to.have.lengthOf(1)
    })
    await page.getByLabel('Person').fill('nobody@example.com')
    await page.getByRole('button', { name: 'Filter' }).click()
    await eventually(async () => {
      expect(held).to.have.lengthOf(2)
    })
    const [slow, quick] = held.splice(0)
    await quick?.()
    await page.getByText('No line matches.').waitFor()
    const late = page.waitForResponse(list)
    await slow?.()
    await (await late).finished()
    await page.waitForTimeout(100)
    expect(await page.getByText('No line matches.').isVisible()).to.equal(true)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('has pages that stay the same while the log grows', async () => {
    for (let at = 0; at < 120; at++) await suite.server.call('GET', '/api/esc/environments/acme/app/dev?decrypt=1')
    for (let at = 0; at < 60; at++)
      await suite.perform('set-environment-tag', 'app/dev', { name: 'at', value: String(at) })
    const { page, close, faults } = await suite.open('/audit')
    const rows = page.locator('tbody tr')
    const page1 = await (async () => {
      await page.getByText('Page 1').waitFor()
      return rows.allTextContents()
    })()
    expect(page1).to.have.length(100)
    const times = await page
      .locator('tbody time')
      .evaluateAll((all) => all.map((each) => each.getAttribute('datetime') ?? ''))
    expect(times).to.deep.equal([...times].sort().reverse())
    await suite.perform('set-environment-tag', 'app/dev', { name: 'at', value: 'new' })
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText('Page 2').waitFor()
    const second = await page
      .locator('tbody time')
      .evaluateAll((all) => all.map((each) => each.getAttribute('datetime') ?? ''))
    const last = times.at(-1) ?? ''
    for (const time of second) expect(time <= last, `${time} is after ${last}`).to.equal(true)
    expect(await page.getByRole('button', { name: 'Newer' }).isEnabled()).to.equal(true)
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByText('Page 1').waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is verified, and names what was changed', async () => {
    const { page, close, faults } = await suite.open('/audit')
    await page.getByRole('button', { name: 'Verify the log' }).click()
    await page.getByText('nothing is wrong').waitFor()
    const head = (await page.locator('.verification code').first().textContent()) ?? ''
    expect(head).to.match(/^[\w-]+:\d+:[0-9a-f]{64}$/)
    await page.getByLabel('Heads that you kept elsewhere').fill('nonsense')
    await page.getByRole('button', { name: 'Verify the log' }).click()
    await page.getByRole('alert').getByText("'nonsense' is not a head of a log").waitFor()
    await page.getByLabel('Heads that you kept elsewhere').fill(head)
    await page.getByRole('button', { name: 'Verify the log' }).click()
    await page.getByText('nothing is wrong').waitFor()
    const folder = join(suite.program.state, 'audit')
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
    const before = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), before.replace('"user":"ada@example.com"', '"user":"nobody@example.com"'))
    await page.getByRole('button', { name: 'Verify the log' }).click()
    await page.getByText('things are wrong').or(page.getByText('1 thing is wrong')).waitFor()
    const found = await page.locator('.verification .outcome').innerText()
    expect(found).to.include('changed').and.include(`${file}:`).and.not.include(suite.program.folder)
    writeFileSync(
      join(folder, file),
      readFileSync(join(folder, file), 'utf8').replace('"user":"nobody@example.com"', '"user":"ada@example.com"'),
    )
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is refused to those who do not administer, and shows markup as text', async () => {
    const reader = await suite.open('/audit', await suite.tokenFor('rita@example.com'))
    await reader.page.getByRole('alert').getByText('may not read the audit log').waitFor()
    await reader.close()
    await suite.program.esc(['env', 'open', 'app/dev'], { ESC_PRINCIPAL: markup })
    const opened = await suite.open('/audit')
    await opened.page.getByRole('cell', { name: markup }).first().waitFor()
    await expectNoHit(opened)
    await opened.close()
  })

  it('answers no page of another origin', async () => {
    const opened = await suite.open('/audit')
    await refusesForgeries(suite, opened, [
      { method: 'POST', path: '/console/api/v1/operations/list-audit-lines', body: { subject: null, input: {} } },
      { method: 'POST', path: '/console/api/v1/operations/verify-audit-log', body: { subject: null, input: {} } },
    ])
    await opened.close()
  })

  keepsNobodyOut(suite, { audit: '/audit?user=root%40example.com', 'environment-audit': '/environments/app/dev/audit' })
})
