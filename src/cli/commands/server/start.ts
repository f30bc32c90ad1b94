import manifest from '../../../../package.json' with { type: 'json' }
import { EscError } from '../../../errors.ts'
import { isLoopback } from '../../../meant-host.ts'
import { parseListenAddress } from '../../../scheduler/index.ts'
import { COMMIT_FLAG, EscCommand } from '../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, databaseUrl, withAnySession } from '../../framework/database.ts'
import { boolean, count, list, text } from '../../framework/flags.ts'
import { requireNodeForDatabase } from '../../framework/node-version.ts'
import { readAddress } from '../../framework/serve-address.ts'
import { serveStore, unattended } from '../../framework/serve-store.ts'
import { type LogManner, logManners, serverLog } from '../../framework/server-log.ts'
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
  static override summary = 'Serve the store over HTTP, with a web console.'
  static override description =
    `Serves the ESC REST API and the web console, for services, CI and colleagues without the folder. Clients of Pulumi ESC work with it: the
command line, the SDKs, External Secrets and the GitHub action. /api/openapi.json describes the API.

Clients need a token: create one with "esc server token create". A token belongs to a principal, whom the access rules let do certain
things.

With --database, several servers can use one store: they share schedules and interrupted rotations, and each of those is done once. That needs
Node 22.12 or later.

The server runs schedules, as "esc scheduler start" does, and sends webhooks. /healthz and /readyz are for probes; /metrics is for
Prometheus, and answers only this machine, or at the address of --metrics.

On Ctrl-C or SIGTERM, the server finishes current requests and takes no new ones. A second signal stops them after the current step, a third at once.
Interrupted rotations are finished by the next start or the next rotation. The files of --tls-cert and --tls-key are read again when they
change, or on SIGHUP.`
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
    if (databaseUrl(this.io, this.flags) !== undefined) requireNodeForDatabase()
    const reach = { ...address, tls, behindProxy, tokenRate: rateLimit(this.flags['rate-limit']) }
    const metrics = metricsAddress && { ...metricsAddress, names: this.flags['metrics-host'] }
    const ready = (url: string) => {
      log.say(this.flags.log === 'json' ? `listening on ${url} (esc ${manifest.version})` : `listening on ${url}`)
      if (this.io.stderrIsTerminal) log.say('make a token with: esc server token create --user NAME')
    }
    const scheduler = !this.flags['no-scheduler']
    const serve = (opened: AnySession) =>
      serveStore(this.io, this.flags, opened, { reach, log, metrics, scheduler, ready })
    await withAnySession(this.io, this.flags, serve, unattended)
  }

  text(): undefined {}
}

function logManner(typed = 'text'): LogManner {
  const manner = logManners.find((each) => each === typed)
  if (manner !== undefined) return manner
  throw new EscError('usage', `--log is '${typed}'`, { hint: `give one of ${logManners.join(', ')}` })
}

function rateLimit(typed: number | undefined): number | undefined {
  if (typed === undefined || typed >= 1) return typed
  throw new EscError('usage', `--rate-limit is ${typed}, which would let nobody in`, { hint: 'write 1 or more' })
}
