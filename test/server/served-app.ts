import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AuditLine,
  acceptTrust,
  createEnvironment,
  createToken,
  encryptedEntriesOf,
  IssuerKeys,
  initStore,
  openSessionsOf,
  reviewTrust,
  ServedStore,
  type ServerToken,
  tokenCaller,
  tokensOf,
} from '../../src/operations/index.ts'
import type { Api, ServerParts } from '../../src/server/api.ts'
import { serverApp } from '../../src/server/app.ts'
import { ConsoleSessions } from '../../src/server/console/console-sessions.ts'
import { loadAssets } from '../../src/server/console/load-assets.ts'
import { RateLimits, type Rates } from '../../src/server/rate-limits.ts'
import { Readiness } from '../../src/server/readiness.ts'
import { type RequestEntry, ServerMetrics } from '../../src/server/server-metrics.ts'
import { StoreChanges } from '../../src/server/store-changes.ts'
import { adapterCertificate } from '../fakes/adapter-certificate.ts'
import { sessionParts } from '../operations/session-parts.ts'

interface Asked {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Default: 203.0.113.7. */
  readonly from?: string
}

const plenty: Rates = { signIn: 10_000, failed: 10_000 }

/** The routes of a server on a store of their own, asked without a socket. */
export class ServedApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-served-'))
  readonly api: Api
  readonly parts: ServerParts
  readonly served: ServedStore
  readonly failures: unknown[] = []
  /** Of each request, its route and status as the log and the metrics have them. */
  readonly logged: string[] = []
  #from = '203.0.113.7'
  now: () => Date = () => new Date()

  private constructor({ rates = plenty, env = {} }: { rates?: Rates; env?: Record<string, string> }) {
    const host = {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        ESC_CONFIG_HOME: join(this.folder, 'config'),
        ESC_PASSPHRASE: 'correct horse battery staple',
        ESC_PRINCIPAL: 'keeper@example.com',
        ESC_AUTHOR: 'Keeper <keeper@example.com>',
        ...env,
      },
      now: () => this.now(),
      notify() {},
    }
    initStore({ organization: 'acme' }, sessionParts(host))
    this.served = new ServedStore(join(this.folder, 'environments'), host)
    const keeper = this.keeper()
    const network = { tls: { ca: adapterCertificate } }
    const tokens = tokensOf(keeper)
    const assets = loadAssets((name) => readFileSync(join(import.meta.dirname, '..', '..', 'dist', 'console', name)))
    this.parts = {
      ...(assets && { console: { assets, sessions: new ConsoleSessions(keeper, tokens, host.now) } }),
      organization: 'acme',
      folders: [keeper.folder, keeper.stateFolder],
      secure: false,
      tokens,
      openSessions: openSessionsOf(keeper, host.now),
      signIns: encryptedEntriesOf(keeper, 'sign-in', host.now),
      issuerKeys: new IssuerKeys(network),
      network,
      limits: new RateLimits(rates),
      now: host.now,
      sessionFor: (token: ServerToken, address: string) => this.served.session(tokenCaller(token, address)),
      ending: new AbortController().signal,
      metrics: new ServerMetrics({ version: '0.0.0', started: new Date() }),
      changes: new StoreChanges(() => this.keeper()),
      stopping: new AbortController().signal,
      readiness: new Readiness(() => this.keeper(), new AbortController().signal),
      log: ({ route, status }: RequestEntry) => void this.logged.push(`${route} ${status}`),
      failed: (error: unknown) => void this.failures.push(error),
    }
    this.api = serverApp(this.parts, {
      addressOf: () => this.#from,
      version: '0.0.0',
      behindProxy: false,
      probes: { unready: async () => undefined, metrics: async () => '' },
      metricsHost: undefined,
    })
  }

  static async make(
    options: { readonly rates?: Rates; readonly env?: Record<string, string>; readonly configuration?: string } = {},
  ): Promise<ServedApp> {
    const made = new ServedApp(options)
    if (options.configuration !== undefined) await made.configure(options.configuration)
    return made
  }

  /** Whoever keeps the server, who may do everything. */
  keeper() {
    return this.served.session({ principal: { name: 'keeper@example.com', from: 'token' }, unlimited: true })
  }

  /** Adds to `esc.yaml`, and allows on this machine what the store then asks for. */
  async configure(text: string, { trusted = true } = {}): Promise<void> {
    appendFileSync(join(this.folder, 'environments', 'esc.yaml'), text)
    if (!trusted) return
    const { result } = await this.keeper().perform(reviewTrust, undefined)
    await this.keeper().perform(acceptTrust, undefined, { powers: result.powers })
  }

  get tokens() {
    return tokensOf(this.keeper())
  }

  async environment(name: string, definition: string): Promise<void> {
    const keeper = this.keeper()
    await keeper.perform(createEnvironment, keeper.reference(name), { definition })
  }

  async token(of: Partial<Parameters<typeof createToken.run>[1]> = {}): Promise<string> {
    const order = { user: 'ada@example.com', admin: false, level: 'admin', environments: [], ...of } as const
    return (await this.keeper().perform(createToken, undefined, order)).result.token
  }

  async call(method: string, path: string, { token, body, headers = {}, from }: Asked = {}) {
    this.#from = from ?? '203.0.113.7'
    const answer = await this.api.request(`http://127.0.0.1:8080${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `token ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
    let json: any
    try {
      json = JSON.parse(text)
    } catch {}
    return { status: answer.status, headers: answer.headers, text, json }
  }

  /** The audit log, the newest last. */
  audit(): AuditLine[] {
    const folder = join(this.folder, 'config')
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
    return files
      .filter((file) => file.endsWith('.jsonl') && file.includes('audit'))
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
