import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'

/** One request, as hooks and tests see it. */
export interface VendorCall {
  /** Such as `addPassword`. */
  readonly action: string
  readonly request: FakeRequest
  /** HTTP status, or `dropped`. */
  outcome: number | 'dropped' | undefined
}

/**
 * `before` runs when the request was read and nothing was done, `after` when it was carried out or
 * refused, and not yet answered.
 */
export interface VendorHooks {
  before?(call: VendorCall): void | Promise<void>
  after?(call: VendorCall): void | Promise<void>
}

/** Thrown by a hook or a handler: answers this instead. */
export class Refusal extends Error {
  readonly answer: FakeAnswer
  constructor(answer: FakeAnswer) {
    super(`HTTP ${answer.status}`)
    this.answer = answer
  }
}

/** Thrown by a hook: the connection is cut without an answer. */
export class Dropped extends Error {}

export interface SecureOptions {
  readonly key: string
  readonly cert: string
}

/** A vendor's service over HTTP on this machine, with hooks around every request. */
export abstract class VendorFake {
  readonly calls: VendorCall[] = []
  hooks: VendorHooks = {}
  readonly #server: Server
  readonly #scheme: 'http' | 'https'

  constructor(secure?: SecureOptions) {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    this.#scheme = secure ? 'https' : 'http'
    this.#server = secure ? createSecureServer(secure, serve) : createServer(serve)
  }

  /** Hosts it stands for; the first part of the path of a request to it is the host. */
  protected abstract readonly hosts: readonly string[]
  protected abstract actionOf(request: FakeRequest): string
  /** Carries it out; throws `Refusal` for an error. */
  protected abstract carryOut(request: FakeRequest): FakeAnswer

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  /** For `reroute`. */
  get routes(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.hosts.map((host) => [`https://${host}`, `${this.url}/${host}`]))
  }

  actions(): string[] {
    return this.calls.map(({ action }) => action)
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    try {
      for await (const chunk of incoming) body += chunk
    } catch {
      return
    }
    const request = { method: incoming.method!, path: incoming.url!, headers: incoming.headers, body }
    const call: VendorCall = { action: this.actionOf(request), request, outcome: undefined }
    this.calls.push(call)
    try {
      await this.hooks.before?.(call)
      const answer = answerOf(() => this.carryOut(request))
      await this.hooks.after?.(call)
      this.#send(response, call, answer)
    } catch (error) {
      if (error instanceof Refusal) return this.#send(response, call, error.answer)
      call.outcome = 'dropped'
      incoming.socket.destroy()
      if (!(error instanceof Dropped)) throw error
    }
  }

  #send(response: ServerResponse, call: VendorCall, { status, body, headers = {} }: FakeAnswer): void {
    call.outcome = status
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = typeof body === 'string' ? 'text/html' : 'application/json; charset=utf-8'
    response.writeHead(status, { ...(text !== '' && { 'content-type': type }), ...headers })
    response.end(status === 204 ? undefined : text)
  }
}

function answerOf(carryOut: () => FakeAnswer): FakeAnswer {
  try {
    return carryOut()
  } catch (error) {
    if (error instanceof Refusal) return error.answer
    throw error
  }
}

/** The bearer of an Authorization header. */
export function bearerOf({ headers }: FakeRequest): string | undefined {
  return /^Bearer (\S+)$/.exec(String(headers.authorization ?? ''))?.[1]
}

/** Splits `/host/path?query`. */
export function pathOf({ path }: FakeRequest): {
  readonly host: string
  readonly path: string
  readonly query: URLSearchParams
} {
  const url = new URL(path, 'http://fake')
  const [, host = '', ...rest] = url.pathname.split('/')
  return { host, path: decodeURIComponent(rest.join('/')), query: url.searchParams }
}
