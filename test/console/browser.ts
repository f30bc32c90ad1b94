import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { sample, slow } from '../sample.ts'
import { repositoryRoot } from '../sources.ts'

/** The browser without its own windows: a page in it takes a fifth of the processor time. */
const headless = ['/usr/bin/chromium-headless-shell']
const windowed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** With `SLOW=1` the browser that people have comes first. */
const places = [process.env.ESC_TEST_CHROMIUM, ...(slow ? [...windowed, ...headless] : [...headless, ...windowed])]

/** Where a browser is installed. `undefined`: nowhere. */
export function browserPath(): string | undefined {
  return places.find((path) => path !== undefined && existsSync(path))
}

/** The browser of a process that runs many files of tests. */
let kept: Promise<Browser> | undefined

/**
 * The browser for the tests of one file, which closes it when they are done. A process of a
 * parallel run keeps it for its further files: it ends with the process, whose pipe it reads.
 */
export async function startBrowser(): Promise<Browser> {
  if (process.env.MOCHA_WORKER_ID === undefined) return launch()
  kept ??= launch()
  return kept
}

/** Closes the browser of a file, or what the file has opened in one that is kept. */
export async function closeBrowser(browser: Browser | undefined): Promise<void> {
  if (browser === undefined) return
  resting.delete(browser)
  if (browser === (await kept)) for (const context of browser.contexts()) await context.close()
  else await browser.close()
}

async function launch(): Promise<Browser> {
  const { chromium } = await import('playwright-core')
  const executablePath = browserPath()
  if (executablePath === undefined) throw new Error('no browser is installed')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** True when pictures are taken for the documentation. */
export const takesPictures = Boolean(process.env.UPDATE_PICTURES)

/** Looks that pictures are taken in. */
export const looks = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone', colorScheme: 'light', width: 390 },
  { name: 'phone-dark', colorScheme: 'dark', width: 390 },
] as const

export type Look = (typeof looks)[number]

/** Looks that a run tries: in usual runs one, another each time. */
export const looksTried = (): readonly Look[] => (takesPictures ? looks : sample(looks, 1))

/**
 * Takes away the blur behind dialogs, which a browser without graphics hardware computes anew for
 * each frame. The policy of the page lets a style sheet in that the tools of the browser make.
 */
const WITHOUT_BLUR = `{
  const plain = new CSSStyleSheet()
  plain.replaceSync('* { backdrop-filter: none !important }')
  document.adoptedStyleSheets.push(plain)
}`

/** Pages that tests are done with, for the next ones. */
const resting = new WeakMap<Browser, ConsolePage[]>()

/** A page of the console, and what went wrong in it. */
export class ConsolePage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts, refusals of the policy of content, and requests to other hosts. */
  readonly faults: string[] = []

  readonly #browser: Browser
  readonly #url: string

  private constructor(browser: Browser, page: Page, url: string) {
    this.#browser = browser
    this.#url = url
    this.context = page.context()
    this.page = page
    page.on('pageerror', ({ message }) => this.faults.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) this.faults.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        this.faults.push(`asked ${request.url()}`)
    })
  }

  static async open(browser: Browser, url: string, look: Look = looks[0]): Promise<ConsolePage> {
    const [colorScheme, viewport] = [look.colorScheme, { width: look.width, height: 900 }]
    const rested = resting.get(browser) ?? []
    const at = rested.findIndex((each) => each.#url === url)
    const [again] = at === -1 ? [] : rested.splice(at, 1)
    if (again !== undefined) {
      await again.page.setViewportSize(viewport)
      await again.page.emulateMedia({ colorScheme })
      return again
    }
    const context = await browser.newContext({
      baseURL: url,
      colorScheme,
      viewport,
      // Frames of dialogs that glide in take up to a seventh of the processor time.
      reducedMotion: slow ? 'no-preference' : 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    if (!slow && !takesPictures) await context.addInitScript(WITHOUT_BLUR)
    return new ConsolePage(browser, await context.newPage(), url)
  }

  /**
   * Says that a test is done with the page. In usual runs the next one gets it, signed out and
   * empty: a new page takes three times the processor time of a further one. With `SLOW=1` each
   * test has a new page. Where something would stay in it, the test closes its context instead.
   */
  readonly close = async (): Promise<void> => {
    const isEmpty = !slow && (await this.#empty().catch(() => false))
    if (!isEmpty) return this.context.close()
    const rested = resting.get(this.#browser) ?? []
    resting.set(this.#browser, [...rested, this])
  }

  /** Leaves the console, and takes away what a test has left. Without its server it cannot. */
  async #empty(): Promise<boolean> {
    const { page, context } = this
    for (const other of context.pages()) if (other !== page) await other.close()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await context.setOffline(false)
    // A page of the same origin keeps the process of the browser, which has the scripts.
    await page.goto('/healthz')
    await page.evaluate('localStorage.clear(); sessionStorage.clear()')
    await page.mouse.move(0, 0)
    await context.clearCookies()
    this.faults.length = 0
    return true
  }

  async signIn(token: string): Promise<void> {
    await this.page.goto('/')
    await this.page.getByLabel('Token').fill(token)
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await this.page.getByRole('button', { name: 'Sign out' }).waitFor()
  }

  /** Signs in as the form does, without loading the page that has it. */
  async showToken(token: string): Promise<void> {
    const answer = await this.context.request.post('/console/sign-in', {
      headers: { 'sec-fetch-site': 'same-origin' },
      data: { token },
    })
    if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`)
  }

  /** Returns a meter of the processor time of the page's own thread, in milliseconds. */
  async processorMeter(): Promise<() => Promise<number>> {
    const tools = await this.context.newCDPSession(this.page)
    await tools.send('Performance.enable', { timeDomain: 'threadTicks' })
    return async () => {
      const { metrics } = await tools.send('Performance.getMetrics')
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
    }
  }

  /** What axe finds that keeps people from using the page, as sentences. */
  async barriers(): Promise<readonly string[]> {
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
    // The policy of the page lets no other script in: this one is run by the tools of the browser.
    const { readFileSync } = await import('node:fs')
    await this.page.evaluate(readFileSync(axe, 'utf8'))
    const found = await this.page.evaluate(() =>
      (globalThis as unknown as Axe).axe.run({ resultTypes: ['violations'] }),
    )
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
  }

  /** Takes a picture for the documentation, where those are wanted. */
  async picture(name: string): Promise<void> {
    if (!takesPictures) return
    const folder = join(repositoryRoot, 'docs', 'console')
    mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name}.png`) })
  }
}

interface Axe {
  readonly axe: { run(options: { resultTypes: readonly string[] }): Promise<{ violations: Violation[] }> }
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}
