import { createServer as createHttp, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Certificate } from '../servers/certificate.ts'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly id: string
  /** The payload, where it is JSON. */
  readonly payload: unknown
}

/** How a receiver behaves, by the number of the request: 1, 2 … */
export type Behaviour = (answer: ServerResponse, request: number, socket: Socket) => void

export const answers = (status: number, headers: Record<string, string> = {}, body = 'ok'): Behaviour => {
  return (answer) => void answer.writeHead(status, headers).end(body)
}

/** A receiver of webhooks on a port of its own, over HTTP, or HTTPS with a certificate. */
export class Receiver {
  readonly received: Received[] = []
  readonly #server
  readonly #scheme: string
  readonly #sockets = new Set<Socket>()
  /** Connections that were made, whatever came of them. */
  connections = 0

  constructor(behaviour: Behaviour = answers(200), certificate?: Certificate) {
    const take = (request: import('node:http').IncomingMessage, answer: ServerResponse) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const { url: path = '', headers, method = '' } = request
        this.received.push({
          method,
          path,
          headers,
          body,
          id: String(headers['pulumi-webhook-id']),
          payload: JSON.parse(body),
        })
        behaviour(answer, this.received.length, request.socket)
      })
    }
    this.#scheme = certificate === undefined ? 'http' : 'https'
    this.#server =
      certificate === undefined
        ? createHttp(take)
        : createHttps({ key: certificate.key, cert: certificate.certificate }, take)
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening))
    return this
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.#scheme}://${this.host}/hook`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }
}
