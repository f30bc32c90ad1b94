import { EscError } from '../errors.ts'
import { parseAwsKeyUrl } from './providers/awskms-url.ts'
import { parseAzureKeyUrl } from './providers/azurekeyvault-url.ts'
import { parseVaultKeyUrl, vaultAddressVariables } from './providers/hashivault-url.ts'

/**
 * A host that the URL of a secrets provider names, where the user's
 * credentials and data keys would go.
 */
export interface KeyHost {
  /** `https://host`, with the port where it is not 443; lower case. */
  readonly origin: string
  /** Kind of the provider, such as `awskms`. */
  readonly kind: string
}

/**
 * Whether only the vendor can run a host, by exact labels: a domain of a vendor in which customers
 * get names of their own, such as `*.compute.amazonaws.com`, is no proof of anything.
 */
function isWellKnown(kind: string, hostname: string): boolean {
  return (wellKnown[kind] ?? []).some((suffix) => new RegExp(`^${suffix}$`).test(hostname))
}

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'

const wellKnown: Readonly<Record<string, readonly string[]>> = {
  // https://docs.aws.amazon.com/general/latest/gr/kms.html, and interface endpoints of a VPC.
  awskms: [
    `kms(?:-fips)?\\.${label}\\.amazonaws\\.com(?:\\.cn)?`,
    `kms(?:-fips)?\\.${label}\\.api\\.(?:aws|amazonwebservices\\.com\\.cn)`,
    `vpce-[a-z0-9-]+\\.kms(?:-fips)?\\.${label}\\.vpce\\.amazonaws\\.com(?:\\.cn)?`,
  ],
  // https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
  azurekeyvault: [`${label}\\.vault\\.(?:azure\\.net|azure\\.cn|usgovcloudapi\\.net)`],
}

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
  const named = namedHost(url)
  if (named === undefined) return undefined
  const { origin, kind } = named
  const { hostname, host, port, protocol } = new URL(origin)
  const usual = protocol === 'https:' && port === ''
  if (usual && isWellKnown(kind, hostname)) return undefined
  const mine = (ownVariables[kind] ?? []).map((name) => env[name])
  if (mine.some((each) => each !== undefined && originOf(each) === origin)) return undefined
  const allowed = (env.ESC_KEY_HOSTS ?? '').split(/[\s,]+/).filter((each) => each !== '')
  return allowed.some((each) => matches(each.toLowerCase(), { hostname, host, usual })) ? undefined : named
}

/** Variables in which the user names a server of that kind. */
const ownVariables: Readonly<Record<string, readonly string[]>> = {
  awskms: ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL'],
  hashivault: vaultAddressVariables,
}

function namedHost(url: string): KeyHost | undefined {
  if (url.startsWith('azurekeyvault:')) {
    const { host } = parseAzureKeyUrl(url)
    const origin = originOf(`https://${host}`)
    if (origin !== undefined) return { kind: 'azurekeyvault', origin }
    throw new EscError('invalid_input', `the secrets provider azurekeyvault names '${host}', which is no host name`)
  }
  if (url.startsWith('hashivault:')) {
    const { address } = parseVaultKeyUrl(url)
    return address === undefined ? undefined : { kind: 'hashivault', origin: originOf(address) ?? address }
  }
  if (!url.startsWith('awskms:')) return undefined
  const { endpoint } = parseAwsKeyUrl(url)
  return endpoint === undefined ? undefined : { kind: 'awskms', origin: originOf(endpoint) ?? endpoint }
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
  const unknown =
    kind === 'hashivault' ? 'which is not the server that VAULT_ADDR names' : 'which is no well-known one of its cloud'
  return new EscError(
    'untrusted',
    `the secrets provider ${kind} names the host ${origin}, ${unknown}: your credentials would go there`,
    { hint: `if it is meant, run "esc trust" in the store, or set ESC_KEY_HOSTS=${new URL(origin).host}` },
  )
}
