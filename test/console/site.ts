import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { Program } from '../end-to-end/program.ts'
import { sample, slow } from '../sample.ts'
import { RunningServer } from '../server/running-server.ts'
import {
  browserPath,
  ConsolePage,
  closeBrowser,
  type Look,
  looks,
  looksTried,
  startBrowser,
  takesPictures,
} from './browser.ts'

/** Persons of the store, by the level that the access rules give them everywhere. */
export const levels = ['read', 'open', 'write'] as const

const rules = `access:
  rules:
    - {environments: "*", principals: [root@example.com, ada@example.com], level: admin}
${levels.map((level) => `    - {environments: "*", principals: [${level}@example.com], level: ${level}}\n`).join('')}`

/** A server with its console and a browser, for the tests of one file. */
export class ConsoleSite {
  readonly program: Program
  readonly server: RunningServer
  readonly #browser: Browser
  readonly #tokens: Readonly<Record<string, string>>

  private constructor(
    program: Program,
    { server, browser, tokens }: { server: RunningServer; browser: Browser; tokens: Record<string, string> },
  ) {
    this.program = program
    this.server = server
    this.#browser = browser
    this.#tokens = tokens
  }

  /**
   * `undefined`: nothing is built, or there is no browser. `prepare` makes the environments; `move`
   * puts the store into a database.
   */
  static async start(
    prepare: (program: Program) => Promise<void>,
    move: (program: Program) => Promise<void> = async () => {},
  ): Promise<ConsoleSite | undefined> {
    if (!Program.isBuilt() || browserPath() === undefined) return undefined
    const program = new Program()
    await program.ok('init', '--organization', 'acme')
    await prepare(program)
    appendFileSync(join(program.store, 'esc.yaml'), rules)
    await move(program)
    const tokens: Record<string, string> = {}
    for (const level of levels)
      tokens[level] = (await program.ok('server', 'token', 'create', '--user', `${level}@example.com`)).trim()
    const [server, browser] = await Promise.all([RunningServer.start(program), startBrowser()])
    return new ConsoleSite(program, { server, browser, tokens })
  }

  /** Signs in as the person with this level, and goes to a path; to none if it is empty. */
  async open(
    path: string,
    level: (typeof levels)[number] | 'admin' = 'write',
    look: Look = looks[0],
  ): Promise<ConsolePage> {
    const opened = await ConsolePage.open(this.#browser, this.server.url, look)
    opened.context.setDefaultTimeout(15_000)
    await opened.showToken(this.#tokens[level] ?? this.server.token)
    if (path !== '') await opened.page.goto(path)
    return opened
  }

  async stop(): Promise<void> {
    await closeBrowser(this.#browser)
    await this.server.stop()
    this.program.remove()
  }
}

/** A screen or dialog that is looked at: how to get there from the page at `path`. */
export interface View {
  readonly path: string
  readonly level?: (typeof levels)[number]
  readonly show?: (opened: ConsolePage) => Promise<void>
}

/**
 * Opens each view, and returns what is wrong with it: what keeps people out, what is wider than the
 * page, faults of scripts. Each is looked at dark and wide or light and narrow, in turn; where
 * pictures are wanted, in each look. A usual run looks at some, in one look.
 */
export async function lookAt(site: ConsoleSite, views: Readonly<Record<string, View>>): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const [look, some] of viewsByLook(Object.entries(views)))
    for (const level of levels) {
      const seen = some.filter(([, view]) => (view.level ?? 'write') === level)
      if (seen.length === 0) continue
      const opened = await site.open('', level, look)
      for (const [name, view] of seen) {
        const found = await lookAtOne(opened, view, () => opened.picture(`${name}-${look.name}`))
        wrong.push(...found.map((each) => `${name}, ${look.name}: ${each}`))
      }
      await opened.close()
    }
  return wrong
}

type NamedView = readonly [string, View]

function viewsByLook(all: readonly NamedView[]): readonly (readonly [Look, readonly NamedView[]])[] {
  if (takesPictures) return looks.map((look) => [look, all])
  if (!slow) return looksTried().map((look) => [look, sample(all, 3)])
  return [looks[1], looks[2]].map((look, turn) => [look, all.filter((_, at) => at % 2 === turn)])
}

async function lookAtOne(
  opened: ConsolePage,
  { path, show }: View,
  picture: () => Promise<void>,
): Promise<readonly string[]> {
  const { page, faults } = opened
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.goto(path)
  await page.waitForLoadState('networkidle')
  await show?.(opened)
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  const found = [...(await opened.barriers()), ...faults.splice(0), ...(overflow > 0 ? [`${overflow} too wide`] : [])]
  await picture()
  return found
}
