import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** True when the client has shown a certificate of the authority that the server asks for. */
  readonly isKnownClient: boolean
  /** When it arrived, in milliseconds of `performance.now()`. */
  readonly at: number
}

/** What a server does with its nth request, from 1. */
export type Reply = (answer: ServerResponse, request: Asked, count: number) => void

/** A server on this machine that does as a test says. */
export class LocalServer {
  readonly asked: Asked[] = []
  reply: Reply = (answer) => void answer.end('ok')
  readonly #server
  readonly #scheme: string
  readonly #sockets = new Set<Socket>()
  readonly #answers = new Set<ServerResponse>()

  constructor(tls?: ServerOptions) {
    const serve = (request: import('node:http').IncomingMessage, answer: ServerResponse) => {
      this.#answers.add(answer)
      answer.on('close', () => this.#answers.delete(answer))
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const isKnownClient = (request.socket as Partial<TLSSocket>).authorized === true
        const asked = { method, path, headers, body, isKnownClient, at: performance.now() }
        this.asked.push(asked)
        this.reply(answer, asked, this.asked.length)
      })
    }
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/`
  }

  /** How many answers still have somebody who waits for more of them, after a moment. */
  async unfinished(): Promise<number> {
    for (let tries = 0; this.#answers.size > 0 && tries < 50; tries++) await new Promise((next) => setTimeout(next, 10))
    return this.#answers.size
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
