import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. Header names in lower case. */
export interface FakeRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface FakeAnswer {
  readonly status: number
  /** Objects are sent as JSON. */
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * What a vendor may do besides its work: not answer; cut the connection; answer a page of HTML, or
 * JSON of another kind; refuse in words that repeat the request; be unable for one request.
 */
export type Trouble = 'slow' | 'drop' | 'html' | 'other json' | 'echo' | 'busy once'

/**
 * A vendor's service over HTTP on this machine. Troubles befall the calls that `isKeyCall` tells
 * from those for tokens.
 */
export abstract class HttpFake {
  readonly requests: FakeRequest[] = []
  trouble: Trouble | undefined
  #server: Server | undefined
  #scheme = 'http'

  protected abstract answer(request: FakeRequest): FakeAnswer
  protected abstract isKeyCall(request: FakeRequest): boolean
  /** An error as the vendor words it. */
  protected abstract fault(status: number, text: string): FakeAnswer

  /** `tls`: over HTTPS, with these. */
  async start(tls?: ServerOptions): Promise<this> {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
    this.#scheme = tls === undefined ? 'http' : 'https'
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    const server = this.#server!
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of incoming) body += chunk
    const request = { method: incoming.method!, path: incoming.url!, headers: incoming.headers, body }
    this.requests.push(request)
    const trouble = this.isKeyCall(request) ? this.trouble : undefined
    if (trouble === 'slow') return
    if (trouble === 'drop') return void incoming.socket.destroy()
    const { status, body: answer, headers = {} } = this.#troubled(request, trouble)
    const type = typeof answer === 'string' ? 'text/html' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }

  #troubled(request: FakeRequest, trouble: Trouble | undefined): FakeAnswer {
    if (trouble === 'html') return { status: 200, body: '<html>please log in</html>' }
    if (trouble === 'other json') return { status: 200, body: { hello: ['world'] } }
    if (trouble === 'echo') {
      return this.fault(400, `cannot read ${request.body} of ${JSON.stringify(request.headers)} at ${request.path}`)
    }
    if (trouble === 'busy once') {
      this.trouble = undefined
      return this.fault(503, 'come back later')
    }
    return this.answer(request)
  }
}

/**
 * A `fetch` that leads origins of vendors to servers of this machine, and lets nothing else off it.
 */
export function reroute(routes: Readonly<Record<string, string>>): typeof fetch {
  const { fetch } = globalThis
  return async (input, init) => {
    const url = new URL(String(input))
    const route = routes[url.origin]
    if (route !== undefined) return fetch(`${route}${url.pathname}${url.search}`, init)
    if (url.hostname === '127.0.0.1') return fetch(url, init)
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }) })
  }
}
