import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ended, Program } from '../end-to-end/program.ts'
import { ConsolePage, looksTried } from './browser.ts'
import { consoleSuite } from './console-suite.ts'

const SECRET = 'cAnary-$' + '{first}-run'

const hasCurl = () => spawnSync('curl', ['--version']).status === 0

describe('the first steps in the console', function () {
  this.timeout(120_000)
  const suite = consoleSuite({ seed: async () => {} })

  /** Runs a command as it is shown, on a machine that knows nothing of the store. */
  const run = (command: string) => {
    const elsewhere = join(suite.program.folder, 'elsewhere')
    const tools = join(elsewhere, 'bin')
    mkdirSync(tools, { recursive: true })
    writeFileSync(join(tools, 'esc'), `#!/bin/sh\nexec '${process.execPath}' '${Program.path}' "$@"\n`, { mode: 0o755 })
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...inherited } = process.env
    const env = { ...inherited, HOME: elsewhere, ESC_CONFIG_HOME: join(elsewhere, 'config') }
    return ended(
      spawn('sh', ['-c', command], {
        cwd: elsewhere,
        env: { ...env, PATH: `${tools}:${process.env.PATH}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  }

  it('lead from an empty server to a secret and a rotation, used by esc run and curl', async () => {
    const opened = await ConsolePage.open(suite.browser, suite.server.url)
    const { page, close, faults } = opened
    await opened.signIn(suite.server.token)
    await page.getByRole('heading', { name: 'Make an environment' }).waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    // The names are there already; the keyboard is enough.
    await page.getByLabel('Name').focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Value of').fill(SECRET)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Add rotator' }).click()
    await page.getByRole('button', { name: 'Rotate secrets' }).waitFor()
    // It goes on where it was.
    await page.reload()
    await page.getByRole('button', { name: 'Rotate secrets' }).click()
    await page.getByRole('heading', { name: 'Use it' }).waitFor()
    await page.getByRole('region', { name: /curl/ }).waitFor()
    expect(await opened.barriers()).to.deep.equal([])
    expect(await page.content()).not.to.include('cAnary')
    const [login = '', ...commands] = await page.locator('.command pre').allTextContents()
    expect(commands).to.have.length(3)
    const withToken = login.replace('…', suite.server.token)
    expect(withToken).to.include(suite.server.token)
    const outcomes = []
    for (const command of commands) outcomes.push(await run(`${withToken}\n${command}`))
    const [ran, opening, curl] = outcomes
    expect(ran, ran?.err).to.include({ code: 0 })
    expect(ran?.out).to.equal('it works\n')
    expect(JSON.parse(opening?.out ?? '')).to.have.length(24)
    if (hasCurl()) {
      expect(curl, curl?.err).to.include({ code: 0 })
      expect(JSON.parse(curl?.out ?? '').value).to.equal(SECRET)
    } else console.log('      the command with curl was not run: curl not installed (Debian: apt-get install curl)')
    expect(faults).to.deep.equal([])
    await close()
  })

  it('are over once there is an environment: further ones are made in a dialog', async () => {
    const opened = await ConsolePage.open(suite.browser, suite.server.url)
    const { page, close, faults } = opened
    await opened.signIn(suite.server.token)
    await page.getByRole('button', { name: 'New environment' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Project').fill('demo')
    await dialog.getByLabel('Name').fill('second')
    expect(await opened.barriers()).to.deep.equal([])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'second' }).waitFor()
    expect(faults).to.deep.equal([])
    await close()
  })

  for (const look of looksTried()) {
    it(`keep nobody out, ${look.name}`, async () => {
      const opened = await ConsolePage.open(suite.browser, suite.server.url, look)
      const { page, close } = opened
      await opened.signIn(suite.server.token)
      for (const [name, path, there] of [
        ['first-run', '/start', 'Make environment'],
        ['first-run-use', '/start/demo/first', 'Copy: Read the secret with curl'],
      ] as const) {
        await page.goto(path)
        await page.getByRole('button', { name: there }).waitFor()
        expect(await opened.barriers(), name).to.deep.equal([])
        expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).to.be.at.most(0)
        await opened.picture(`${name}-${look.name}`)
      }
      expect(opened.faults).to.deep.equal([])
      await close()
    })
  }
})
