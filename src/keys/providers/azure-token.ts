import { type FileSystem, machineFiles } from '../../files/index.ts'
import { keyFault, type LoginCall, malformedKeyAnswer, noAnswer } from '../key-fault.ts'
import { completeNetwork, type KeyNetwork, type KeyRequest, request } from '../network.ts'
import type { KeyContext } from '../provider.ts'
import { type AccessToken, remembered } from './token-memory.ts'

interface Source {
  readonly kind: 'application' | 'managed identity'
  /** For messages. */
  readonly name: string
  readonly remedy: string
  request(): KeyRequest
}

/**
 * An access token of Microsoft Entra ID for a vault, by the first source there is:
 * `ESC_AZURE_ACCESS_TOKEN`; a client secret; a federated token (its file, or its text in
 * `ARM_OIDC_TOKEN`); the managed identity of the machine. `host` is the vault's: the token is asked
 * for its domain, so that it is of no use anywhere else.
 */
export async function keyVaultToken(host: string, context: KeyContext, call: LoginCall): Promise<string> {
  const given = context.env.ESC_AZURE_ACCESS_TOKEN?.trim()
  if (given) return given
  return entraToken({ resource: `https://${host.slice(host.indexOf('.') + 1)}`, host, given: ofVault }, context, call)
}

const ofVault =
  'ESC_AZURE_ACCESS_TOKEN to the output of `az account get-access-token --resource https://vault.azure.net --query accessToken -o tsv`'

/** The service that a token is for, and where. */
export interface EntraWish {
  /** Such as `https://storage.azure.com`. */
  readonly resource: string
  /** A host of the service, which tells the cloud that it is in. */
  readonly host: string
  /** Another way than the login of an application, for messages. */
  readonly given: string
}

/** The same for any service of Azure, without `ESC_AZURE_ACCESS_TOKEN`. */
export async function entraToken(wish: EntraWish, context: KeyContext, call: LoginCall): Promise<string> {
  const source = findSource(wish, context, call)
  const network = completeNetwork(context.network)
  return remembered(context, `azure ${wish.resource}`, network, () => fetchToken(source, network, call))
}

function findSource({ resource, host, given }: EntraWish, context: KeyContext, call: LoginCall): Source {
  const { env } = context
  const tenant = env.AZURE_TENANT_ID || env.ARM_TENANT_ID
  const client = env.AZURE_CLIENT_ID || env.ARM_CLIENT_ID
  const secret = env.AZURE_CLIENT_SECRET || env.ARM_CLIENT_SECRET
  const file = env.AZURE_FEDERATED_TOKEN_FILE || env.ARM_OIDC_TOKEN_FILE_PATH
  const token = env.ARM_OIDC_TOKEN ?? ''
  if (tenant && client && (secret || file || token)) {
    const proof = (): Record<string, string> =>
      secret
        ? { client_secret: secret }
        : {
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: file ? readToken(context.files ?? machineFiles, file, call) : token,
          }
    return {
      kind: 'application',
      name: secret ? `client secret of ${client}` : `federated token of ${client}`,
      remedy: secret
        ? 'check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'
        : 'check AZURE_TENANT_ID, AZURE_CLIENT_ID and the federated credential of the application',
      request: () => ({
        method: 'POST',
        url: `${authority(host, env.AZURE_AUTHORITY_HOST)}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: client,
          scope: `${resource}/.default`,
          ...proof(),
        }),
      }),
    }
  }
  return managedIdentity({ resource, given }, client, env)
}

/**
 * App Service and its like announce an endpoint of their own; virtual machines have the
 * one that everybody knows.
 */
function managedIdentity(
  { resource, given }: Pick<EntraWish, 'resource' | 'given'>,
  client: string | undefined,
  env: KeyContext['env'],
): Source {
  const kind = 'managed identity'
  const query = new URLSearchParams({ resource, ...(client && { client_id: client }) })
  const remedy = `set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_FEDERATED_TOKEN_FILE), or ${given}`
  if (env.IDENTITY_ENDPOINT && env.IDENTITY_HEADER) {
    query.set('api-version', '2019-08-01')
    const headers = { 'x-identity-header': env.IDENTITY_HEADER }
    const url = `${env.IDENTITY_ENDPOINT}?${query}`
    return { kind, name: kind, remedy, request: () => ({ method: 'GET', url, headers }) }
  }
  query.set('api-version', '2018-02-01')
  const url = `http://169.254.169.254/metadata/identity/oauth2/token?${query}`
  const headers = { metadata: 'true' }
  const hurried = { attempts: 1, timeoutMs: 2000 } as const
  return { kind, name: kind, remedy, request: () => ({ method: 'GET', url, headers, ...hurried }) }
}

async function fetchToken(source: Source, network: KeyNetwork, call: LoginCall): Promise<AccessToken> {
  const asked = source.request()
  const form = asked.body instanceof URLSearchParams ? asked.body : undefined
  const hidden = [form?.get('client_secret'), form?.get('client_assertion'), asked.headers?.['x-identity-header']]
  const hiding = { ...call, hidden: [...call.hidden, ...hidden.filter((each) => typeof each === 'string')] }
  const nobody = () =>
    keyFault(hiding, 'credentials', {
      code: 'no credentials',
      text: 'no Azure credentials are set, and this machine has no managed identity',
      hint: source.remedy,
    })
  const answer = await request(network, asked).catch((error) => {
    if (source.kind === 'managed identity') throw nobody()
    const hint = 'check the network and AZURE_AUTHORITY_HOST'
    throw noAnswer(hiding, error, { from: new URL(asked.url).origin, hint })
  })
  const { access_token, expires_in, error, error_description } = (answer.json ?? {}) as Record<string, unknown>
  if (typeof access_token === 'string' && access_token !== '' && answer.status === 200) {
    return { text: access_token, lifeSeconds: Number(expires_in ?? 300) }
  }
  if (source.kind === 'managed identity' && answer.status >= 400 && answer.status < 500) throw nobody()
  if (typeof error !== 'string') throw malformedKeyAnswer(hiding, `the token endpoint (${source.name})`)
  throw keyFault(hiding, answer.status >= 500 ? 'failed' : 'credentials', {
    code: error,
    text: typeof error_description === 'string' ? error_description : `the ${source.name} was refused`,
    hint: source.remedy,
  })
}

/** Returns the place where the tenants of a cloud log in. */
function authority(host: string, given: string | undefined): string {
  if (given) return (/^https?:\/\//.test(given) ? given : `https://${given}`).replace(/\/+$/, '')
  if (/\.(?:azure|chinacloudapi)\.cn$/.test(host)) return 'https://login.chinacloudapi.cn'
  if (host.endsWith('.usgovcloudapi.net')) return 'https://login.microsoftonline.us'
  return 'https://login.microsoftonline.com'
}

function readToken(files: FileSystem, path: string, call: LoginCall): string {
  try {
    return Buffer.from(files.readFile(path)).toString().trim()
  } catch (error) {
    throw keyFault(call, 'credentials', {
      code: String((error as { code?: unknown }).code ?? 'unreadable'),
      text: `cannot read the federated token ${path}`,
      hint: 'check AZURE_FEDERATED_TOKEN_FILE',
    })
  }
}
