import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import manifest from '../../../../package.json' with { type: 'json' }
import { EscError, messageOf } from '../../../errors.ts'
import { packageFolder, ServedStore, type ServerToken } from '../../../operations/index.ts'
import { COMMIT_FLAG, EscCommand } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession, sessionRequest } from '../../framework/session.ts'

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
  ...COMMIT_FLAG,
}

export default class ServerStart extends EscCommand<void, typeof flags> {
  static override id = 'server:start'
  static override summary = 'Serve the environments of the store over HTTP.'
  static override description =
    `Serves the ESC REST API, so that services, CI and colleagues without the folder can use the store. Clients of Pulumi ESC work with it: its
command line, its SDKs, external-secrets and the GitHub action. The document of the API is at /api/openapi.json.

Clients need a token: make one with "esc server token create". A token is for a principal, and the access rules decide what that one may do.

Ctrl-C or SIGTERM: no new request is taken, and those under way are finished. A second one ends them after the step in flight, a third at once.
A rotation that was cut off is finished by the next one.`
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
    const tls = this.#tls()
    const behindProxy = this.flags['behind-proxy']
    if (!isLoopback(address.host) && tls === undefined && !behindProxy) {
      throw new EscError(
        'usage',
        `--listen ${address.host} is reached by other machines, which would send tokens in the clear`,
        {
          hint: 'give --tls-cert and --tls-key; or --behind-proxy, where a proxy in front speaks TLS',
        },
      )
    }
    const session = openSession(this.io, this.flags, unattended)
    const { host, policy } = sessionRequest(this.io, this.flags)
    const served = new ServedStore(session.folder, { ...host, ...unattended })
    const [stop, abort] = [new AbortController(), new AbortController()]
    const say = (line: string) => this.io.err(`${line}\n`)
    const end = this.io.onInterrupt((signal) => {
      if (abort.signal.aborted) this.io.exit(EXIT.interrupted)
      if (stop.signal.aborted) {
        say(`received ${signal} again: ending after the step in flight; once more to stop at once`)
        abort.abort()
      } else {
        say(`received ${signal}: finishing what is under way`)
        stop.abort()
      }
    })
    try {
      const { serveApi } = await import('../../../server/index.ts')
      await serveApi({
        ...address,
        tls,
        behindProxy,
        session,
        sessionFor: (token, address) => served.session(callerOf(token, address), { policy }),
        console: join(packageFolder, 'dist', 'console'),
        now: this.io.now,
        version: manifest.version,
        stop: stop.signal,
        abort: abort.signal,
        ready: (url) => {
          say(`listening on ${url}`)
          if (this.io.stderrIsTerminal) say('make a token with: esc server token create --user NAME')
        },
        failed: (error, { method, route }) =>
          say(`${this.io.now().toISOString()} ${method} ${route}: ${messageOf(error)}`),
      })
      say('stopped')
    } finally {
      end()
    }
  }

  text(): undefined {}

  #tls() {
    const { 'tls-cert': certificate, 'tls-key': key } = this.flags
    if (certificate === undefined && key === undefined) return undefined
    if (certificate === undefined || key === undefined) {
      throw new EscError(
        'usage',
        `--tls-${certificate === undefined ? 'key needs --tls-cert' : 'cert needs --tls-key'}`,
        {
          hint: 'give both',
        },
      )
    }
    const read = (flag: string, path: string) => {
      try {
        return readFileSync(resolve(this.io.cwd, path), 'utf8')
      } catch (error) {
        throw new EscError('io', `cannot read --${flag} ${path}: ${messageOf(error)}`, { cause: error })
      }
    }
    return { certificate: read('tls-cert', certificate), key: read('tls-key', key) }
  }
}

/** The holder of a token as the store knows them: access rules and audit log see their name. */
function callerOf({ user, name, admin, level, environments }: ServerToken, address: string) {
  return {
    principal: { name: user, from: 'token' },
    origin: { token: name, address },
    restriction: { level, environments },
    unlimited: admin,
  } as const
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
