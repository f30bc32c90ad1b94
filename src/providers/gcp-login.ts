import type { SchemaObject } from '../schema/index.ts'
import { type Secret, secret } from '../secret.ts'
import { gcpFault } from './gcp-api.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { lastsUntil, lifetimeSchema, wantedSeconds } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'
import { callVendor, malformedAnswer, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  gcp:
    login:
      fn::open::gcp-login:
        project: 123456789012
        oidc:
          workloadPoolId: esc
          providerId: esc
          serviceAccount: esc@foo-bar-123456.iam.gserviceaccount.com
  environmentVariables:
    GOOGLE_PROJECT: \${gcp.login.project}
    GOOGLE_OAUTH_ACCESS_TOKEN: \${gcp.login.accessToken}
    CLOUDSDK_AUTH_ACCESS_TOKEN: \${gcp.login.accessToken}
`

export type GcpLoginInputs = {
  /** The number, not the name. */
  readonly project: number
  readonly oidc?: {
    readonly workloadPoolId: string
    readonly providerId: string
    readonly serviceAccount: string
    readonly region?: string
    readonly tokenLifetime?: string
    readonly subjectAttributes?: readonly string[]
  }
  readonly accessToken?: {
    readonly accessToken: Secret<string>
    /** The account whose credentials to take on. */
    readonly serviceAccount?: string
    readonly tokenLifetime?: string
  }
}

const email: SchemaObject = { type: 'string', pattern: '^[^@/:\\s]+@[^@/:\\s]+$' }
/** A part of a resource name. */
const id: SchemaObject = { type: 'string', pattern: '^[A-Za-z0-9-]+$' }
const project: SchemaObject = { type: 'number' }

const oidc: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    workloadPoolId: id,
    providerId: id,
    serviceAccount: email,
    region: { ...id, default: 'global' },
    tokenLifetime: { ...lifetimeSchema, default: '1h' },
    subjectAttributes: subjectAttributesSchema,
  },
  required: ['workloadPoolId', 'providerId', 'serviceAccount'],
}

const accessToken: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    accessToken: { type: 'string', secret: true },
    serviceAccount: email,
    tokenLifetime: { ...lifetimeSchema, default: '1h' },
  },
  required: ['accessToken'],
}

const outputs: SchemaObject = {
  type: 'object',
  properties: {
    project,
    accessToken: { type: 'string', secret: true },
    tokenType: { type: 'string' },
    expiry: { type: 'string' },
  },
  required: ['project', 'accessToken', 'tokenType'],
}

const scope = 'https://www.googleapis.com/auth/cloud-platform'

/**
 * Credentials for Google Cloud: an access token as it is given, or that of a service account which
 * the given one, or the identity token of the store, may act as.
 */
export function gcpLoginProvider(network: ProviderNetwork = {}): Provider<GcpLoginInputs> {
  const variant = (name: string, schema: SchemaObject): SchemaObject => ({
    type: 'object',
    additionalProperties: false,
    properties: { project, [name]: schema },
    required: ['project', name],
  })
  return {
    name: 'gcp-login',
    description: 'Credentials for Google Cloud.',
    example,
    inputs: { oneOf: [variant('oidc', oidc), variant('accessToken', accessToken)] },
    outputs,
    shareable: true,

    async open({ project: number, oidc: federated, accessToken: given }, context) {
      if (federated !== undefined) {
        const { serviceAccount, tokenLifetime } = federated
        const lifetime = lifetimeOf(tokenLifetime, context)
        const token = await exchange({ number, ...federated }, network, context)
        return { project: number, ...(await actAs({ serviceAccount, lifetime, token }, network, context)) }
      }
      const { accessToken: token, serviceAccount, tokenLifetime } = given as NonNullable<GcpLoginInputs['accessToken']>
      if (serviceAccount === undefined) context.lasts?.('always')
      if (serviceAccount === undefined) return { project: number, accessToken: token, tokenType: 'Bearer' }
      const lifetime = lifetimeOf(tokenLifetime, context)
      return {
        project: number,
        ...(await actAs({ serviceAccount, lifetime, token: token.reveal() }, network, context)),
      }
    },
  }
}

export const gcpLogin = gcpLoginProvider()

function lifetimeOf(text: string | undefined, context: ProviderContext): number {
  const bounds = { usual: 3600, least: 1, most: 43_200, mostUnsaid: 3600 }
  return wantedSeconds(text, context, { input: 'gcp-login: `tokenLifetime`', ...bounds })
}

const hints: Readonly<Record<string, string>> = {
  invalid_grant: "the workload identity provider must trust the store's issuer, audience and subject",
  invalid_request: 'check project number, `workloadPoolId`, `providerId` and `region`',
  PERMISSION_DENIED:
    'whoever logs in needs the role Service Account Token Creator (or Workload Identity User) on the service account',
  NOT_FOUND: 'check the email of the service account',
  INVALID_ARGUMENT: 'a `tokenLifetime` over 1h must be allowed by a policy of the organization',
  UNAUTHENTICATED: 'the access token has expired or is wrong',
}

/** The identity token of the store for one that the workload identity pool stands for. */
async function exchange(
  {
    number,
    workloadPoolId,
    providerId,
    region = 'global',
    subjectAttributes,
  }: NonNullable<GcpLoginInputs['oidc']> & { readonly number: number },
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<string> {
  const subject = await requireIdentityToken(context, { provider: 'gcp-login', audience: 'gcp', subjectAttributes })
  const provider = `projects/${number}/locations/${region}/workloadIdentityPools/${workloadPoolId}/providers/${providerId}`
  const doing = `token exchange with ${provider}`
  const body = {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: `//iam.googleapis.com/${provider}`,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    scope,
    subjectToken: subject,
  }
  const url = 'https://sts.googleapis.com/v1/token'
  const call = { provider: 'gcp-login', doing, url, body, hidden: [subject], readFault: gcpFault, hints }
  const token = textIn((await callVendor(call, network, context)).json, 'access_token')
  if (token === undefined) throw malformedAnswer('gcp-login', doing)
  return token
}

async function actAs(
  {
    serviceAccount,
    lifetime,
    token,
  }: { readonly serviceAccount: string; readonly lifetime: number; readonly token: string },
  network: ProviderNetwork,
  context: ProviderContext,
) {
  const doing = `generateAccessToken of ${serviceAccount}`
  const account = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}`
  const call = {
    provider: 'gcp-login',
    doing,
    url: `${account}:generateAccessToken`,
    headers: { authorization: `Bearer ${token}` },
    body: { scope: [scope], lifetime: `${lifetime}s` },
    hidden: [token],
    readFault: gcpFault,
    hints,
  }
  const { json } = await callVendor(call, network, context)
  const made = textIn(json, 'accessToken')
  if (made === undefined) throw malformedAnswer('gcp-login', doing)
  const expiry = textIn(json, 'expireTime')
  lastsUntil(context, expiry)
  return { accessToken: secret(made), tokenType: 'Bearer', ...(expiry !== undefined && { expiry }) }
}
