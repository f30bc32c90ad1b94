import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'

export interface HttpsConnectorOptions {
  readonly secret: string
  readonly run: (order: unknown) => Promise<{ readonly code: number; readonly message: string }>
  /** PEM; without it plain HTTP is served. */
  readonly tls?: { readonly key: string; readonly certificate: string }
  readonly now?: () => Date
  readonly pass?: (when: 'before' | 'after') => void
}

/** A receiver of signed orders, written from docs/rotators.md. */
export class FakeHttpsConnector {
  readonly #options: HttpsConnectorOptions
  readonly #server: Server & { closeAllConnections(): void }
  readonly statuses: number[] = []
  /** Answers this instead. */
  trouble: { readonly status: number; readonly text: string } | undefined

  constructor(options: HttpsConnectorOptions) {
    this.#options = options
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    this.#server =
      options.tls === undefined
        ? createHttpServer(listener)
        : createHttpsServer({ key: options.tls.key, cert: options.tls.certificate }, listener)
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/rotate`
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of incoming) body += chunk
    try {
      this.#options.pass?.('before')
    } catch {
      return void incoming.socket.destroy()
    }
    const { status, text } = this.trouble ?? (await this.#reply(incoming, body))
    this.statuses.push(status)
    try {
      this.#options.pass?.('after')
    } catch {
      return void incoming.socket.destroy()
    }
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(text)
  }

  async #reply({ headers, method }: IncomingMessage, body: string) {
    const { secret, run, now = () => new Date() } = this.#options
    const refuse = (status: number, message: string) => ({ status, text: JSON.stringify({ error: message }) })
    if (method !== 'POST' || headers['content-type'] !== 'application/json') return refuse(415, 'not an order')
    const timestamp = String(headers.timestamp)
    const given = Buffer.from(String(headers.signature))
    const mac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
    const expected = Buffer.from(`sha256=${mac}`)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refuse(401, 'wrong signature')
    if (Math.abs(now().getTime() / 1000 - Number(timestamp)) > 300) return refuse(401, 'too old')
    return { status: 200, text: JSON.stringify(await run(JSON.parse(body))) }
  }
}
