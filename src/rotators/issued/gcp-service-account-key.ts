import { createSign } from 'node:crypto'
import type { VendorFault } from '../../http/index.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import type { RotatorContext } from '../rotator.ts'
import {
  ask,
  asker,
  clockOf,
  faultIn,
  fieldOf,
  inputRefusal,
  isVendorError,
  malformedVendorAnswer,
  textField,
  type Vendor,
  VendorHttpError,
} from '../vendor-http.ts'
import {
  type IssuedPending,
  type IssuedState,
  type IssuedTiming,
  type IssuerSession,
  issuedTiming,
  type Trial,
} from './kit/index.ts'
import { issuedOverHttp, type WayToVendor } from './kit/over-http.ts'

const example = `values:
  key:
    fn::rotate::gcp-service-account-key:
      inputs:
        login: {project: 123456789012, accessToken: {fn::secret: "…"}}
        serviceAccount: app@foo-bar-123456.iam.gserviceaccount.com
`

/** The output shape of the `gcp-login` provider. */
export type GcpLogin = {
  readonly project?: string | number
  readonly accessToken: Secret<string>
  readonly tokenType?: string
  /** RFC 3339. */
  readonly expiry?: string
}

export type GcpKeyInputs = {
  readonly login: GcpLogin
  /** Email of the service account. */
  readonly serviceAccount: string
}

export type GcpKey = {
  readonly keyId: string
  /** The text of a credentials file. */
  readonly credentials: Secret<string>
  /** RFC 3339, UTC. */
  readonly createdAt?: string
  /** Absent when it does not expire. */
  readonly expiresAt?: string
}

export type GcpKeyState = IssuedState<GcpKey>
export type GcpKeyPending = IssuedPending<GcpKey>

const iam = 'https://iam.googleapis.com'
const tokenEndpoint = 'https://oauth2.googleapis.com/token'

/** A new key may take a minute to be known everywhere, and to be listed. */
const gcpTiming: IssuedTiming = { ...issuedTiming, totalWaitMs: 120_000, absenceMs: 60_000 }

const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'An identity that may manage the keys of the service account, such as the output of gcp-login.',
      properties: {
        project: { anyOf: [{ type: 'string' }, { type: 'number' }] },
        accessToken: { type: 'string', secret: true },
        tokenType: { type: 'string' },
        expiry: { type: 'string' },
      },
      required: ['accessToken'],
    },
    serviceAccount: { type: 'string', description: 'Email of the service account whose keys are rotated.' },
  },
  required: ['login', 'serviceAccount'],
  rotateOnly: ['login'],
}

const credentialSchema: SchemaObject = {
  type: 'object',
  properties: {
    keyId: { type: 'string' },
    credentials: { type: 'string', secret: true, description: 'The content of a credentials file, JSON.' },
    createdAt: { type: 'string' },
    expiresAt: { type: 'string' },
  },
  required: ['keyId', 'credentials'],
}

/**
 * Rotates the keys of a Google Cloud service account. Google keeps no name or label for a key, so
 * one whose answer was lost is known only by the moment at which it appeared.
 */
export const gcpServiceAccountKeyRotator = issuedOverHttp<GcpKeyInputs, GcpKey>({
  name: 'gcp-service-account-key',
  description: 'Keys of a Google Cloud service account.',
  example,
  inputs: inputsSchema,
  credential: credentialSchema,
  timing: gcpTiming,
  limit: { count: 10, met: meetsLimit },
  marks: false,
  retires: 'after commit',
  noun: 'key',
  subject: ({ serviceAccount }) => `service account ${serviceAccount}`,
  idOf: ({ keyId }) => keyId,
  checkInputs,
  connect: connectIam,
})

export const gcpServiceAccountKey = gcpServiceAccountKeyRotator()

function checkInputs({ login, serviceAccount }: GcpKeyInputs, context: RotatorContext): void {
  const refuse = inputRefusal('gcp-service-account-key')
  if (!/^[a-z0-9][a-z0-9.-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$/.test(serviceAccount)) {
    throw refuse(
      `\`serviceAccount\` ${JSON.stringify(serviceAccount)} is not the email of a service account`,
      'it looks like app@my-project.iam.gserviceaccount.com',
    )
  }
  if (login.tokenType !== undefined && login.tokenType.toLowerCase() !== 'bearer') {
    throw refuse(`\`login.tokenType\` ${JSON.stringify(login.tokenType)} is not supported`, 'use a bearer token')
  }
  if (login.expiry !== undefined && new Date(login.expiry).getTime() <= context.now().getTime()) {
    throw refuse(`\`login\` has expired at ${login.expiry}`, 'log in anew, such as with fn::open::gcp-login')
  }
}

function connectIam({ login, serviceAccount }: GcpKeyInputs, { fetch, context }: WayToVendor): IssuerSession<GcpKey> {
  const token = login.accessToken.reveal()
  const vendor: Vendor = {
    rotator: 'gcp-service-account-key',
    fetch,
    context,
    hidden: [token],
    readFault: googleFault,
    hints: iamHints,
  }
  const keys = `${iam}/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}/keys`
  const headers = { authorization: `Bearer ${token}` }
  const call = asker(vendor, { headers, about: `of service account ${serviceAccount}` })

  return {
    async list() {
      const doing = 'listing the keys'
      const answer = await call({ doing, method: 'GET', url: `${keys}?keyTypes=USER_MANAGED`, repeatable: true })
      // Google leaves out what is empty.
      const found = fieldOf(answer.json, 'keys') ?? (typeof answer.json === 'object' ? [] : undefined)
      if (!Array.isArray(found)) throw malformedVendorAnswer(vendor, doing)
      const listed = found.flatMap((each: unknown) => {
        const id = idIn(textField(each, 'name'))
        const createdAt = new Date(textField(each, 'validAfterTime') ?? Number.NaN)
        const disabled = fieldOf(each, 'disabled') === true
        return id === undefined ? [] : [{ id, createdAt, ...(disabled && { problem: 'disabled' }) }]
      })
      return { listed, at: clockOf(answer, context) }
    },

    async create() {
      const doing = 'creating a key'
      const body = { privateKeyType: 'TYPE_GOOGLE_CREDENTIALS_FILE', keyAlgorithm: 'KEY_ALG_RSA_2048' }
      const { json } = await call({ doing, method: 'POST', url: keys, body, repeatable: false })
      const keyId = idIn(textField(json, 'name'))
      const credentials = Buffer.from(textField(json, 'privateKeyData') ?? '', 'base64').toString()
      const file = readFile(credentials)
      if (keyId === undefined || file?.keyId !== keyId || file.email !== serviceAccount) {
        throw malformedVendorAnswer(vendor, doing)
      }
      const createdAt = textField(json, 'validAfterTime')
      const expiresAt = textField(json, 'validBeforeTime')
      return {
        keyId,
        credentials: secret(credentials),
        ...(createdAt !== undefined && { createdAt }),
        // What never expires is given the last year there is.
        ...(expiresAt !== undefined && !expiresAt.startsWith('9999-') && { expiresAt }),
      }
    },

    async remove(keyId) {
      const url = `${keys}/${encodeURIComponent(keyId)}`
      try {
        await call({ doing: `deleting key ${keyId}`, method: 'DELETE', url, repeatable: true })
      } catch (error) {
        if (!isVendorError(error, 'NOT_FOUND')) throw error
      }
    },

    tryLogin: (key) => logInWith(key, serviceAccount, vendor),
  }
}

async function logInWith({ credentials }: GcpKey, serviceAccount: string, vendor: Vendor): Promise<Trial> {
  const file = readFile(credentials.reveal())
  if (file === undefined) return { kind: 'refused', code: 'malformed credentials' }
  if (file.email !== serviceAccount) return { kind: 'refused', code: `belongs to ${file.email}` }
  const assertion = signedAssertion(file, vendor.context.now())
  if (assertion === undefined) return { kind: 'refused', code: 'malformed private key' }
  const asAccount: Vendor = { ...vendor, hidden: [assertion], readFault: tokenFault, hints: {} }
  const doing = `asking for a token as service account ${serviceAccount}`
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
  const body = new URLSearchParams(grant)
  try {
    const { json } = await ask(asAccount, { doing, method: 'POST', url: tokenEndpoint, body, repeatable: true })
    if (textField(json, 'access_token') === undefined) throw malformedVendorAnswer(asAccount, doing)
    return { kind: 'works' }
  } catch (error) {
    if (isVendorError(error, 'invalid_grant')) return { kind: 'unknown yet', code: 'invalid_grant' }
    if (error instanceof VendorHttpError && error.refused) return { kind: 'inconclusive', code: error.vendorCode }
    throw error
  }
}

interface CredentialsFile {
  readonly keyId: string
  readonly email: string
  readonly privateKey: string
}

function readFile(text: string): CredentialsFile | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const keyId = textField(json, 'private_key_id')
  const email = textField(json, 'client_email')
  const privateKey = textField(json, 'private_key')
  return keyId && email && privateKey ? { keyId, email, privateKey } : undefined
}

/** RFC 7523. Undefined: the key is no private key. */
function signedAssertion({ keyId, email, privateKey }: CredentialsFile, now: Date): string | undefined {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(now.getTime() / 1000)
  const scope = 'https://www.googleapis.com/auth/cloud-platform'
  const claims = { iss: email, scope, aud: tokenEndpoint, iat, exp: iat + 600 }
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${part(claims)}`
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
  } catch {
    return undefined
  }
}

/** The last segment of `projects/…/serviceAccounts/…/keys/…`. */
function idIn(name: string | undefined): string | undefined {
  return name === undefined ? undefined : /\/keys\/([A-Za-z0-9_-]+)$/.exec(name)?.[1]
}

const policy = 'iam.disableServiceAccountKeyCreation'

/** A code of our own for what Google says with one that has many meanings. */
function googleFault(json: unknown): VendorFault | undefined {
  const error = fieldOf(json, 'error')
  const status = textField(error, 'status')
  if (status === undefined) return undefined
  const text = textField(error, 'message') ?? ''
  const details = JSON.stringify(fieldOf(error, 'details') ?? '')
  if (status === 'FAILED_PRECONDITION' && (details.includes(policy) || /creation is not allowed/i.test(text))) {
    return { code: `${status} (constraints/${policy})`, text }
  }
  return { code: status, text }
}

/**
 * Google says that there are ten keys with either code, as people report; the latter often
 * without a word about keys.
 */
function meetsLimit(error: unknown): boolean {
  return (
    isVendorError(error, 'FAILED_PRECONDITION') ||
    (isVendorError(error, 'RESOURCE_EXHAUSTED') && /number of keys/i.test(error.message))
  )
}

function tokenFault(json: unknown): VendorFault | undefined {
  return faultIn(json, 'error', 'error_description')
}

const iamHints: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'the access token of `login` is not valid, or no longer: log in anew',
  PERMISSION_DENIED:
    'the login needs iam.serviceAccountKeys.list, .create and .delete on the service account (roles/iam.serviceAccountKeyAdmin)',
  NOT_FOUND: 'check `serviceAccount`',
  FAILED_PRECONDITION: 'a service account holds ten keys at most: delete one that nothing uses',
  RESOURCE_EXHAUSTED: 'a service account holds ten keys at most: delete one that nothing uses',
  [`FAILED_PRECONDITION (constraints/${policy})`]:
    'an organisation policy forbids keys of service accounts: have the project exempted from it, or use workload identity federation',
}
