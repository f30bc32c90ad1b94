import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { Program } from '../end-to-end/program.ts'
import { sample } from '../sample.ts'
import { RunningServer } from '../server/running-server.ts'
import { browserPath, ConsolePage, closeBrowser, looksTried, startBrowser, takesPictures } from './browser.ts'

/** One server and one browser for all tests of a file. */
export interface ConsoleSuite {
  readonly program: Program
  readonly server: RunningServer
  readonly browser: Browser
  /** Opens a screen as the holder of a token; default: of an admin. */
  open(path: string, token?: string): Promise<ConsolePage>
  /** Makes a token for a person whom the access rules limit. */
  tokenFor(user: string, ...words: string[]): Promise<string>
  /** Performs an operation by the API, and returns its answer. */
  perform(name: string, subject: string | null, input?: unknown): ReturnType<RunningServer['call']>
}

export interface SuiteOptions {
  /** Makes the store, before the server is started. */
  readonly seed: (program: Program) => Promise<void>
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the server and the browser for a suite of tests; without either, they are skipped. */
export function consoleSuite({ seed, env = {} }: SuiteOptions): ConsoleSuite {
  let program: Program
  let server: RunningServer
  let browser: Browser
  before(async function () {
    if (!Program.isBuilt() || browserPath() === undefined) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await seed(program)
    server = await RunningServer.start(program, [], '127.0.0.1:0', env)
    browser = await startBrowser()
    return undefined
  })
  after(async () => {
    await closeBrowser(browser)
    await server?.stop()
    program?.remove()
  })
  return {
    get program() {
      return program
    },
    get server() {
      return server
    },
    get browser() {
      return browser
    },
    async open(path, token = server.token) {
      const opened = await ConsolePage.open(browser, server.url)
      await opened.showToken(token)
      await opened.page.goto(path)
      return opened
    },
    async tokenFor(user, ...words) {
      return (await program.ok('server', 'token', 'create', '--user', user, ...words)).trim()
    },
    perform: (name, subject, input) =>
      server.call('POST', `/api/v1/operations/${name}`, {
        body: { subject: subject === null ? null : { name: subject }, ...(input !== undefined && { input }) },
      }),
  }
}

/**
 * Tests that screens keep nobody out, light and dark, wide and narrow: axe finds nothing serious,
 * nothing is wider than the page, no script fails and no other host is asked. Takes the pictures.
 * A usual run tries some screens in one look.
 *
 * @param screens paths by the names of their pictures; or what makes them, once the store is there.
 */
export function keepsNobodyOut(suite: ConsoleSuite, screens: Readonly<Record<string, string>>): void {
  const tried = takesPictures ? Object.entries(screens) : sample(Object.entries(screens), 2)
  for (const look of looksTried()) {
    it(`keeps nobody out, ${look.name}`, async () => {
      const opened = await ConsolePage.open(suite.browser, suite.server.url, look)
      const { page, close } = opened
      await opened.showToken(suite.server.token)
      for (const [name, path] of tried) {
        await page.goto(path)
        await page.waitForLoadState('networkidle')
        expect(await page.getByRole('alert').allTextContents(), name).to.deep.equal([])
        expect(await opened.barriers(), name).to.deep.equal([])
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${name} is wider than the page`).to.be.at.most(0)
        await opened.picture(`${name}-${look.name}`)
      }
      expect(opened.faults).to.deep.equal([])
      await close()
    })
  }
}

/**
 * Asks the server as pages of other origins do, with the cookie of somebody who is signed in, and
 * expects that each is refused.
 */
export async function refusesForgeries(
  { server }: ConsoleSuite,
  { context }: ConsolePage,
  calls: readonly { readonly method: string; readonly path: string; readonly body?: unknown }[],
): Promise<void> {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  for (const { method, path, body } of calls) {
    for (const site of ['cross-site', 'same-site', 'none', undefined]) {
      const headers = { cookie, ...(site !== undefined && { 'sec-fetch-site': site }) }
      const { status } = await server.call(method, path, { body, token: '', headers })
      expect(status, `${method} ${path} from ${site}`).to.equal(403)
    }
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    const { status } = await server.call(method, path.replace(/^\/console/, ''), { body, token: '', headers })
    expect(status, `${path} with the cookie, outside the console`).to.be.oneOf([401, 404])
  }
}

/** Markup that runs a script wherever it is taken for more than a text. */
export const markup = '<img src=x onerror="globalThis.hit=1">'

/** Expects that no markup has been taken for more than a text. */
export async function expectNoHit({ page, faults }: ConsolePage): Promise<void> {
  expect(await page.evaluate('globalThis.hit')).to.equal(undefined)
  expect(await page.locator('img').count()).to.equal(0)
  expect(faults).to.deep.equal([])
}

/** Tries a check until it holds: what a page shows follows what was asked of it a little later. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 15_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
