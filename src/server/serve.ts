import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { EscError, messageOf } from '../errors.ts'
import { openSessionsOf, type ServerToken, type Session, tokensOf } from '../operations/index.ts'
import { again, rich } from '../rich-text.ts'
import { serverApp } from './app.ts'
import { ConsoleSessions } from './console/console-sessions.ts'
import { loadAssets } from './console/load-assets.ts'

/** The things that a server is started with. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** PEM texts. Default: no TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** True when a proxy in front says who asks, in `X-Forwarded-For`. */
  readonly behindProxy: boolean
  /** The store, for work that is nobody's: sweeping, looking up tokens. */
  readonly session: Session
  /** Opens a session for the holder of a token. */
  readonly sessionFor: (token: ServerToken, address: string) => Session
  readonly now: () => Date
  /** Folder of the console, as the build has made it. */
  readonly console: string
  readonly version: string
  /** Ends the server once it is set: nothing new is begun, and what is under way is finished. */
  readonly stop: AbortSignal
  /** Ends what is under way, too. */
  readonly abort: AbortSignal
  /** Hears that the server is ready, and under which URL. */
  readonly ready: (url: string) => void
  /** Tells of what went wrong through no fault of a client. No secrets. */
  readonly failed: (error: unknown, request: { readonly method: string; readonly route: string }) => void
}

/** Open sessions whose time is over are removed so often. */
const sweepMs = 60_000

/** Serves the API until `stop` is set, and what was under way then has ended. */
export async function serveApi(options: ServerOptions): Promise<void> {
  const { session, now, host, port, tls } = options
  const openSessions = openSessionsOf(session, now)
  const tokens = tokensOf(session)
  const assets = loadAssets(options.console)
  const parts = {
    organization: session.organization,
    folders: [session.folder, session.stateFolder],
    secure: tls !== undefined || options.behindProxy,
    ...(assets && { console: { assets, sessions: new ConsoleSessions(tokens, now) } }),
    tokens,
    openSessions,
    now,
    sessionFor: options.sessionFor,
    ending: options.abort,
    failed: options.failed,
  }
  const app = serverApp(parts, { addressOf: addresses(options.behindProxy), version: options.version })
  const listener = getRequestListener(app.fetch)
  const limits = { requestTimeout: 60_000, headersTimeout: 15_000, maxHeaderSize: 16_384, keepAliveTimeout: 30_000 }
  const server: Server =
    tls === undefined
      ? createServer(limits, listener)
      : createTlsServer({ ...limits, cert: tls.certificate, key: tls.key }, listener)
  await listen(server, host, port)
  openSessions.sweep()
  const sweeping = setInterval(() => openSessions.sweep(), sweepMs)
  const { address, port: bound, family } = server.address() as AddressInfo
  options.ready(`${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
  await new Promise<void>((done) => {
    if (options.stop.aborted) done()
    options.stop.addEventListener('abort', () => done(), { once: true })
  })
  clearInterval(sweeping)
  await close(server)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new EscError('io', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
          hint: rich`choose another address with ${again('listen')}`,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
}

/** Connections without a request end at once, the others once they have their answer. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

/** Finds the address of a client: behind a proxy, the last one that the proxy has added. */
function addresses(behindProxy: boolean): (environment: unknown, headers: Headers) => string {
  return (environment, headers) => {
    const forwarded = behindProxy ? headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
    const { incoming } = environment as { incoming?: IncomingMessage }
    return forwarded || (incoming?.socket.remoteAddress ?? '')
  }
}
