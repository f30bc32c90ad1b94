import { EscError } from '../errors.ts'
import { bareHost } from '../http/index.ts'
import { again, rich } from '../rich-text.ts'

/** A server that speaks the ESC API, and who asks it. */
export interface Endpoint {
  /** Without a slash at the end: paths such as `/api/user` come after it. */
  readonly url: string
  /** The access token. `undefined`: requests carry none. */
  readonly token: string | undefined
  /** The name and version of the program that asks, such as `gitesc/0.1.0`. */
  readonly userAgent: string
  /** Variables of the process: `SSL_CERT_FILE` and `NODE_EXTRA_CA_CERTS` count. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends every request. */
  readonly signal?: AbortSignal
}

/**
 * The URL of a server as it is kept and compared: scheme and host in lower case, no slash at the
 * end. A path before `/api` stays, for servers behind a proxy.
 *
 * @throws EscError `usage` for what is no such URL; for `http:` to another machine, where the token
 *   could be read on the way, unless `allowHttp`.
 */
export function serverUrl(typed: string, { allowHttp = false }: { readonly allowHttp?: boolean } = {}): string {
  let url: URL
  try {
    url = new URL(typed)
  } catch (error) {
    throw new EscError('usage', `${JSON.stringify(typed)} is not a URL of a server`, { hint: example, cause: error })
  }
  const { protocol, username, password, search, hash, hostname } = url
  // What is not repeated here may be a token that was put into the URL.
  const refuse = (problem: string) => new EscError('usage', `the URL of the server ${problem}`, { hint: example })
  if (protocol !== 'https:' && protocol !== 'http:') throw refuse('begins with neither https:// nor http://')
  if (username !== '' || password !== '') throw refuse('holds a user or password: the access token is given apart')
  if (search !== '' || hash !== '') throw refuse('has a part behind ? or #')
  if (protocol === 'http:' && !allowHttp && !isLoopback(hostname)) {
    throw new EscError('usage', `${url.origin} is reached without encryption, and would be sent the access token`, {
      hint: rich`write https://, or give ${again('allow-http')} where the network between is trusted`,
    })
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

const example = 'write it like https://esc.example.com'

function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname)
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
