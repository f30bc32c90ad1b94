import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import { getRequestListener, RequestError } from '@hono/node-server'
import { closingEarly } from './early-answers.ts'

/** The time and room that a client has for a request. Times in milliseconds. */
export interface HttpLimits {
  /** From the connection, or the end of the last request on it, to the end of the headers. */
  readonly headersTimeout: number
  /** To the end of the body. */
  readonly requestTimeout: number
  /** Connections are looked at so often. */
  readonly connectionsCheckingInterval: number
  readonly keepAliveTimeout: number
  /** Bytes of the first line and the headers. */
  readonly maxHeaderSize: number
}

const usualLimits: HttpLimits = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 30_000,
  maxHeaderSize: 16_384,
}

/** Hands requests to routes. What none can be made of is answered as other errors are. */
export function requestListener(fetch: Parameters<typeof getRequestListener>[0]): RequestListener {
  const errorHandler = (error: unknown) => {
    const [status, , message] = error instanceof RequestError ? malformed : failed
    return Response.json({ code: status, message }, { status })
  }
  return closingEarly(getRequestListener(fetch, { errorHandler }))
}

/**
 * Makes the server of Node, whose parser refuses requests that a proxy could read in another way:
 * a length and chunks at once, two lengths, headers over several lines. What it refuses is answered
 * in the form of every other error.
 *
 * @param tls `undefined`: no TLS.
 */
export function httpServer(
  listener: RequestListener,
  tls: SecureContextOptions | undefined,
  limits: HttpLimits = usualLimits,
): Server {
  const strict = { ...limits, insecureHTTPParser: false, requireHostHeader: true }
  const server = tls === undefined ? createServer(strict, listener) : createTlsServer({ ...strict, ...tls }, listener)
  const answering = new WeakMap<object, ServerResponse>()
  server.on('request', ({ socket }, response) => void answering.set(socket, response))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const response = answering.get(socket)
    // An answer that has begun cannot become another one.
    const isUnderWay = response?.headersSent === true && !response.writableFinished
    if (error.code === 'ECONNRESET' || !socket.writable || isUnderWay) return void socket.destroy()
    const [status, reason, message] = refusals[error.code ?? ''] ?? malformed
    const body = JSON.stringify({ code: status, message })
    const head = ['content-type: application/json', `content-length: ${body.length}`, 'connection: close']
    socket.end(`HTTP/1.1 ${status} ${reason}\r\n${head.join('\r\n')}\r\n\r\n${body}`)
  })
  return server
}

type Refusal = readonly [status: number, reason: string, message: string]

const malformed: Refusal = [400, 'Bad Request', 'Bad Request: this is no HTTP request']
const failed: Refusal = [500, 'Internal Server Error', 'the server has failed']
/** By the codes of Node. */
const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'Request Timeout: the request took too long to arrive'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'the extensions of the chunks are too large'],
}
