import { EscError } from '../../errors.ts'
import { smallText } from '../../files/index.ts'
import { askVendor, currentFetch, vendorHints } from '../../http/index.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The purpose of a token. */
export interface TokenWish {
  /** The vendor: `aws`, `azure`, `gcp` … */
  readonly vendor: string
  /** The claim `aud`, where the system lets us choose it. */
  readonly audience: string
}

/** A token that is there, or can be asked for. */
export interface TokenSource {
  /** The name that `oidc: {source}` gives it. */
  readonly name: string
  /** Its origin in words: `the file /run/token (ESC_OIDC_TOKEN_FILE)`. */
  readonly from: string
  readonly read: (signal: AbortSignal | undefined) => Promise<string>
}

interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object
  /** The parts of the variables an answer must not repeat. */
  readonly hidden: readonly string[]
  /** The field of the answer. Default: the answer is the token. */
  readonly field?: string
}

/** The token that the user names: `ESC_OIDC_TOKEN_AWS`, `ESC_OIDC_TOKEN`, and `_FILE` of each. */
export function explicitToken(env: Variables, { vendor }: TokenWish): TokenSource | undefined {
  for (const name of [`ESC_OIDC_TOKEN_${vendor.toUpperCase()}`, 'ESC_OIDC_TOKEN']) {
    const file = env[`${name}_FILE`]
    if (file) return fileSource('variable', file, `${name}_FILE`)
    if (env[name]) return variableSource('variable', env, name)
  }
  return undefined
}

/**
 * Systems that vouch for what runs in them. Undefined: we do not run there, or it gives no token.
 */
const systems: Readonly<Record<string, (env: Variables, wish: TokenWish) => TokenSource | undefined>> = {
  'github-actions'(env, { audience }) {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env
    if (!url || !token) return undefined
    const hidden = [token]
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json; api-version=2.0' }
    return requested('github-actions', 'GitHub Actions', {
      method: 'GET',
      url: withQuery(url, { audience }),
      headers,
      hidden,
      field: 'value',
    })
  },
  'gitlab-ci': (env) =>
    env.GITLAB_CI && env.GITLAB_OIDC_TOKEN ? variableSource('gitlab-ci', env, 'GITLAB_OIDC_TOKEN') : undefined,
  circleci(env) {
    if (!env.CIRCLECI) return undefined
    const name = ['CIRCLE_OIDC_TOKEN_V2', 'CIRCLE_OIDC_TOKEN'].find((each) => env[each])
    return name === undefined ? undefined : variableSource('circleci', env, name)
  },
  buildkite(env, { audience }) {
    const { BUILDKITE_JOB_ID: job, BUILDKITE_AGENT_ACCESS_TOKEN: token } = env
    if (!job || !token) return undefined
    const endpoint = (env.BUILDKITE_AGENT_ENDPOINT || 'https://agent.buildkite.com/v3').replace(/\/+$/, '')
    return requested('buildkite', 'Buildkite', {
      method: 'POST',
      url: `${endpoint}/jobs/${encodeURIComponent(job)}/oidc/tokens`,
      headers: { authorization: `Token ${token}` },
      body: { audience },
      hidden: [token],
      field: 'token',
    })
  },
  kubernetes: (env) =>
    env.KUBERNETES_SERVICE_HOST ? presentFile('kubernetes', '/var/run/secrets/esc/token') : undefined,
  aws: (env, { vendor }) =>
    vendor === 'aws' && env.AWS_WEB_IDENTITY_TOKEN_FILE
      ? fileSource('aws', env.AWS_WEB_IDENTITY_TOKEN_FILE, 'AWS_WEB_IDENTITY_TOKEN_FILE')
      : undefined,
  azure: (env, { vendor }) => (vendor === 'azure' ? azureSource(env) : undefined),
  gcp: (env, { audience }) => (runsAtGoogle(env) ? googleSource(env, audience) : undefined),
}

/** The names that `oidc: {source}` can have, beside `issuer`. */
export const systemNames: readonly string[] = Object.keys(systems)

/**
 * The token of the system that we run in. `undefined`: it gives none.
 * @param only the one that was chosen. Default: the first that gives one.
 */
export function systemToken(env: Variables, wish: TokenWish, only?: string): TokenSource | undefined {
  const names = only === undefined ? systemNames : [only]
  for (const name of names) {
    const source = systems[name]?.(env, wish)
    if (source !== undefined) return source
  }
  // A machine of Google or Azure is asked only where it was chosen: looking takes a second
  // elsewhere.
  if (only === 'gcp') return googleSource(env, wish.audience)
  if (only === 'azure') return azureMachine()
  return undefined
}

/**
 * Returns what the user would have to do for the system to give a token. `undefined`: nothing is
 * known.
 */
export function systemHint(env: Variables): string | undefined {
  if (env.GITHUB_ACTIONS) return 'in GitHub Actions, give the job `permissions: {id-token: write, contents: read}`'
  if (env.GITLAB_CI) return 'in GitLab CI, give the job `id_tokens: {GITLAB_OIDC_TOKEN: {aud: …}}`'
  if (env.CIRCLECI) return 'in CircleCI, give the job a context: it has a token of its identity then'
  if (env.KUBERNETES_SERVICE_HOST)
    return 'in Kubernetes, mount a projected service account token as /var/run/secrets/esc/token'
  return undefined
}

function runsAtGoogle(env: Variables): boolean {
  if (env.GCE_METADATA_HOST || env.K_SERVICE || env.CLOUD_RUN_JOB || env.GAE_SERVICE) return true
  return /^Google/.test(smallText('/sys/class/dmi/id/product_name') ?? '')
}

function googleSource(env: Variables, audience: string): TokenSource {
  const host = env.GCE_METADATA_HOST || 'metadata.google.internal'
  const path = '/computeMetadata/v1/instance/service-accounts/default/identity'
  return requested('gcp', 'the metadata server of Google Cloud', {
    method: 'GET',
    url: withQuery(`http://${host}${path}`, { audience, format: 'full' }),
    headers: { 'metadata-flavor': 'Google' },
    hidden: [],
  })
}

/** The resource for which the federated credentials of Azure take tokens of managed identities. */
const azureResource = 'api://AzureADTokenExchange'

function azureSource(env: Variables): TokenSource | undefined {
  const { AZURE_FEDERATED_TOKEN_FILE: file, IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret } = env
  if (file) return fileSource('azure', file, 'AZURE_FEDERATED_TOKEN_FILE')
  if (!url || !secret) return undefined
  return requested('azure', 'the managed identity of Azure', {
    method: 'GET',
    url: withQuery(url, { resource: azureResource, 'api-version': '2019-08-01' }),
    headers: { 'x-identity-header': secret },
    hidden: [secret],
    field: 'access_token',
  })
}

function azureMachine(): TokenSource {
  const url = 'http://169.254.169.254/metadata/identity/oauth2/token'
  return requested('azure', 'the managed identity of this machine of Azure', {
    method: 'GET',
    url: withQuery(url, { resource: azureResource, 'api-version': '2018-02-01' }),
    headers: { metadata: 'true' },
    hidden: [],
    field: 'access_token',
  })
}

function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const whole = new URL(url)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  return whole.toString()
}

function variableSource(name: string, env: Variables, variable: string): TokenSource {
  return { name, from: `the variable ${variable}`, read: async () => env[variable] as string }
}

function presentFile(name: string, path: string): TokenSource | undefined {
  return smallText(path) === undefined ? undefined : fileSource(name, path)
}

/** Read each time: systems put a new token there before the old one ends. */
function fileSource(name: string, path: string, variable?: string): TokenSource {
  const from = `the file ${path}${variable === undefined ? '' : ` (${variable})`}`
  return {
    name,
    from,
    async read() {
      const text = smallText(path)
      if (text !== undefined) return text
      throw new EscError('provider_failed', `the identity token is not there: ${from}`, {
        hint: 'name the file that the system keeps the token in',
      })
    },
  }
}

function requested(name: string, system: string, request: TokenRequest): TokenSource {
  return { name, from: system, read: (signal) => ask(system, request, signal) }
}

async function ask(
  system: string,
  { field, ...request }: TokenRequest,
  signal: AbortSignal | undefined,
): Promise<string> {
  const readFault = ({ text }: { readonly text: string }) => ({ code: 'refused', text: text.slice(0, 200) })
  const outcome = await askVendor({
    ...request,
    ...(signal && { signal }),
    by: currentFetch,
    repeatable: true,
    readFault,
  })
  const failed = (what: string, hint: string) =>
    new EscError('provider_failed', `${system} gave no identity token: ${what}`, { hint })
  switch (outcome.kind) {
    case 'done': {
      const token = tokenIn(outcome.answer.text, field)
      if (token !== undefined) return token
      throw failed('it answered with something else', vendorHints.foreign)
    }
    case 'no answer':
      throw failed(`no answer from ${outcome.host} (${outcome.code})`, vendorHints['no answer'])
    default: {
      const said = outcome.kind === 'fault' && outcome.text !== '' ? `: ${outcome.text}` : ''
      throw failed(`HTTP ${outcome.status}${said}`, 'look whether what runs here may have tokens of its identity')
    }
  }
}

function tokenIn(text: string, field: string | undefined): string | undefined {
  if (field === undefined) return text
  try {
    const value = (JSON.parse(text) as Readonly<Record<string, unknown>>)[field]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
