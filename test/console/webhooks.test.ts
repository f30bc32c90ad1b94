import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Receiver } from '../webhooks/receiver.ts'
import { consoleSuite, eventually, expectNoHit, keepsNobodyOut, markup, refusesForgeries } from './console-suite.ts'

describe('webhooks in the console', function () {
  this.timeout(120_000)
  let receiver: Receiver
  let failing = false
  const suite = consoleSuite({
    async seed(program) {
      receiver = await new Receiver(
        (answer) => void answer.writeHead(failing ? 500 : 200).end(failing ? markup : 'ok'),
      ).start()
      await program.withEnvironment('app/dev', 'values: {a: {fn::secret: cAnary-of-the-hook}}\n')
      await program.withEnvironment('app/prod', 'values: {a: 1}\n')
      appendFileSync(
        join(program.store, 'esc.yaml'),
        `webhooks: {allow: ["${receiver.host}"]}
access:
  rules:
    - {environments: '*', principals: [ada@example.com, root@example.com], level: admin}
    - {environments: '*', principals: rita@example.com, level: open}
`,
      )
      await program.ok('trust', '--yes')
    },
  })
  after(() => receiver?.stop())

  it('are made, pinged, changed and removed', async () => {
    const opened = await suite.open('/environments/app/dev/webhooks')
    const { page, close, faults } = opened
    await page.getByText('This environment has no webhooks.').waitFor()
    await page.getByRole('button', { name: 'New webhook' }).click()
    const made = page.getByRole('dialog', { name: 'New webhook' })
    await made.getByLabel('Name').fill('on-call')
    await made.getByLabel('URL').fill('http://169.254.169.254/latest')
    await made.getByRole('button', { name: 'New webhook' }).click()
    await made.getByRole('alert').waitFor()
    await made.getByLabel('URL').fill(receiver.url)
    await made.getByLabel('Every event').uncheck()
    for (const box of await made.getByRole('checkbox', { name: /^environment_|^imported_/ }).all()) await box.uncheck()
    await made.getByLabel('environment_rotation_failed').check()
    await made.getByLabel('Secret', { exact: true }).fill('s3cr3t-of-the-hook')
    await made.getByRole('button', { name: 'New webhook' }).click()
    const hook = page.getByRole('article', { name: 'on-call' })
    await hook.getByText('environment_rotation_failed').waitFor()
    await hook.getByText('signed').waitFor()
    await hook.getByRole('button', { name: 'Ping on-call' }).click()
    await hook.getByRole('row', { name: /delivered ping/ }).waitFor()
    expect(receiver.received).to.have.length(1)
    await hook.getByRole('button', { name: 'Edit on-call' }).click()
    const changed = page.getByRole('dialog', { name: 'Edit webhook on-call' })
    await changed.getByLabel('Name').fill('off-call')
    await changed.getByLabel('Active').uncheck()
    await changed.getByRole('button', { name: 'Save webhook' }).click()
    const renamed = page.getByRole('article', { name: 'off-call' })
    await renamed.getByText('not active').waitFor()
    await renamed.getByText('signed').waitFor()
    await renamed.getByText('environment_rotation_failed').waitFor()
    expect(await page.content()).not.to.include('s3cr3t')
    const kept = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.title, location.href])')
    expect(kept).not.to.include('s3cr3t')
    await renamed.getByRole('button', { name: 'Remove off-call' }).click()
    const confirm = page.getByRole('dialog', { name: 'Remove webhook off-call?' })
    await confirm.getByText('What waits to be sent is dropped').waitFor()
    await confirm.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('This environment has no webhooks.').waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  it('tell what was sent, what was answered, and send it once more', async () => {
    const { json } = await suite.perform('create-webhook', 'app/dev', { displayName: markup, url: receiver.url })
    expect(json.result.displayName).to.equal(markup)
    failing = true
    await suite.perform('set-environment-tag', 'app/dev', { name: 'tier', value: markup })
    const opened = await suite.open('/environments/app/dev/webhooks')
    const { page, close, faults } = opened
    await page.getByText('Deliveries').click()
    const row = page.getByRole('row', { name: /environment_tag/ })
    await row.waitFor()
    await eventually(async () => {
      await page.reload()
      await page.getByText('Deliveries').click()
      await row.getByRole('cell', { name: /^500/ }).waitFor({ timeout: 2000 })
    })
    await row.getByText('waiting').waitFor()
    await row.getByText('next attempt').waitFor()
    await row.getByText('Attempts and body').click()
    await row.getByText(markup, { exact: true }).first().waitFor()
    failing = false
    const before = receiver.received.length
    await row.getByRole('button', { name: /^Redeliver/ }).click()
    await row.getByText('delivered').waitFor()
    expect(receiver.received.length).to.equal(before + 1)
    await expectNoHit(opened)
    expect(faults).to.deep.equal([])
    await suite.perform('remove-webhook', 'app/dev', json.result.name)
    await suite.perform('create-webhook', 'app/dev', { displayName: 'on-call', url: receiver.url })
    await close()
  })

  it('are not for those who may only open, and answer no page of another origin', async () => {
    const reader = await suite.open('/environments/app/prod/webhooks', await suite.tokenFor('rita@example.com'))
    await reader.page.locator('.note', { hasText: 'Needs write access; you have' }).waitFor()
    await reader.close()
    const opened = await suite.open('/environments/app/prod/webhooks')
    const subject = { name: 'app/prod' }
    const input = { displayName: 'eve', url: 'https://eve.example.com/' }
    await refusesForgeries(suite, opened, [
      { method: 'POST', path: '/console/api/v1/operations/create-webhook', body: { subject, input } },
      { method: 'POST', path: '/console/api/v1/operations/edit-webhook', body: { subject, input: {} } },
      { method: 'POST', path: '/console/api/v1/operations/ping-webhook', body: { subject, input: 'hook-1' } },
      { method: 'POST', path: '/console/api/v1/operations/redeliver-webhook', body: { subject, input: {} } },
      { method: 'POST', path: '/console/api/v1/operations/remove-webhook', body: { subject, input: 'hook-1' } },
    ])
    await opened.page.getByText('This environment has no webhooks.').waitFor()
    await opened.close()
  })

  keepsNobodyOut(suite, { 'environment-webhooks': '/environments/app/dev/webhooks' })
})
