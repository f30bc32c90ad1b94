import { EscError } from '../errors.ts'
import { rich, step } from '../rich-text.ts'
import type { KeyHost, KeyHostRules } from './provider.ts'
import { kindNamed } from './registry.ts'

/**
 * The host that a provider's URL names and that nobody vouches for: neither its cloud's own, nor
 * one that the user has named in `ESC_KEY_HOSTS` or the variables for endpoints of AWS and servers
 * of Vault. Undefined: there is none. The URL is text of the repository that is used before any
 * seal can be checked, because the key that it leads to is the one that checks seals.
 *
 * @throws EscError `invalid_input` for a URL that cannot be used.
 */
export function unknownKeyHost(
  url: string,
  env: Readonly<Record<string, string | undefined>> = {},
): KeyHost | undefined {
  // A bare name has no room for a host.
  const { name: kind = '', kind: { hosts } = {} } = (url.includes(':') && kindNamed(url)) || {}
  const server = hosts?.serverOf(url)
  if (hosts === undefined || server === undefined) return undefined
  const origin = originOf(server) ?? server
  const { hostname, host, port, protocol } = new URL(origin)
  const usual = protocol === 'https:' && port === ''
  if (usual && isWellKnown(hosts, hostname)) return undefined
  const mine = hosts.variables.map((name) => env[name])
  if (mine.some((each) => each !== undefined && originOf(each) === origin)) return undefined
  const allowed = (env.ESC_KEY_HOSTS ?? '').split(/[\s,]+/).filter((each) => each !== '')
  return allowed.some((each) => matches(each.toLowerCase(), { hostname, host, usual })) ? undefined : { origin, kind }
}

/**
 * True when only the vendor can run a host, by exact labels: a domain of a vendor in which
 * customers get names of their own, such as `*.compute.amazonaws.com`, is no proof of anything.
 */
function isWellKnown({ wellKnown }: KeyHostRules, hostname: string): boolean {
  return wellKnown.some((pattern) => new RegExp(`^${pattern}$`).test(hostname))
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin.replace(/\.(?=$|:\d+$)/, '') : undefined
}

interface Place {
  readonly hostname: string
  readonly host: string
  /** It is `https` on port 443. */
  readonly usual: boolean
}

/** `host`, `host:port`, or `*.` and a domain. Another port than the usual one must be named. */
function matches(pattern: string, { hostname, host, usual }: Place): boolean {
  if (pattern === host) return true
  return usual && pattern.startsWith('*.') && pattern.length > 2 && hostname.endsWith(pattern.slice(1))
}

/** For a host that was not allowed, where there is nobody to ask. */
export function untrustedKeyHost({ kind, origin }: KeyHost): EscError {
  const unknown = kindNamed(kind)?.kind.hosts?.unknown
  return new EscError(
    'untrusted',
    `the secrets provider ${kind} names the host ${origin}, ${unknown}: your credentials would go there`,
    {
      hint: rich`if it is meant, ${step('allow it', { do: 'trust-store' })} in the store, or set ESC_KEY_HOSTS=${new URL(origin).host}`,
    },
  )
}
