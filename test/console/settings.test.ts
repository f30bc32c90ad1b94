import { expect } from 'chai'
import { consoleSuite, expectNoHit, keepsNobodyOut, markup, refusesForgeries } from './console-suite.ts'

describe('settings of an environment in the console', function () {
  this.timeout(120_000)
  const suite = consoleSuite({
    async seed(program) {
      await program.withEnvironment('base/common', 'values: {a: {fn::secret: cAnary-of-settings}}\n')
      await program.withEnvironment('app/dev', 'imports: [base/common]\nvalues: {b: 1}\n')
    },
  })

  it('sets and removes tags, which are texts', async () => {
    const opened = await suite.open('/environments/base/common/settings')
    const { page, close } = opened
    await page.getByText('It has no tags.').waitFor()
    await page.getByLabel('Tag', { exact: true }).fill('owner')
    await page.getByLabel('Value').fill(markup)
    await page.getByRole('button', { name: 'Set tag' }).click()
    await page.getByRole('cell', { name: markup, exact: true }).waitFor()
    await page.getByLabel('Tag', { exact: true }).fill('owner')
    await page.getByLabel('Value').fill('payments')
    await page.getByRole('button', { name: 'Set tag' }).click()
    await page.getByRole('cell', { name: 'payments', exact: true }).waitFor()
    expect(await suite.program.ok('env', 'tag', 'ls', 'base/common')).to.include('payments')
    await page.getByRole('button', { name: 'Remove tag owner' }).click()
    await page.getByText('It has no tags.').waitFor()
    await expectNoHit(opened)
    await close()
  })

  it('protects an environment, removes it once its name was typed, and brings it back', async () => {
    const opened = await suite.open('/environments/base/common/settings')
    const { page, close, faults } = opened
    const remove = page.getByRole('button', { name: 'Remove environment' })
    await page.getByLabel(/^Protected/).check()
    await page.getByText('It is protected, so it cannot be removed.').waitFor()
    expect(await remove.isDisabled()).to.equal(true)
    await page.getByLabel(/^Protected/).uncheck()
    await page.getByText('It can be brought back').waitFor()
    await remove.click()
    const dialog = page.getByRole('dialog', { name: 'Remove base/common?' })
    await dialog.getByText('From now on nobody can open it.').waitFor()
    await dialog.getByRole('link', { name: 'app/dev' }).waitFor()
    const agree = dialog.getByRole('button', { name: 'Remove environment' })
    expect(await agree.isDisabled()).to.equal(true)
    expect(await opened.barriers()).to.deep.equal([])
    await dialog.getByLabel('Type base/common to remove it').fill('base/common')
    await agree.click()
    await page.getByRole('heading', { name: 'Environments' }).waitFor()
    await page.getByRole('link', { name: 'dev' }).waitFor()
    expect(await page.getByRole('link', { name: 'common' }).count()).to.equal(0)
    await page.getByRole('button', { name: 'Removed …' }).click()
    await page.getByRole('button', { name: 'Restore base/common' }).click()
    await page.getByRole('heading', { name: 'base/common' }).waitFor()
    expect(await suite.program.open('app/dev', 'a')).to.equal('cAnary-of-settings')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('answers no page of another origin', async () => {
    const opened = await suite.open('/environments/app/dev/settings')
    const subject = { name: 'app/dev' }
    const tag = { name: 'a', value: 'b' }
    await refusesForgeries(suite, opened, [
      { method: 'POST', path: '/console/api/v1/operations/remove-environment', body: { subject, input: {} } },
      { method: 'POST', path: '/console/api/v1/operations/restore-environment', body: { subject, input: {} } },
      { method: 'POST', path: '/console/api/v1/operations/set-environment-tag', body: { subject, input: tag } },
      {
        method: 'POST',
        path: '/console/api/v1/operations/change-environment-settings',
        body: { subject, input: { 'deletion-protected': true } },
      },
    ])
    await opened.close()
  })

  keepsNobodyOut(suite, { 'environment-settings': '/environments/app/dev/settings' })
})
