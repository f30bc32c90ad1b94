// Tokens of Google Cloud by our own requests, not by google-auth-library, for these reasons (read
// in its version 10.9.1; 11 needs Node 22):
//
// - A key of a service account names its token endpoint (`token_uri`). The library ignores that and
//   always asks oauth2.googleapis.com.
// - It asks the metadata server through a transport of its own: by another address too, with
//   retries, led by variables of the process. Our requests go through the one network that is
//   handed in, to the hosts that the user's own credentials name, and follow no redirect.
// - It reads token files, variables and the clock of the process by itself. Ours are handed in.
// - Files of workload identity federation may make it run a program or use AWS
//   credentials. Here they cannot.
import { createSign } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type FileSystem, machineFiles, readIfPresent } from '../../files/index.ts'
import { NoAnswer } from '../../http/index.ts'
import { keyFault, type LoginCall } from '../key-fault.ts'
import { completeNetwork, type KeyNetwork, type KeyRequest, request } from '../network.ts'
import type { KeyContext } from '../provider.ts'
import { fetchToken } from './google-token-endpoint.ts'
import { type AccessToken, remembered } from './token-memory.ts'

const keyScope = 'https://www.googleapis.com/auth/cloudkms'
const tokenEndpoint = 'https://oauth2.googleapis.com/token'
const remedy =
  'set GOOGLE_CREDENTIALS or GOOGLE_APPLICATION_CREDENTIALS to the key of a service account, or GOOGLE_OAUTH_ACCESS_TOKEN to the output of `gcloud auth print-access-token`'

/** A file of credentials, of any of the types Google gives out. */
type Credentials = Readonly<Record<string, unknown>>

/**
 * An access token of Google Cloud, by the first source there is: `GOOGLE_OAUTH_ACCESS_TOKEN` or
 * `CLOUDSDK_AUTH_ACCESS_TOKEN`; `GOOGLE_CREDENTIALS` (JSON, or the path of it);
 * `GOOGLE_APPLICATION_CREDENTIALS` (a path); what `gcloud auth application-default login` wrote;
 * the service account of the machine. `scope`: what it is good for. Default: keys of Cloud KMS.
 */
export async function googleToken(context: KeyContext, call: LoginCall, scope = keyScope): Promise<string> {
  const given = (context.env.GOOGLE_OAUTH_ACCESS_TOKEN || context.env.CLOUDSDK_AUTH_ACCESS_TOKEN)?.trim()
  if (given) return given
  const network = completeNetwork(context.network)
  return remembered(context, `google ${scope}`, network, () => {
    const found = findCredentials(context, call)
    return found === undefined
      ? fromMachine(context, network, call)
      : fromCredentials({ ...found, scope }, context, network, call)
  })
}

function findCredentials({ env, files = machineFiles }: KeyContext, call: LoginCall) {
  const inline = env.GOOGLE_CREDENTIALS?.trim()
  if (inline?.startsWith('{'))
    return { credentials: parse(inline, 'GOOGLE_CREDENTIALS', call), place: 'GOOGLE_CREDENTIALS' }
  const named = inline || env.GOOGLE_APPLICATION_CREDENTIALS
  const folder =
    env.CLOUDSDK_CONFIG ||
    (env.APPDATA ? join(env.APPDATA, 'gcloud') : join(env.HOME || homedir(), '.config', 'gcloud'))
  const place = named || join(folder, 'application_default_credentials.json')
  const text = read(files, place, call)
  if (text !== undefined) return { credentials: parse(text, place, call), place }
  if (named === undefined) return undefined
  throw keyFault(call, 'credentials', { code: 'no credentials', text: `there is no file ${place}`, hint: remedy })
}

type Found = NonNullable<ReturnType<typeof findCredentials>> & { readonly scope: string }

async function fromCredentials(
  found: Found,
  context: KeyContext,
  network: KeyNetwork,
  call: LoginCall,
): Promise<AccessToken> {
  const { credentials, place, scope } = found
  const field = (name: string): string => {
    const value = credentials[name]
    if (typeof value === 'string' && value !== '') return value
    throw keyFault(call, 'credentials', { code: 'bad credentials', text: `${place} has no ${name}`, hint: remedy })
  }
  const hide = (...hidden: string[]): LoginCall => ({ ...call, hidden: [...call.hidden, ...hidden] })
  if (credentials.type === 'service_account') {
    const tokenUri = typeof credentials.token_uri === 'string' ? credentials.token_uri : tokenEndpoint
    const account = { email: field('client_email'), key: field('private_key'), tokenUri, scope }
    const assertion = signedJwt(account, network, () =>
      keyFault(call, 'credentials', {
        code: 'bad credentials',
        text: `${place} has no usable private_key`,
        hint: remedy,
      }),
    )
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    return fetchToken({ method: 'POST', url: tokenUri, body }, place, network, hide(assertion))
  }
  if (credentials.type === 'authorized_user') {
    const secrets = { client_secret: field('client_secret'), refresh_token: field('refresh_token') }
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: field('client_id'), ...secrets })
    return fetchToken({ method: 'POST', url: tokenEndpoint, body }, place, network, hide(...Object.values(secrets)))
  }
  if (credentials.type === 'external_account') {
    const { fromExternalAccount } = await import('./google-federation.ts')
    return fromExternalAccount({ credentials, place, field, remedy, scope }, context, network, call)
  }
  throw keyFault(call, 'credentials', {
    code: 'bad credentials',
    text: `${place} is of a type that is not supported`,
    hint: 'supported are service_account, authorized_user and external_account',
  })
}

/** RFC 7523: who we are, signed with the key of the service account, for one minute's use. */
function signedJwt(
  account: { readonly email: string; readonly key: string; readonly tokenUri: string; readonly scope: string },
  network: KeyNetwork,
  unusable: () => Error,
): string {
  const issuedAt = Math.floor(network.now().getTime() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: account.email,
    scope: account.scope,
    aud: account.tokenUri,
    iat: issuedAt,
    exp: issuedAt + 3600,
  }
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(account.key, 'base64url')}`
  } catch {
    throw unusable()
  }
}

async function fromMachine({ env }: KeyContext, network: KeyNetwork, call: LoginCall): Promise<AccessToken> {
  const host = env.GCE_METADATA_HOST || 'metadata.google.internal'
  const asked: KeyRequest = {
    method: 'GET',
    url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`,
    headers: { 'metadata-flavor': 'Google' },
    attempts: 1,
    timeoutMs: 2000,
  }
  const answer = await request(network, asked).catch((error) => {
    if (!(error instanceof NoAnswer)) throw error
  })
  const { access_token, expires_in } = (answer?.json ?? {}) as Record<string, unknown>
  if (answer?.status === 200 && typeof access_token === 'string') {
    return { text: access_token, lifeSeconds: Number(expires_in ?? 300) }
  }
  throw keyFault(call, 'credentials', {
    code: 'no credentials',
    text: 'no Google credentials are set, and this machine has no service account',
    hint: remedy,
  })
}

function parse(text: string, place: string, call: LoginCall): Credentials {
  try {
    const credentials = JSON.parse(text) as unknown
    if (typeof credentials === 'object' && credentials !== null) return credentials as Credentials
  } catch {}
  throw keyFault(call, 'credentials', { code: 'bad credentials', text: `${place} is not a JSON object`, hint: remedy })
}

function read(files: FileSystem, path: string, call: LoginCall): string | undefined {
  try {
    const bytes = readIfPresent(files, path)
    return bytes && Buffer.from(bytes).toString()
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? 'unreadable')
    throw keyFault(call, 'credentials', { code, text: `cannot read ${path}`, hint: remedy })
  }
}
