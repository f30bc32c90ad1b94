import { expect } from 'chai'
import { newerNode } from '../servers/newer-node.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { ConsoleSite } from './site.ts'

describe('the console of a store in PostgreSQL', function () {
  this.timeout(240_000)
  let site: ConsoleSite

  before(async function () {
    const node = await newerNode()
    if (node === undefined) return this.skip()
    const { host, port, admin } = await sharedPostgres()
    const url = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=console`
    const started = await ConsoleSite.start(
      async (program) => {
        program.node = node
        await program.withEnvironment(
          'app/dev',
          'values:\n  key: {fn::secret: cAnary-of-the-rows}\n  t:\n    fn::rotate::password: {inputs: {length: 20}}\n',
        )
      },
      async (program) => {
        program.env.ESC_DATABASE_URL = url
        await program.ok('server', 'import')
      },
    )
    if (started === undefined) return this.skip()
    site = started
    return undefined
  })
  after(() => site?.stop())

  it('rotates, schedules, edits, rolls back and shows who did it', async () => {
    const { page, close, faults } = await site.open('/environments/app/dev/rotated')
    await page.getByRole('button', { name: 'Rotate secrets' }).click()
    await page.getByRole('button', { name: 'Rotate now' }).click()
    await page.getByRole('status').getByText('Rotated.').waitFor()
    await page.getByRole('button', { name: 'Create rotation schedule' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('At 03:00', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await page.getByText('Rotated on schedule:').waitFor()

    await page.goto('/environments/app/dev/editor')
    await page.locator('.cm-content').focus()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# a note')
    await page.keyboard.press('Control+s')
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Revision 4').waitFor()

    await page.goto('/environments/app/dev/values')
    await page.getByRole('button', { name: 'Reveal key' }).click()
    await page.getByText('cAnary-of-the-rows').waitFor()

    await page.goto('/environments/app/dev/revisions')
    await page.getByRole('button', { name: 'Roll back 3' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await page.locator('tbody tr').nth(4).waitFor()

    // The log is of the whole store, for those who administer it.
    const admin = await site.open('/audit', 'admin')
    await admin.page.getByText('environment-rotated').first().waitFor()
    await admin.page.getByRole('button', { name: 'Verify the log' }).click()
    await admin.page.getByText('nothing is wrong').waitFor()
    expect([...faults, ...admin.faults]).to.deep.equal([])
    await Promise.all([close(), admin.close()])
  })
})
