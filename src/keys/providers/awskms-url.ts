import { badKeyUrl, flagOf, hostLabel, type KeyUrlForm, splitKeyUrl } from '../key-url.ts'
import type { ProviderKind } from '../provider.ts'
import { type AwsKeyUrl, environmentContextKey } from './awskms-key.ts'

const form: KeyUrlForm = {
  usage: 'write awskms://<key id>, awskms://alias/<name> or awskms:///arn:aws:kms:… (three slashes), with ?region=…',
  parameters: [
    'region',
    'profile',
    'role',
    'endpoint',
    'dualstack',
    'fips',
    'anonymous',
    'context_',
    // Tuning of another client library: accepted, so that a URL can be shared with it,
    // and without effect here.
    'awssdk',
    'hostname_immutable',
    'rate_limiter_capacity',
    'request_checksum_calculation',
    'response_checksum_validation',
  ],
}

const arnForm = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key\/[A-Za-z0-9-]+|alias\/[A-Za-z0-9/_-]+)$/

/** `awskms://<key id>`, an alias, or an ARN. */
export function awskmsKind(): ProviderKind {
  return {
    remote: true,
    hosts: {
      serverOf: (url) => parseAwsKeyUrl(url).endpoint,
      // https://docs.aws.amazon.com/general/latest/gr/kms.html, and interface endpoints of a VPC.
      wellKnown: [
        `kms(?:-fips)?\\.${hostLabel}\\.amazonaws\\.com(?:\\.cn)?`,
        `kms(?:-fips)?\\.${hostLabel}\\.api\\.(?:aws|amazonwebservices\\.com\\.cn)`,
        `vpce-[a-z0-9-]+\\.kms(?:-fips)?\\.${hostLabel}\\.vpce\\.amazonaws\\.com(?:\\.cn)?`,
      ],
      variables: ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL'],
      unknown: 'which is not a well-known one of its cloud',
    },
    check: parseAwsKeyUrl,
    open: async (url, context, owner) =>
      (await import('./awskms.ts')).awskmsProvider(parseAwsKeyUrl(url), context, owner),
  }
}

/** Reads `awskms://…` (`docs/secrets-providers.md`). @throws EscError `invalid_input`. */
export function parseAwsKeyUrl(url: string): AwsKeyUrl {
  const refuse = (problem: string) => badKeyUrl(url, problem, form)
  const parts = splitKeyUrl(url, form)
  const { path, parameters } = parts
  if (path === '' || path === '/') throw refuse('it names no key')
  if (path.startsWith('arn:')) throw refuse('an ARN comes after three slashes')
  const arn = path.startsWith('/') ? arnForm.exec(path.slice(1)) : null
  if (path.startsWith('/') && arn === null) throw refuse(`'${path.slice(1)}' is not the ARN of a KMS key or alias`)
  const keyId = arn?.[0] ?? path
  const alias = /(?:^|:)alias\/(.*)$/.exec(keyId)?.[1]
  if (alias !== undefined && !/^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/.test(alias)) {
    throw refuse(`'${alias}' is not an alias name`)
  }
  if (arn === null && alias === undefined && (!/^[A-Za-z0-9_-]+$/.test(keyId) || keyId === 'alias')) {
    throw refuse(`'${keyId}' is not a key id`)
  }
  const region = parameters.get('region')
  if (region !== undefined && !/^[a-z0-9-]+$/.test(region)) throw refuse(`'${region}' is not a region`)
  if (region !== undefined && arn !== null && region !== arn[1]) {
    throw refuse(`its region is ${region}, and that of the ARN ${arn[1]}`)
  }
  const role = parameters.get('role')
  if (role !== undefined && !/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/.test(role)) {
    throw refuse("the parameter 'role' must be the ARN of a role")
  }
  const context: Record<string, string> = {}
  for (const [name, value] of parameters) {
    if (name.startsWith('context_')) context[name.slice('context_'.length)] = value
  }
  if (Object.hasOwn(context, environmentContextKey)) {
    throw refuse(`the context key '${environmentContextKey}' is set by esc itself`)
  }
  flagOf(parts, 'hostname_immutable', url, form)
  const endpoint = parameters.get('endpoint')
  const effectiveRegion = region ?? arn?.[1]
  const profile = parameters.get('profile')
  return {
    kind: 'awskms',
    keyId,
    ...(effectiveRegion !== undefined && { region: effectiveRegion }),
    ...(profile !== undefined && { profile }),
    ...(role !== undefined && { role }),
    ...(endpoint !== undefined && { endpoint: checkEndpoint(endpoint, refuse) }),
    dualstack: flagOf(parts, 'dualstack', url, form) ?? false,
    fips: flagOf(parts, 'fips', url, form) ?? false,
    anonymous: flagOf(parts, 'anonymous', url, form) ?? false,
    context,
  }
}

/**
 * The data key travels to the endpoint in the clear inside TLS, so plain HTTP
 * is for this machine only.
 */
function checkEndpoint(endpoint: string, refuse: (problem: string) => Error): string {
  const parsed = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const local = parsed !== undefined && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed.hostname)
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && local)) return endpoint
  throw refuse("the parameter 'endpoint' must be an https:// URL (http:// only for this machine)")
}
