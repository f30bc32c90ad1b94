import { expect } from 'chai'
import { ConsoleSite, lookAt } from './site.ts'

const path = '/environments/app/dev/revisions'
const canary = 'cAnary-of-the-revisions'

describe('the screen of revisions', function () {
  this.timeout(240_000)
  let site: ConsoleSite

  before(async function () {
    const started = await ConsoleSite.start(async (program) => {
      // 1: empty, 2: this, 3: rotated, 4: a value, 5: rotated
      await program.withEnvironment(
        'app/dev',
        `values:\n  region: eu\n  key: {fn::secret: ${canary}}\n  t:\n    fn::rotate::password: {inputs: {length: 20}}\n`,
      )
      await program.ok('env', 'rotate', 'app/dev')
      await program.ok('env', 'set', 'app/dev', 'region', 'us')
      await program.ok('env', 'rotate', 'app/dev')
      await program.ok('env', 'set', 'app/dev', 'key', `${canary}-2`, '--secret')
    })
    if (started === undefined) return this.skip()
    site = started
    return undefined
  })
  after(() => site?.stop())

  it('compares any two side by side, with their secrets hidden', async () => {
    const { page, close, faults } = await site.open(path, 'read')
    await page.getByRole('checkbox', { name: 'Revision 3' }).check()
    await page.getByRole('checkbox', { name: 'Revision 6' }).check()
    await page.getByRole('button', { name: 'Compare' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('.added').first().waitFor()
    const changed = dialog.getByRole('row').filter({ hasText: 'region' })
    expect(await changed.getByRole('cell').allTextContents()).to.deep.equal([
      'removed:   region: eu',
      'added:   region: us',
    ])
    // Which secrets have changed is seen, and nothing of them.
    const secrets = dialog.locator('.removed').filter({ hasText: '••••' })
    expect(await secrets.count()).to.be.above(1)
    expect(await dialog.textContent()).to.not.match(/ZXNj|cAnary/)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('adds, moves and removes tags, and says what a move does', async () => {
    const { page, close, faults } = await site.open(path)
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Tag 3' }).click()
    await dialog.getByLabel('Name of the tag').fill('stable')
    await dialog.getByRole('button', { name: 'Add tag' }).click()
    await dialog.getByText('stable').first().waitFor()
    expect(await site.program.ok('env', 'get', 'app/dev@stable', 'region')).to.include('eu')
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Tag 4' }).click()
    await dialog.getByLabel('Name of the tag').fill('stable')
    await dialog.getByText('stable is at revision 3 now').waitFor()
    await dialog.getByRole('button', { name: 'Move tag here' }).click()
    await dialog.getByRole('button', { name: 'Remove stable' }).waitFor()
    expect(await site.program.ok('env', 'get', 'app/dev@stable', 'region')).to.include('us')
    await dialog.getByLabel('Name of the tag').fill('7up')
    await dialog.getByRole('button', { name: 'Add tag' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByRole('button', { name: 'Remove stable' }).click()
    await dialog.getByText('It has no tags.').waitFor()
    expect(await site.program.ok('env', 'version', 'tag', 'ls', 'app/dev')).to.not.include('stable')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('rolls back, and marks what stays rotated', async () => {
    const before = await site.program.open('app/dev', 't')
    const { page, close, faults } = await site.open(path)
    await page.getByRole('button', { name: 'Roll back 3', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('listitem').filter({ hasText: 't stays rotated' }).waitFor()
    await dialog.getByText('region: us').waitFor()
    // The credential of now is on both sides: it does not change.
    expect(await dialog.locator('.added').filter({ hasText: 'previous' }).count()).to.equal(0)
    await dialog.getByRole('button', { name: 'Roll back' }).click()
    await page.getByText('rollback @3').waitFor()
    expect(await site.program.open('app/dev', 't')).to.deep.equal(before)
    expect((await site.program.open('app/dev')).region).to.equal('eu')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('retracts a revision with its reason, after saying who is locked out', async () => {
    const { page, close, faults } = await site.open(path)
    await page.getByRole('button', { name: 'Retract 4' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/gets an error with your reason/).waitFor()
    await dialog.getByLabel('Reason').fill('<b>points</b> at the wrong region')
    await dialog.getByLabel('Use instead').selectOption('6')
    await dialog.getByRole('button', { name: 'Retract revision' }).click()
    await page.getByText('retracted: <b>points</b> at the wrong region').waitFor()
    await page.getByText('use 6 instead').waitFor()
    const { code, err } = await site.program.esc(['env', 'open', 'app/dev@4'])
    expect(code).to.not.equal(0)
    expect(err).to.include('at the wrong region')
    expect(await page.getByRole('button', { name: 'Roll back 4' }).count()).to.equal(0)
    expect(faults).to.deep.equal([])
    await close()
  })

  it('is for everybody: the list and its dialogs', async () => {
    const button = (name: string, done: string) => ({
      path,
      async show({ page }: Awaited<ReturnType<ConsoleSite['open']>>) {
        await page.getByRole('button', { name, exact: true }).click()
        await page.getByRole('dialog').getByText(done).first().waitFor()
      },
    })
    const wrong = await lookAt(site, {
      revisions: { path },
      'revisions-reader': { path, level: 'read' },
      'revisions-compare': {
        path,
        async show({ page }) {
          await page.getByRole('checkbox', { name: 'Revision 2' }).check()
          await page.getByRole('checkbox', { name: 'Revision 6' }).check()
          await page.getByRole('button', { name: 'Compare' }).click()
          await page.locator('.added').first().waitFor()
        },
      },
      'revisions-roll-back': button('Roll back 2', 'stays rotated'),
      'revisions-retract': button('Retract 3', 'Reason'),
      'revisions-tags': button('Tag 3', 'no tags'),
      'revisions-error': { path: '/environments/app/not-there/revisions' },
    })
    expect(wrong).to.deep.equal([])
  })
})
