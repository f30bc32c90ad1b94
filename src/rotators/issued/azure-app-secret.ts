import type { VendorFault } from '../../http/index.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import { rfc3339 } from '../rfc3339.ts'
import type { RotatorContext } from '../rotator.ts'
import {
  ask,
  asker,
  clockOf,
  faultIn,
  fieldOf,
  inputRefusal,
  malformedVendorAnswer,
  textField,
  type Vendor,
  VendorHttpError,
} from '../vendor-http.ts'
import { type IssuerSession, issuedTiming, type Listed, type Trial } from './kit/index.ts'
import { issuedOverHttp, type WayToVendor } from './kit/over-http.ts'

const example = `values:
  app:
    fn::rotate::azure-app-secret:
      inputs:
        login:
          clientId: 00000000-0000-0000-0000-000000000000
          tenantId: 11111111-1111-1111-1111-111111111111
          clientSecret: {fn::secret: "…"}
        clientId: 22222222-2222-2222-2222-222222222222
        lifetimeInDays: 90
`

/** The output shape of the `azure-login` provider. */
export type AppSecretLogin = {
  readonly clientId: string
  readonly tenantId: string
  readonly subscriptionId?: string
  readonly clientSecret?: Secret<string>
  readonly oidc?: { readonly token: Secret<string> }
}

export type AzureAppSecretInputs = {
  readonly login: AppSecretLogin
  /** The id of the application whose secret is rotated. */
  readonly clientId: string
  readonly lifetimeInDays?: number
}

export type AzureAppSecret = {
  readonly secretValue: Secret<string>
  /** The `keyId` of Microsoft Graph. */
  readonly secretId: string
  /** RFC 3339, UTC. */
  readonly createdAt?: string
  readonly expiresAt?: string
}

const authority = 'https://login.microsoftonline.com'
const graph = 'https://graph.microsoft.com'
const defaultLifetimeInDays = 180
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'An identity that may manage the application, such as the output of azure-login.',
      properties: {
        clientId: { type: 'string' },
        tenantId: { type: 'string' },
        subscriptionId: { type: 'string' },
        clientSecret: { type: 'string', secret: true },
        oidc: {
          type: 'object',
          additionalProperties: false,
          properties: { token: { type: 'string', secret: true } },
          required: ['token'],
        },
      },
      required: ['clientId', 'tenantId'],
    },
    clientId: { type: 'string', description: 'Application (client) id of the application whose secret is rotated.' },
    lifetimeInDays: { type: 'number', description: 'Until a new secret expires: 1 to 730 days. Default 180.' },
  },
  required: ['login', 'clientId'],
  rotateOnly: ['login'],
}

const credentialSchema: SchemaObject = {
  type: 'object',
  properties: {
    secretValue: { type: 'string', secret: true },
    secretId: { type: 'string' },
    createdAt: { type: 'string' },
    expiresAt: { type: 'string' },
  },
  required: ['secretValue', 'secretId'],
}

/** Rotates the client secrets of an application of Microsoft Entra ID, by Microsoft Graph. */
export const azureAppSecretRotator = issuedOverHttp<AzureAppSecretInputs, AzureAppSecret>({
  name: 'azure-app-secret',
  description: 'Client secrets of an application of Microsoft Entra ID.',
  example,
  inputs: inputsSchema,
  credential: credentialSchema,
  timing: issuedTiming,
  marks: true,
  retires: 'after commit',
  noun: 'secret',
  subject: ({ clientId }) => `application ${clientId.toLowerCase()}`,
  idOf: ({ secretId }) => secretId,
  checkInputs,
  loginUses: ({ login, clientId }, { secretValue }) =>
    login.clientId.toLowerCase() === clientId.toLowerCase() && login.clientSecret?.reveal() === secretValue.reveal(),
  connect: connectGraph,
})

export const azureAppSecret = azureAppSecretRotator()

function checkInputs({ login, clientId, lifetimeInDays }: AzureAppSecretInputs): void {
  const refuse = inputRefusal('azure-app-secret')
  for (const [field, id] of [
    ['login.tenantId', login.tenantId],
    ['login.clientId', login.clientId],
    ['clientId', clientId],
  ] as const) {
    if (!guid.test(id)) {
      throw refuse(
        `\`${field}\` ${JSON.stringify(id)} is not a GUID`,
        'copy it from the overview of the app registration; it looks like 01234567-89ab-cdef-0123-456789abcdef',
      )
    }
  }
  const days = lifetimeInDays ?? defaultLifetimeInDays
  if (!Number.isInteger(days) || days < 1 || days > 730) {
    throw refuse(`\`lifetimeInDays\` is ${days}`, 'give a whole number of days from 1 to 730')
  }
  if ((login.clientSecret === undefined) === (login.oidc === undefined)) {
    throw refuse(
      login.oidc === undefined
        ? '`login` has neither `clientSecret` nor `oidc`'
        : '`login` has both `clientSecret` and `oidc`',
      'give one of them: a client secret, or the federated token that azure-login returns with `oidc: true`',
    )
  }
}

async function connectGraph(
  { login, clientId, lifetimeInDays = defaultLifetimeInDays }: AzureAppSecretInputs,
  { fetch, context }: WayToVendor,
): Promise<IssuerSession<AzureAppSecret>> {
  const hidden = [login.clientSecret?.reveal(), login.oidc?.token.reveal()].filter((each) => each !== undefined)
  const entra: Vendor = {
    rotator: 'azure-app-secret',
    fetch,
    context,
    hidden,
    readFault: entraFault,
    hints: entraHints,
  }
  const token = await requestToken(entra, login.tenantId, login.clientId, proofOf(login))
  const vendor: Vendor = { ...entra, hidden: [...hidden, token], readFault: graphFault, hints: graphHints }
  const application = `${graph}/v1.0/applications(appId='${clientId.toLowerCase()}')`
  const headers = { authorization: `Bearer ${token}` }
  const call = asker(vendor, { headers, about: `of application ${clientId}` })

  return {
    async list() {
      const doing = 'reading the secrets'
      const url = `${application}?$select=passwordCredentials`
      const answer = await call({ doing, method: 'GET', url, repeatable: true })
      const credentials = fieldOf(answer.json, 'passwordCredentials')
      if (!Array.isArray(credentials)) throw malformedVendorAnswer(vendor, doing)
      const now = context.now().toISOString()
      const listed = credentials.flatMap((each: unknown) => listedSecret(each, now))
      return { listed, at: clockOf(answer, context) }
    },

    async create(mark) {
      const doing = 'addPassword'
      const endDateTime = rfc3339(new Date(context.now().getTime() + lifetimeInDays * 86_400_000))
      const url = `${application}/addPassword`
      const body = { passwordCredential: { displayName: mark, endDateTime } }
      const { json } = await call({ doing, method: 'POST', url, body, repeatable: false })
      const secretId = textField(json, 'keyId')
      const secretText = textField(json, 'secretText')
      if (secretId === undefined || secretText === undefined) throw malformedVendorAnswer(vendor, doing)
      const start = new Date(textField(json, 'startDateTime') ?? context.now())
      return {
        secretValue: secret(secretText),
        secretId,
        createdAt: rfc3339(start),
        expiresAt: textField(json, 'endDateTime') ?? endDateTime,
      }
    },

    remove(keyId) {
      const doing = `removePassword ${keyId}`
      const url = `${application}/removePassword`
      return inTurn(() => call({ doing, method: 'POST', url, body: { keyId }, repeatable: true }), context)
    },

    async tryLogin({ secretValue }) {
      const asApplication: Vendor = { ...entra, hidden: [...hidden, secretValue.reveal()] }
      try {
        await requestToken(asApplication, login.tenantId, clientId, { client_secret: secretValue.reveal() })
        return { kind: 'works' }
      } catch (error) {
        if (error instanceof VendorHttpError && error.refused) return trialOf(error)
        throw error
      }
    },
  }
}

/** Returns the proof of the login. */
function proofOf({ clientSecret, oidc }: AppSecretLogin): Readonly<Record<string, string>> {
  if (clientSecret !== undefined) return { client_secret: clientSecret.reveal() }
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: oidc?.token.reveal() ?? '',
  }
}

function listedSecret(each: unknown, now: string): Listed[] {
  const id = textField(each, 'keyId')
  if (id === undefined) return []
  const name = textField(each, 'displayName')
  const createdAt = new Date(textField(each, 'startDateTime') ?? Number.NaN)
  const expiresAt = textField(each, 'endDateTime')
  const expired = expiresAt !== undefined && new Date(expiresAt).toISOString() < now
  return [{ id, createdAt, ...(name && { name }), ...(expired && { problem: 'expired' }) }]
}

/** Changes of one application must come one after the other. */
async function inTurn(remove: () => Promise<unknown>, context: RotatorContext): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await remove()
      return
    } catch (error) {
      if (!(error instanceof VendorHttpError)) throw error
      if (isAlreadyGone(error)) return
      if (!(error.status === 409 || isConcurrent(error)) || tries >= 5) throw error
      await context.sleep(1_000 * tries)
    }
  }
}

async function requestToken(
  vendor: Vendor,
  tenantId: string,
  clientId: string,
  proof: Readonly<Record<string, string>>,
): Promise<string> {
  const doing = `asking for a token as application ${clientId}`
  const { json } = await ask(vendor, {
    doing,
    method: 'POST',
    url: `${authority}/${tenantId}/oauth2/v2.0/token`,
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: `${graph}/.default`,
      client_id: clientId,
      ...proof,
    }),
    repeatable: true,
  })
  const token = textField(json, 'access_token')
  if (token === undefined) throw malformedVendorAnswer(vendor, doing)
  return token
}

/**
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes; other codes
 * are not about the secret.
 */
function trialOf({ vendorCode: code }: VendorHttpError): Trial {
  if (code === 'AADSTS7000215') return { kind: 'unknown yet', code }
  if (code === 'AADSTS7000222') return { kind: 'refused', code }
  return { kind: 'inconclusive', code }
}

/**
 * The token endpoint puts its code into the description; the words after it are followed by ids
 * and times of the request.
 */
function entraFault(json: unknown): VendorFault | undefined {
  const error = textField(json, 'error')
  if (error === undefined) return undefined
  const text = (textField(json, 'error_description') ?? '').split(/\s*(?:Trace ID:|\r?\n)/, 1)[0] ?? ''
  const [, code, words = ''] = /^(AADSTS[0-9]+):\s*(.*)$/.exec(text) ?? []
  return code === undefined ? { code: error, text } : { code, text: words }
}

function graphFault(json: unknown): VendorFault | undefined {
  return faultIn(fieldOf(json, 'error'), 'code', 'message')
}

function isConcurrent({ vendorCode, message }: VendorHttpError): boolean {
  return vendorCode === 'Request_ConcurrentUpdate' || /concurren/i.test(message)
}

/**
 * Graph answers 404 for the application, and 400 with these words for a
 * secret that it does not have.
 */
function isAlreadyGone({ vendorCode, status, message, refused }: VendorHttpError): boolean {
  if (!refused) return false
  return (status === 404 && vendorCode === 'Request_ResourceNotFound') || /no password credential found/i.test(message)
}

const entraHints: Readonly<Record<string, string>> = {
  AADSTS7000215: 'the client secret in `login` is wrong: give its value, not its id',
  AADSTS7000222: 'the client secret in `login` has expired',
  AADSTS700016: 'check `login.clientId` and `login.tenantId`',
  AADSTS90002: 'check `login.tenantId`',
  AADSTS70021:
    'the federated credential of the application does not match the subject, issuer or audience of the token',
  AADSTS700213: 'the federated credential of the application does not match the subject of the token',
  AADSTS700024: 'the federated token in `login` has expired: log in anew',
}

const graphHints: Readonly<Record<string, string>> = {
  Authorization_RequestDenied:
    'the login needs Application.ReadWrite.All, or Application.ReadWrite.OwnedBy as an owner of the application, with admin consent',
  Request_ResourceNotFound: 'check `clientId`, and that the application is registered in the tenant of `login`',
  InvalidAuthenticationToken: 'log in anew',
  CredentialInvalidLifetimeAsPerAppPolicy:
    'a policy of the tenant allows only shorter lifetimes: lower `lifetimeInDays`',
  CredentialTypeNotAllowedAsPerAppPolicy: 'a policy of the tenant forbids client secrets for this application',
}
