import { EscError } from '../../errors.ts'
import {
  allowedAddresses,
  direct,
  type Lookup,
  NoAnswer,
  networkCode,
  send,
  type TlsOptions,
} from '../../http/index.ts'
import { hostPolicy } from '../session/signed-requests.ts'
import type { Workspace } from '../session/workspace.ts'

/** The way to issuers, where it is not that of the machine. */
export interface IssuerNetwork {
  readonly tls?: TlsOptions
  readonly lookup?: Lookup
}

/** The part of `fetch` that libraries for identity tokens use. */
export type GuardedFetch = (
  url: string,
  options: {
    readonly method?: string
    readonly headers?: ConstructorParameters<typeof Headers>[0]
    readonly body?: unknown
    readonly signal?: AbortSignal | null
  },
) => Promise<Response>

const timeoutMs = 10_000

/**
 * Asks issuers of identity tokens: at public addresses, and those of `network: {privateHosts}`, by
 * TLS, following no redirect. Throws EscError `invalid_input` for a host that may not be asked,
 * `provider_failed` where there is no answer.
 */
export function guardedFetch(workspace: Workspace, { tls, lookup }: IssuerNetwork = {}): GuardedFetch {
  return async (url, { method = 'GET', headers, body, signal }) => {
    const { host, protocol } = new URL(url)
    if (protocol !== 'https:')
      throw new EscError('provider_failed', `the issuer names ${url}, which does not begin with https://`)
    try {
      const policy = await hostPolicy(workspace)
      const addresses = await allowedAddresses(url, { caller: 'server', policy, lookup, signal: signal ?? undefined })
      const answer = await send(
        {
          method: method === 'POST' ? 'POST' : 'GET',
          url,
          headers: Object.fromEntries(new Headers(headers)),
          ...(body !== undefined && body !== null && { body: String(body) }),
          timeoutMs,
          ...(signal && { signal }),
        },
        direct({ addresses, ...(tls && { tls }) }),
      )
      const type = answer.headers.get('content-type')
      // A status that can have no body takes no text, not even an empty one.
      const isEmpty = answer.status === 204 || answer.status === 304
      return new Response(isEmpty ? null : answer.text, {
        status: answer.status,
        headers: type === null ? {} : { 'content-type': type },
      })
    } catch (error) {
      if (error instanceof EscError) throw error
      const code = error instanceof NoAnswer ? error.code : networkCode(error)
      throw new EscError('provider_failed', `${host} gives no answer (${code})`, {
        hint: 'check its address, its certificate and the network of the server',
        transient: true,
      })
    }
  }
}
