import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { consoleSuite, expectNoHit, keepsNobodyOut, markup, refusesForgeries } from './console-suite.ts'

const rules = `access:
  teams:
    ops: [ada@example.com, root@example.com]
    devs: [bob@example.com, eve@example.com]
  rules:
    - {environments: "*", principals: team:ops, level: admin}
    - {environments: app/*, principals: team:devs, level: open}
    - {environments: app/prod, principals: eve@example.com, level: none}
    - {environments: "*", principals: sam@example.com, level: admin}
    - {environments: app/prod, principals: sam@example.com, level: none}
`

describe('access in the console', function () {
  this.timeout(120_000)
  let recipients: Readonly<Record<'ada' | 'bob' | 'carol', string>>
  const suite = consoleSuite({
    async seed(program) {
      const [ada, bob, carol] = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()])
      const [first, second, third] = await Promise.all([ada, bob, carol].map(identityToRecipient))
      recipients = { ada: first ?? '', bob: second ?? '', carol: third ?? '' }
      program.env.ESC_AGE_IDENTITY = ada
      const list = `# ada@example.com\n${recipients.ada}\n# bob@example.com\n${recipients.bob}\n`
      writeFileSync(join(program.store, 'age-recipients.txt'), list)
      const definition =
        'values: {token: {fn::secret: cAnary-of-access}, password: {fn::rotate::password: {inputs: {length: 20}}}}\n'
      for (const name of ['app/dev', 'app/prod', 'other/one']) {
        const made = await program.run(['env', 'init', name, '--secrets-provider', 'age://', '--file', '-'], {
          input: definition,
        })
        expect(made.code, made.err).to.equal(0)
      }
      await program.ok('env', 'rotate', 'app/dev')
      appendFileSync(join(program.store, 'esc.yaml'), rules)
    },
  })

  it('shows the rules as they are, and explains who may do what and why', async () => {
    const { page, close, faults } = await suite.open('/access')
    // The token of an admin is not limited by the rules: they are there all the same.
    await page.getByText('root@example.com has admin on the store as a whole: the rules do not limit').waitFor()
    await page.getByRole('row', { name: 'app/* team:devs open esc.yaml:' }).waitFor()
    await page.getByRole('row', { name: 'app/prod eve@example.com none' }).waitFor()
    await page.getByText('devs: bob@example.com, eve@example.com').waitFor()
    await page.getByLabel('Environment').fill('app/prod')
    await page.getByLabel('Principal').fill('eve@example.com')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page
      .getByText(/eve@example\.com has none on app\/prod: the rule at esc\.yaml:\d+ for eve@example\.com/)
      .waitFor()
    await page
      .getByRole('row', { name: /bob@example\.com in devs open the rule at esc\.yaml:\d+ for team:devs/ })
      .waitFor()
    await page.getByText('these recipients of age-recipients.txt, and nobody else:').waitFor()
    await page.getByText(recipients.bob).waitFor()
    expect(await page.content()).not.to.include(suite.program.folder)
    await page.goto('/environments/app/dev/access')
    await page.getByText('root@example.com has admin on app/dev').waitFor()
    await page.getByLabel('Principal').fill(markup)
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText(`${markup} has none on app/dev`).waitFor()
    expect(await page.locator('img').count()).to.equal(0)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('lets somebody in where the rules let them open, and nowhere else', async () => {
    const { page, close, faults } = await suite.open('/access')
    await page.getByRole('button', { name: 'Somebody joins' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody joins' })
    await dialog.getByLabel('Principal').fill('nobody@example.com')
    await dialog.getByLabel('Age recipient').fill(recipients.carol)
    await dialog.getByRole('button', { name: 'What will be done?' }).click()
    await dialog.getByRole('alert').getByText("the rules give 'nobody@example.com' no environment to open").waitFor()
    const file = join(suite.program.store, 'esc.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace('devs: [', 'devs: [carol@example.com, ').replace('environments: app/*', 'environments: "*"'),
    )
    await dialog.getByLabel('Principal').fill('carol@example.com')
    await dialog.getByRole('button', { name: 'What will be done?' }).click()
    await dialog.getByText('Data keys are encrypted for them too: app/dev, app/prod, other/one.').waitFor()
    await dialog.getByRole('button', { name: 'Let them in' }).click()
    await dialog.getByRole('status').getByText('app/prod').waitFor()
    expect(readFileSync(join(suite.program.store, 'age-recipients.txt'), 'utf8')).to.include(recipients.carol)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('takes somebody out, and says what stays known to them', async () => {
    const opened = await suite.open('/access')
    const { page, close, faults } = opened
    await page.getByRole('button', { name: 'Somebody leaves' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody leaves' })
    await dialog.getByLabel('Principal').fill('bob@example.com')
    await dialog.getByRole('button', { name: 'What will be done?' }).click()
    await dialog
      .getByText('New data keys at once, and every revision re-encrypted: app/dev, app/prod, other/one.')
      .waitFor()
    await dialog.getByText('They are taken out of the teams and rules in esc.yaml').waitFor()
    await dialog.getByText('to be rotated: password').first().waitFor()
    await dialog.getByText('to be changed where they come from: token').first().waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    expect(await page.content()).not.to.include(suite.program.folder)
    const before = readFileSync(join(suite.program.store, 'age-recipients.txt'), 'utf8')
    expect(before, 'before it was agreed to').to.include(recipients.bob)
    await dialog.getByRole('button', { name: 'Remove them' }).click()
    await dialog.getByRole('status').getByText('app/prod').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    expect(readFileSync(join(suite.program.store, 'age-recipients.txt'), 'utf8')).not.to.include(recipients.bob)
    expect(readFileSync(join(suite.program.store, 'esc.yaml'), 'utf8')).not.to.include('bob@example.com')
    await page.getByText('devs: carol@example.com, eve@example.com').waitFor()
    expect((await suite.program.open('app/dev', 'token')).toString()).to.equal('cAnary-of-access')
    await expectNoHit(opened)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is changed by admins alone, by no other page, and nobody gets past a rule in the name of others', async () => {
    const perform = (name: string, token: string, input: unknown) =>
      suite.server.call('POST', `/api/v1/operations/${name}`, { token, body: { subject: null, input } })
    const eve = await suite.tokenFor('eve@example.com')
    const sam = await suite.tokenFor('sam@example.com')
    const joiner = { principal: 'ada@example.com', recipient: recipients.bob }
    for (const name of ['add-principal', 'preview-principal']) {
      expect((await perform(name, eve, joiner)).status, name).to.equal(403)
      const { status, json } = await perform(name, sam, joiner)
      expect(status, JSON.stringify(json)).to.equal(403)
      expect(json.message).to.include("a rule keeps 'sam@example.com' out of app/prod")
    }
    for (const name of ['remove-principal', 'preview-principal-removal'])
      expect((await perform(name, eve, { principal: 'ada@example.com' })).status, name).to.equal(403)
    const opened = await suite.open('/access')
    await refusesForgeries(suite, opened, [
      { method: 'POST', path: '/console/api/v1/operations/add-principal', body: { subject: null, input: joiner } },
      { method: 'POST', path: '/console/api/v1/operations/remove-principal', body: { subject: null, input: joiner } },
    ])
    await opened.close()
  })

  keepsNobodyOut(suite, { access: '/access', 'environment-access': '/environments/app/dev/access' })
})
