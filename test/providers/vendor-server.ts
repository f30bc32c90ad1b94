import type { ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import type { ProviderNetwork } from '../../src/providers/vendor-call.ts'
import { type Asked, LocalServer } from '../http/local-server.ts'
import type { VendorAnswer, VendorRequest } from './provider-under-test.ts'

/** Answers a request in the vendor's place. Undefined: it stays silent. */
export type Answering = (request: VendorRequest) => VendorAnswer | undefined

/** A server of this machine that stands for every host that is called through `network`. */
export class VendorServer {
  readonly #server: LocalServer
  /** Of the authority that callers trust beside Node's. */
  readonly #trusted: string | undefined
  readonly requests: VendorRequest[] = []
  answering: Answering = () => undefined
  /** What went wrong in `answering`, which is a mistake of the test. */
  mistake: unknown

  constructor(tls?: ServerOptions, trusted?: string) {
    this.#trusted = trusted
    this.#server = new LocalServer(tls)
    this.#server.reply = (response, asked) => this.#reply(response, asked)
  }

  async start(): Promise<this> {
    await this.#server.start()
    return this
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** Without a slash at its end. */
  get url(): string {
    return this.#server.url.replace(/\/$/, '')
  }

  get network(): ProviderNetwork {
    const { fetch } = globalThis
    return {
      ...(this.#trusted !== undefined && { tls: { ca: this.#trusted } }),
      fetch: (input, init) => {
        const url = new URL(String(input))
        if (url.protocol !== 'https:') throw new Error(`${url} is not encrypted`)
        if (init?.redirect !== 'manual') throw new Error('redirects are followed')
        return fetch(`${this.url}/@${url.host}${url.pathname}${url.search}`, init)
      },
    }
  }

  #reply(response: ServerResponse, { method, path: asked, headers, body, isKnownClient }: Asked): void {
    const { pathname, searchParams: query } = new URL(asked, 'http://server')
    const [, host = '', path = pathname] = /^\/@([^/]+)(\/.*)$/.exec(pathname) ?? []
    // What is signed is the host that was meant.
    const meant = host === '' ? headers : { ...headers, host }
    const sent = { method, host, path: decodeURIComponent(path), query, headers: meant }
    const request = { ...sent, body, json: jsonOf(body), isKnownClient }
    this.requests.push(request)
    let answer: VendorAnswer | undefined
    try {
      answer = this.answering(request)
    } catch (error) {
      this.mistake = error
      answer = { status: 500, body: String(error) }
    }
    if (answer === undefined) return
    const { status, body: content } = answer
    response.writeHead(status, { ...answer.headers })
    response.end(typeof content === 'string' ? content : JSON.stringify(content))
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
