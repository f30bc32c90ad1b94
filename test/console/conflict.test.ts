import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { ConsolePage, type Look, looks, looksTried } from './browser.ts'
import { consoleSuite } from './console-suite.ts'

const BASE = `values:
  # Kept as it is.
  region: eu-west-1
  size: 1
  retries: 3
  database:
    host: db-1.example.com
    password: {fn::secret: cAnary-before}
`

describe('saving in the console after somebody else', function () {
  this.timeout(120_000)
  const suite = consoleSuite({ seed: async () => {} })
  let made = 0

  /** A new environment, whose definition is open in an editor. */
  const open = async (look = looks[0] as Look) => {
    const name = `case-${++made}`
    await suite.server.call('POST', '/api/esc/environments/acme', { body: { project: 'app', name } })
    await save(name, BASE)
    const opened = await ConsolePage.open(suite.browser, suite.server.url, look)
    await opened.showToken(suite.server.token)
    await opened.page.goto(`/environments/app/${name}/editor`)
    await opened.page.getByRole('complementary').getByText('eu-west-1').waitFor()
    return { name, opened, page: opened.page }
  }
  const read = async (name: string): Promise<string> => {
    const path = `/api/esc/environments/acme/app/${name}`
    return (await suite.server.call('GET', path)).text
  }
  const save = async (name: string, text: string): Promise<void> => {
    const { status } = await suite.server.call('PATCH', `/api/esc/environments/acme/app/${name}`, { body: text })
    expect(status).to.equal(200)
  }
  /** Somebody else changes the definition meanwhile. */
  const change = async (name: string, before: string, after: string): Promise<void> => {
    const text = await read(name)
    expect(text).to.include(before)
    await save(name, text.replace(before, after))
  }
  /** Types behind the end of a line, by the keyboard. */
  const typeBehind = async (page: Page, line: number, text: string): Promise<void> => {
    await page.getByLabel('Definition').focus()
    await page.keyboard.press('Control+Home')
    for (let n = 1; n < line; n++) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.type(text)
  }
  const submit = async (page: Page): Promise<void> => {
    await page.keyboard.press('Control+s')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  }
  const textOf = (page: Page): Promise<string> =>
    page.evaluate<string>(`[...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')`)

  it('merges what both have changed elsewhere, and asks about what both have changed', async () => {
    const { name, opened, page } = await open()
    await typeBehind(page, 4, '0')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.type('3')
    await change(name, 'size: 1', 'size: 2')
    await change(name, 'host: db-1', 'host: db-2')
    await submit(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody saved first' })
    // Both versions are there, and what is merged without a question.
    await dialog.getByRole('heading', { name: 'Their changes, now revision 4' }).waitFor()
    await dialog.getByRole('heading', { name: 'Your changes' }).waitFor()
    await dialog.getByText('values.database.host').waitFor()
    expect(await dialog.getByRole('button', { name: 'Choose for 1 key' }).isDisabled()).to.equal(true)
    expect(await opened.barriers()).to.deep.equal([])
    await dialog.getByRole('group', { name: 'values.size' }).getByLabel('Yours: 10').check()
    await dialog.getByRole('button', { name: 'Save merged' }).click()
    await page.getByText('Saved as revision 5').waitFor()
    const saved = await read(name)
    expect(saved).to.include('# Kept as it is.').and.include('size: 10').and.include('retries: 33')
    expect(saved).to.include('host: db-2').and.include('region: eu-west-1')
    expect(opened.faults).to.deep.equal([])
    await opened.close()
  })

  it('takes theirs for a key, and Ctrl-Z brings back what was typed', async () => {
    const { name, opened, page } = await open()
    // As for somebody so fast that typing and merging are at one time.
    await page.clock.setFixedTime(new Date())
    await typeBehind(page, 4, '0')
    await change(name, 'size: 1', 'size: 2')
    await submit(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody saved first' })
    await dialog.getByLabel('Theirs: 2').check()
    await dialog.getByRole('button', { name: 'Save merged' }).click()
    await page.getByText('Saved as revision 3').waitFor()
    expect(await read(name)).to.include('size: 2')
    await page.getByLabel('Definition').focus()
    await page.keyboard.press('Control+z')
    expect(await textOf(page)).to.include('size: 10')
    expect(opened.faults).to.deep.equal([])
    // Not for the next test: its clock stands still.
    await opened.context.close()
  })

  it('goes on when somebody saves once more meanwhile', async () => {
    const { name, opened, page } = await open()
    await typeBehind(page, 5, '3')
    await change(name, 'size: 1', 'size: 2')
    await submit(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody saved first' })
    await dialog.getByRole('button', { name: 'Save merged' }).waitFor()
    await change(name, 'region: eu-west-1', 'region: eu-west-2')
    await dialog.getByRole('button', { name: 'Save merged' }).click()
    await dialog.getByRole('heading', { name: 'Their changes, now revision 4' }).waitFor()
    await dialog.getByRole('button', { name: 'Save merged' }).click()
    await page.getByText('Saved as revision 5').waitFor()
    expect(await read(name))
      .to.include('size: 2')
      .and.include('retries: 33')
      .and.include('eu-west-2')
    expect(opened.faults).to.deep.equal([])
    await opened.close()
  })

  it('shows both, and loses nothing, where yours is not YAML', async () => {
    const { name, opened, page } = await open()
    await typeBehind(page, 5, ': {')
    await change(name, 'size: 1', 'size: 2')
    await submit(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody saved first' })
    await dialog.getByText('cannot be merged key by key').waitFor()
    await dialog.getByRole('button', { name: 'Keep editing' }).click()
    expect(await textOf(page)).to.include('retries: 3: {')
    await opened.close()
  })

  it('keeps what was typed when the server does not answer, and when the session has ended', async () => {
    const { name, opened, page } = await open()
    await typeBehind(page, 5, '3')
    await opened.context.setOffline(true)
    await submit(page)
    await page.getByRole('dialog').getByText('The server does not answer').first().waitFor()
    await opened.context.setOffline(false)
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await textOf(page)).to.include('retries: 33')
    // The session ends elsewhere.
    const cookies = await opened.context.cookies()
    await opened.context.clearCookies()
    expect(cookies).to.have.length(1)
    await page.keyboard.press('Control+s')
    await page.getByLabel('Token').fill(suite.server.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Not saved').waitFor()
    expect(await textOf(page)).to.include('retries: 33')
    await page.getByLabel('Definition').focus()
    await submit(page)
    await page.getByText('Saved as revision 3').waitFor()
    expect(await read(name)).to.include('retries: 33')
    await opened.close()
  })

  for (const look of looksTried()) {
    it(`keeps nobody out, ${look.name}`, async () => {
      const { name, opened, page } = await open(look)
      await typeBehind(page, 4, '0')
      await change(name, 'size: 1', 'size: 2')
      await change(name, 'host: db-1', 'host: db-2')
      await submit(page)
      await page.getByRole('dialog').getByLabel('Theirs: 2').waitFor()
      expect(await opened.barriers()).to.deep.equal([])
      expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).to.be.at.most(0)
      await opened.picture(`conflict-${look.name}`)
      await opened.close()
    })
  }
})
