import { isIP } from 'node:net'
import { join } from 'node:path'
import manifest from '../../../../package.json' with { type: 'json' }
import { EscError } from '../../../errors.ts'
import type { Notice } from '../../../notice.ts'
import {
  checkServerSettings,
  packageFolder,
  reopenSession,
  ServedStore,
  tokenCaller,
} from '../../../operations/index.ts'
import { type MetricsServer, parseListenAddress, type SchedulerLook, serveMetrics } from '../../../scheduler/index.ts'
import { COMMIT_FLAG, EscCommand } from '../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../framework/database.ts'
import { boolean, count, list, text } from '../../framework/flags.ts'
import { noticeText } from '../../framework/notice-text.ts'
import { EXIT } from '../../framework/report-error.ts'
import { lookAfterSchedules } from '../../framework/served-schedules.ts'
import { type LogManner, logManners, type ServerLog, serverLog } from '../../framework/server-log.ts'
import { sessionRequest } from '../../framework/session.ts'
import { tlsFiles } from '../../framework/tls-files.ts'

const flags = {
  listen: text({
    description: 'address and port to listen on (default: 127.0.0.1:8080); port 0 takes a free one',
    value: 'address:port',
  }),
  'tls-cert': text({ description: 'PEM file with the certificate, and those it was issued under', value: 'file' }),
  'tls-key': text({ description: 'PEM file with the key of the certificate', value: 'file' }),
  'behind-proxy': boolean({
    description:
      'a proxy in front speaks TLS, and says who asks in X-Forwarded-For; needed for other addresses without TLS',
  }),
  'no-scheduler': boolean({ description: 'leave schedules to "esc scheduler start", or to another machine' }),
  metrics: text({
    description: 'serve /metrics (Prometheus), /healthz and /readyz on this port, too',
    value: '[address:]port',
  }),
  'metrics-host': list({
    description: 'answer requests for metrics by this host name, too; may be given several times',
    value: 'name',
  }),
  log: text({
    description: 'how requests are logged on standard error: text (default), json or off',
    value: 'manner',
  }),
  ...DATABASE_FLAG,
  'rate-limit': count({ description: 'the most requests in a minute with one token (default: no limit)' }),
  ...COMMIT_FLAG,
}

export default class ServerStart extends EscCommand<void, typeof flags> {
  static override id = 'server:start'
  static override summary = 'Serve the environments of the store over HTTP.'
  static override description =
    `Serves the ESC REST API, so that services, CI and colleagues without the folder can use the store. Clients of Pulumi ESC work with it: its
command line, its SDKs, external-secrets and the GitHub action. The document of the API is at /api/openapi.json.

Clients need a token: make one with "esc server token create". A token is for a principal, and the access rules decide what that one may do.

It looks after schedules, as "esc scheduler start" does, and sends webhooks. /healthz and /readyz answer probes; /metrics is for Prometheus, and is
answered only to this machine, or at the address of --metrics.

Ctrl-C or SIGTERM: no new request is taken, and those under way are finished. A second one ends them after the step in flight, a third at once.
A rotation that was cut off is finished by the next start, or by the next rotation. SIGHUP: the files of --tls-cert and --tls-key are read again,
as they are when they change.`
  static override examples = [
    { description: 'Serve this machine', command: 'esc server start' },
    {
      description: 'Serve other machines',
      command: 'esc server start --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem',
    },
  ]
  static override flags = flags

  async run(): Promise<void> {
    const address = readAddress(this.flags.listen ?? '127.0.0.1:8080')
    const tls = tlsFiles(this.flags, this.io)
    const behindProxy = this.flags['behind-proxy']
    const log = serverLog(this.io, logManner(this.flags.log))
    const metricsAddress = this.flags.metrics === undefined ? undefined : parseListenAddress(this.flags.metrics)
    if (!isLoopback(address.host) && tls === undefined && !behindProxy) {
      throw new EscError(
        'usage',
        `--listen ${address.host} is reached by other machines, which would send tokens in the clear`,
        {
          hint: 'give --tls-cert and --tls-key; or --behind-proxy, where a proxy in front speaks TLS',
        },
      )
    }
    const reach = { ...address, tls, behindProxy, tokenRate: rateLimit(this.flags['rate-limit']) }
    const serve = (opened: AnySession) => this.#serve(opened, { reach, log, metricsAddress })
    await withAnySession(this.io, this.flags, serve, unattended)
  }

  async #serve({ session, records }: AnySession, { reach, log, metricsAddress }: Serving): Promise<void> {
    const { host, policy } = sessionRequest(this.io, this.flags)
    const notify = (notice: Notice) => log.say(noticeText(notice))
    const served = new ServedStore(records ?? session.folder, { ...host, ...unattended, notify })
    const open = () => reopenSession(session, { deliver: undefined, onCommit: undefined })
    const { stop, abort, end } = this.#signals(log, reach.tls !== undefined)
    let schedules: SchedulerLook | undefined
    let metrics: MetricsServer | undefined
    try {
      const { serveApi } = await import('../../../server/index.ts')
      await checkServerSettings(session)
      await serveApi({
        ...reach,
        session,
        open,
        sessionFor: (token, address, changed) => served.session(tokenCaller(token, address), { policy, host: changed }),
        console: join(packageFolder, 'dist', 'console'),
        now: this.io.now,
        version: manifest.version,
        stop,
        abort,
        probed: async (probes) => {
          if (metricsAddress === undefined) return
          const names = this.flags['metrics-host']
          metrics = await serveMetrics({ ...metricsAddress, names }, { ...probes, illness: () => undefined })
          log.say(`metrics at ${metrics.url}/metrics`)
        },
        otherMetrics: () => schedules?.metrics() ?? '',
        otherWork: async () => {
          const look = (found: SchedulerLook) => {
            schedules = found
          }
          if (!this.flags['no-scheduler']) await lookAfterSchedules({ open, stop, abort, say: log.say, look })
        },
        ready: (url) => {
          log.say(this.flags.log === 'json' ? `listening on ${url} (esc ${manifest.version})` : `listening on ${url}`)
          if (this.io.stderrIsTerminal) log.say('make a token with: esc server token create --user NAME')
        },
        say: log.say,
        log: log.request,
        failed: log.failed,
      })
      log.say('stopped')
    } finally {
      await metrics?.close()
      end()
    }
  }

  text(): undefined {}

  /** The first signal ends the server once its work is done, the second after one more step. */
  #signals({ say }: ServerLog, reloads: boolean) {
    const [stop, abort] = [new AbortController(), new AbortController()]
    const end = this.io.onInterrupt((signal) => {
      // The files of the certificate are read again.
      if (signal === 'SIGHUP' && reloads) return
      if (abort.signal.aborted) this.io.exit(EXIT.interrupted)
      if (stop.signal.aborted) {
        say(`received ${signal} again: ending after the step in flight; once more to stop at once`)
        abort.abort()
      } else {
        say(`received ${signal}: finishing what is under way`)
        stop.abort()
      }
    })
    return { stop: stop.signal, abort: abort.signal, end }
  }
}

function logManner(typed = 'text'): LogManner {
  const manner = logManners.find((each) => each === typed)
  if (manner !== undefined) return manner
  throw new EscError('usage', `--log is '${typed}'`, { hint: `give one of ${logManners.join(', ')}` })
}

/** The things that the flags say. */
interface Serving {
  readonly reach: {
    readonly host: string
    readonly port: number
    readonly tls: ReturnType<typeof tlsFiles>
    readonly behindProxy: boolean
    readonly tokenRate: number | undefined
  }
  readonly log: ServerLog
  readonly metricsAddress: ReturnType<typeof parseListenAddress> | undefined
}

function rateLimit(typed: number | undefined): number | undefined {
  if (typed === undefined || typed >= 1) return typed
  throw new EscError('usage', `--rate-limit is ${typed}, which would let nobody in`, { hint: 'write 1 or more' })
}

/** Nobody is there to be asked. */
const unattended = { prompt: undefined, askTrust: undefined }

function readAddress(typed: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?([0-9]{1,5})$/.exec(typed) ?? []
  if (port === '' || Number(port) > 65_535) {
    throw new EscError('usage', `--listen is '${typed}', which is no address and port`, {
      hint: 'write 127.0.0.1:8080, [::1]:8080, or 8080 alone',
    })
  }
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port) }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
