import { expect } from 'chai'
import { eventually } from './console-suite.ts'
import { ConsoleSite, levels } from './site.ts'

/** Buttons of each tab, with the level that each needs. */
const buttons: Readonly<Record<string, Readonly<Record<string, 'open' | 'write'>>>> = {
  values: { 'Reveal key': 'open' },
  rotated: {
    'Rotate secrets': 'write',
    'Create rotation schedule': 'write',
    'Check credentials': 'open',
    'Rotate t': 'write',
  },
  revisions: { 'Tag 2': 'write', 'Roll back 2': 'write', 'Retract 2': 'write' },
}

interface Styles {
  getComputedStyle(element: unknown): { readonly opacity: string }
}

describe('what people may do in the console', function () {
  this.timeout(240_000)
  let site: ConsoleSite

  before(async function () {
    const started = await ConsoleSite.start(async (program) => {
      await program.withEnvironment(
        'app/dev',
        'values:\n  key: {fn::secret: cAnary-of-the-rights}\n  t:\n    fn::rotate::password: {inputs: {length: 20}}\n',
      )
      await program.ok('env', 'rotate', 'app/dev')
    })
    if (started === undefined) return this.skip()
    site = started
    return undefined
  })
  after(() => site?.stop())

  for (const [rank, level] of levels.entries())
    it(`is enabled for whoever has ${level}; the rest is disabled, with what it needs and who can give it`, async () => {
      const { page, close, faults } = await site.open('/environments/app/dev/values', level)
      for (const [tab, needs] of Object.entries(buttons)) {
        await page.goto(`/environments/app/dev/${tab}`)
        await page.waitForLoadState('networkidle')
        for (const [name, needed] of Object.entries(needs)) {
          const button = page.getByRole('button', { name, exact: true })
          await button.waitFor()
          const isAllowed = rank >= levels.indexOf(needed)
          expect(await button.isEnabled(), `${name} for ${level}`).to.equal(isAllowed)
          if (isAllowed) continue
          const described = (await button.getAttribute('aria-describedby')) ?? ''
          const reason = await page.locator(`#${described}`).textContent()
          expect(reason).to.include(`Needs ${needed} access; you have ${level}`).and.include('Ask root@example.com')
          // It can be reached, so that its reason is heard, and does nothing.
          await button.focus()
          expect(await page.locator(':focus').textContent()).to.equal(await button.textContent())
          await page.keyboard.press('Enter')
          expect(await page.getByRole('dialog').count()).to.equal(0)
        }
      }
      expect(faults).to.deep.equal([])
      await close()
    })

  it('is the business of admins where it is about the store: its tokens and its people', async () => {
    const admins = {
      '/tokens': ['New token'],
      '/access': ['Somebody joins', 'Somebody leaves'],
    }
    for (const level of ['write', 'admin'] as const)
      for (const [path, names] of Object.entries(admins)) {
        const { page, close, faults } = await site.open(path, level)
        for (const name of names) {
          const button = page.getByRole('button', { name, exact: true, disabled: level !== 'admin' })
          await button.waitFor()
          // It fades.
          await eventually(async () => {
            const opacity = await button.evaluate(
              (each) => (globalThis as unknown as Styles).getComputedStyle(each).opacity,
            )
            expect(Number(opacity) < 1, `${name} looks disabled for ${level}`).to.equal(level !== 'admin')
          })
          if (level === 'admin') continue
          const reason = await page.locator(`#${await button.getAttribute('aria-describedby')}`).textContent()
          expect(reason).to.include('Needs admin access; you have write').and.include('Ask root@example.com')
        }
        // What may not be seen is said in its place, and is no failure.
        await page.getByRole('alert').waitFor({ state: 'detached' })
        expect(faults).to.deep.equal([])
        await close()
      }
  })

  it('lets readers write in the editor, and says why they cannot save', async () => {
    for (const level of ['read', 'write'] as const) {
      const { page, close, faults } = await site.open('/environments/app/dev/editor', level)
      const save = page.getByRole('button', { name: 'Save', exact: true })
      await save.waitFor()
      await page.locator('.cm-content').focus()
      await page.keyboard.press('Control+End')
      await page.keyboard.type('# a note')
      await page.getByText('Not saved').waitFor()
      expect(await save.isEnabled(), level).to.equal(level === 'write')
      expect(await save.getAttribute('aria-describedby'), level).to.equal(level === 'write' ? null : 'needs-write')
      await page.keyboard.press('Control+s')
      const review = page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true })
      await review.waitFor()
      expect(await review.isEnabled(), level).to.equal(level === 'write')
      expect(faults).to.deep.equal([])
      await close()
    }
  })

  it('is decided by the server, whatever the page shows', async () => {
    const { page, close } = await site.open('/environments/app/dev/rotated', 'read')
    const status = await page.evaluate<number>(`fetch('/console/api/v1/operations/rotate-environment', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ subject: { name: 'app/dev' }, input: {} }),
    }).then(({ status }) => status)`)
    expect(status).to.equal(403)
    await close()
  })

  it('takes a revealed secret out of the clipboard again, and the audit log knows of it', async () => {
    const { page, context, faults } = await site.open('/environments/app/dev/values', 'open')
    await page.clock.install()
    await page.getByRole('button', { name: 'Reveal key' }).click()
    await page.getByRole('button', { name: 'Copy key' }).click()
    const held = () => page.evaluate<string>('navigator.clipboard.readText()')
    expect(await held()).to.equal('cAnary-of-the-rights')
    await page.clock.runFor(31_000)
    for (let tries = 0; tries < 50 && (await held()) !== ''; tries++) await page.waitForTimeout(20)
    expect(await held()).to.equal('')
    // What somebody has copied since is theirs, and stays.
    await page.getByRole('button', { name: 'Reveal key' }).click()
    await page.getByRole('button', { name: 'Copy key' }).click()
    await page.evaluate(`navigator.clipboard.writeText('something else')`)
    await page.clock.runFor(31_000)
    expect(await held()).to.equal('something else')
    expect(await page.content()).to.not.include('cAnary-of-the-rights')
    expect(await site.program.ok('audit', 'log', '--user', 'open@example.com')).to.match(/open/)
    expect(faults).to.deep.equal([])
    // Its clock stays, and it is nobody else's.
    await context.close()
  })
})
