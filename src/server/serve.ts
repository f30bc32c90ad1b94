import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { EscError, messageOf } from '../errors.ts'
import { isLoopback } from '../meant-host.ts'
import {
  encryptedEntriesOf,
  IssuerKeys,
  openSessionsOf,
  type ServerToken,
  type Session,
  type SessionHost,
  type SharedJobs,
  tokensOf,
} from '../operations/index.ts'
import { again, rich } from '../rich-text.ts'
import { answerOpened } from './answer-opened.ts'
import type { FailedRequest } from './api.ts'
import { serverApp } from './app.ts'
import { ConsoleSessions } from './console/console-sessions.ts'
import { loadAssets } from './console/load-assets.ts'
import { personToken } from './console/person-token.ts'
import { Deliveries } from './deliveries.ts'
import { finishRotations } from './finish-rotations.ts'
import { httpServer, requestListener } from './http-server.ts'
import { RateLimits, usualRates } from './rate-limits.ts'
import { Readiness } from './readiness.ts'
import type { Probes } from './routes/probes.ts'
import { type RequestEntry, ServerMetrics } from './server-metrics.ts'
import { SharedDeliveries } from './shared-deliveries.ts'
import { StoreChanges } from './store-changes.ts'

/** A certificate, with those that it was issued under, and its key: PEM texts. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** A certificate that is renewed while the server runs. */
export interface TlsFiles {
  readonly read: () => Certificate
  /** Calls back when the files have changed, until what it returns is called. */
  readonly watch: (changed: () => void) => () => void
}

/** The things that a server is started with. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** Default: no TLS. */
  readonly tls?: TlsFiles
  /** True when a proxy in front says who asks, in `X-Forwarded-For`. */
  readonly behindProxy: boolean
  /** The store, for work that is nobody's: sweeping, looking up tokens. */
  readonly session: Session
  /** Opens the store as it is now, for the same. */
  readonly open: () => Session
  /** Opens a session for the holder of a token. */
  readonly sessionFor: (token: ServerToken, address: string, host: Partial<SessionHost>) => Session
  /** The most requests in a minute with one token. Default: no limit. */
  readonly tokenRate?: number
  readonly now: () => Date
  /** Returns a file of the console that the build has made. Throws where there is none. */
  readonly consoleFile: (path: string) => Uint8Array
  /** The person at this machine, who is signed in by a link. `undefined`: nobody is. */
  readonly person?: string
  readonly version: string
  /** Ends the server once it is set: nothing new is begun, and what is under way is finished. */
  readonly stop: AbortSignal
  /** Ends what is under way, too. */
  readonly abort: AbortSignal
  /** True to finish at the start what was cut off. False: other work does. */
  readonly finishes: boolean
  /** The jobs by which servers share what is sent to webhooks. `undefined`: this one sends all. */
  readonly deliveryJobs: SharedJobs | undefined
  /** Returns metrics of what else the process does. */
  readonly otherMetrics: () => string
  /**
   * Does what else the process is there for, until `stop` is set. It is begun once rotations that
   * were cut off have been finished.
   */
  readonly otherWork: () => Promise<void>
  /** Tells what the server does by itself. No secrets. */
  readonly say: (line: string) => void
  /** Hears before the server listens what probes are answered with. */
  readonly probed: (probes: Probes) => Promise<void>
  /** Hears that the server is ready, and under which URL. `link`: signs `person` in, once. */
  readonly ready: (url: string, link: string | undefined) => void
  /** Hears of each request that was answered. Absent: nobody does. */
  readonly log?: (entry: RequestEntry) => void
  /** Tells of what went wrong through no fault of a client. No secrets. */
  readonly failed: (error: unknown, request: FailedRequest) => void
}

/** Open sessions whose time is over are removed so often. */
const sweepMs = 60_000

/** Serves the API until `stop` is set, and what was under way then has ended. */
export async function serveApi(options: ServerOptions): Promise<void> {
  const { session, now, host, port, tls, behindProxy, open, stop, say } = options
  const metrics = new ServerMetrics({ version: options.version, started: now() })
  const { deliveryJobs } = options
  const sharedDeliveries = deliveryJobs && new SharedDeliveries({ open, jobs: deliveryJobs, now, stop, say })
  const deliveries = sharedDeliveries ?? new Deliveries(open, stop, say)
  const openSessions = openSessionsOf(session, now)
  const tokens = tokensOf(session)
  const assets = loadAssets(options.consoleFile)
  const person =
    options.person === undefined
      ? undefined
      : personToken(tokens, { user: options.person, organization: session.organization, now: now() })
  const consoleSessions = new ConsoleSessions(session, person?.known ?? tokens, now)
  const signIns = encryptedEntriesOf(session, 'sign-in', now)
  const readiness = new Readiness(open, stop)
  const sessionHost = { deliver: () => deliveries.send(), auditFailed: () => metrics.auditFailed() }
  const parts = {
    organization: session.organization,
    folders: [session.folder, session.stateFolder],
    secure: tls !== undefined || options.behindProxy,
    ...(assets && { console: { assets, sessions: consoleSessions } }),
    tokens,
    openSessions,
    signIns,
    issuerKeys: new IssuerKeys(),
    limits: new RateLimits({ ...usualRates, token: options.tokenRate }),
    now,
    sessionFor: (token: ServerToken, address: string) => options.sessionFor(token, address, sessionHost),
    ending: options.abort,
    metrics,
    readiness,
    changes: new StoreChanges(open),
    stopping: stop,
    log: options.log,
    failed: options.failed,
  }
  const probes = {
    unready: () => readiness.problem(),
    metrics: async () => {
      const gauges = { openSessions: await known(openSessions.count()), ready: readiness.isReady }
      return metrics.text(gauges) + options.otherMetrics()
    },
  }
  await options.probed(probes)
  const app = serverApp(parts, {
    addressOf: addresses(behindProxy),
    version: options.version,
    behindProxy,
    probes,
    // A proxy would hand them to whoever asks.
    metricsHost: isLoopback(host) && !behindProxy ? host : undefined,
  })
  const routes = requestListener(app.fetch)
  const listener: RequestListener = (request, response) => {
    const answered = answerOpened(parts, { behindProxy }, { request, response })
    if (answered === false) void routes(request, response)
    else void Promise.resolve(answered).then((done) => done || routes(request, response))
  }
  const server = httpServer(listener, tls && secureContext(tls.read()))
  const unwatch = tls?.watch(() => renew(server, tls, say))
  await sharedDeliveries?.start()
  await listen(server, host, port).catch(async (error) => {
    await deliveries.close()
    throw error
  })
  const sweep = async () => {
    for (const each of [openSessions, consoleSessions, signIns]) await each.sweep()
    await tokens.sweep(now())
  }
  // What cannot be swept now is swept later: nobody is let in by what has ended.
  const sweepQuietly = () => void sweep().catch(() => {})
  sweepQuietly()
  const sweeping = setInterval(sweepQuietly, sweepMs)
  const { address, port: bound, family } = server.address() as AddressInfo
  const url = `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
  options.ready(url, person && `${url}/sign-in#code=${await consoleSessions.link(person.token)}`)
  const finished = options.finishes ? finishRotations(open, { stop, abort: options.abort, say }) : Promise.resolve()
  const working = finished.then(options.otherWork)
  await new Promise<void>((done) => {
    if (stop.aborted) done()
    stop.addEventListener('abort', () => done(), { once: true })
  })
  clearInterval(sweeping)
  await Promise.all([close(server), working])
  unwatch?.()
  await deliveries.close()
  metrics.close()
}

/** The time for which metrics wait for a number. */
const numberMs = 1_000

/** Returns a number, or NaN, which Prometheus knows, where it cannot be had soon. */
function known(number: Promise<number>): Promise<number> {
  const late = new Promise<number>((resolve) => setTimeout(resolve, numberMs, Number.NaN).unref())
  return Promise.race([number.catch(() => Number.NaN), late])
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

/** Connections that had a request under way are looked at so often when the server ends. */
const closesEveryMs = 50

/** Connections without a request end at once, the others once they have their answer. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const closing = setInterval(() => server.closeIdleConnections(), closesEveryMs)
    server.close(() => {
      clearInterval(closing)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function secureContext({ certificate, key }: Certificate) {
  return { cert: certificate, key, minVersion: 'TLSv1.2' as const }
}

/** Takes the certificate as it is now. One that cannot be used leaves the old one in its place. */
function renew(server: Server, tls: TlsFiles, say: (line: string) => void): void {
  if (!(server instanceof TlsServer)) return
  try {
    server.setSecureContext(secureContext(tls.read()))
    say('took the new certificate')
  } catch (error) {
    say(`the old certificate stays, because the new one cannot be used: ${messageOf(error)}`)
  }
}

/** Finds the address of a client: behind a proxy, the last one that the proxy has added. */
function addresses(behindProxy: boolean): (environment: unknown, headers: Headers) => string {
  return (environment, headers) => {
    const forwarded = behindProxy ? headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
    const { incoming } = environment as { incoming?: IncomingMessage }
    return forwarded || (incoming?.socket.remoteAddress ?? '')
  }
}
