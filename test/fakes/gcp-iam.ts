import { createVerify, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { bearerOf, pathOf, Refusal, VendorFake } from './vendor-fake.ts'

export interface FakeGoogleKey {
  readonly keyId: string
  readonly publicKey: KeyObject
  readonly credentials: string
  readonly createdAt: Date
  disabled: boolean
  /** Log-ins that are still to be refused. */
  unknownFor: number
  /** Listings that still leave it out. */
  unlistedFor: number
}

export interface FakeServiceAccount {
  readonly email: string
  readonly keys: FakeGoogleKey[]
  readonly ghosts: { readonly key: FakeGoogleKey; listedFor: number }[]
}

export interface FakeGcpIamOptions {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
}

const iamHost = 'iam.googleapis.com'
const tokenHost = 'oauth2.googleapis.com'

/**
 * Keys of service accounts at Google Cloud IAM, and the token endpoint that verifies signatures
 * made with them.
 */
export class FakeGcpIam extends VendorFake {
  protected readonly hosts = [iamHost, tokenHost]
  readonly accounts = new Map<string, FakeServiceAccount>()
  /** Permissions by access token. */
  readonly tokens = new Map<string, readonly string[]>()
  unknownFor: number
  unlistedFor: number
  lingersFor: number
  /** How it says that there are ten keys: both have been seen. */
  limitStatus: 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' = 'FAILED_PRECONDITION'
  /** The organisation policy constraints/iam.disableServiceAccountKeyCreation. */
  creationForbidden = false

  constructor({ unknownFor = 0, unlistedFor = 0, lingersFor = 0 }: FakeGcpIamOptions = {}) {
    super()
    this.unknownFor = unknownFor
    this.unlistedFor = unlistedFor
    this.lingersFor = lingersFor
  }

  addAccount(email: string): FakeServiceAccount {
    const account: FakeServiceAccount = { email, keys: [], ghosts: [] }
    this.accounts.set(email, account)
    return account
  }

  addToken(permissions: readonly string[]): string {
    const token = `ya29.${randomBytes(24).toString('base64url')}`
    this.tokens.set(token, permissions)
    return token
  }

  addKey(account: FakeServiceAccount, key: Partial<FakeGoogleKey> = {}): FakeGoogleKey {
    const keyId = randomBytes(20).toString('hex')
    const { publicKey, privateKey } = spareKeyPair()
    const made: FakeGoogleKey = {
      keyId,
      publicKey,
      credentials: JSON.stringify({
        type: 'service_account',
        project_id: 'my-proj',
        private_key_id: keyId,
        private_key: privateKey,
        client_email: account.email,
        client_id: '123456789012345678901',
        token_uri: `https://${tokenHost}/token`,
      }),
      createdAt: new Date(Math.floor(Date.now() / 1000) * 1000),
      disabled: false,
      unknownFor: 0,
      unlistedFor: 0,
      ...key,
    }
    account.keys.push(made)
    return made
  }

  protected actionOf(request: FakeRequest): string {
    const { host } = pathOf(request)
    if (host === tokenHost) return 'token'
    return { GET: 'list', POST: 'create', DELETE: 'delete' }[request.method] ?? request.method
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { host, path, query } = pathOf(request)
    return host === tokenHost ? this.#token(request, path) : this.#iam(request, path, query)
  }

  #token({ method, body }: FakeRequest, path: string): FakeAnswer {
    const refuse = (error_description: string) =>
      new Refusal({ status: 400, body: { error: 'invalid_grant', error_description } })
    const form = new URLSearchParams(body)
    if (
      method !== 'POST' ||
      path !== 'token' ||
      form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    ) {
      throw new Refusal({
        status: 400,
        body: { error: 'unsupported_grant_type', error_description: 'Invalid grant_type' },
      })
    }
    const assertion = form.get('assertion') ?? ''
    const [head = '', payload = '', signature = ''] = assertion.split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    const claims = read(payload)
    const { alg, kid } = read(head)
    const key = this.accounts.get(String(claims.iss))?.keys.find(({ keyId }) => keyId === kid)
    if (key === undefined || key.disabled || key.unknownFor > 0) {
      if (key !== undefined) key.unknownFor--
      throw refuse(`Invalid JWT Signature: ${assertion}`)
    }
    const genuine = createVerify('RSA-SHA256')
      .update(`${head}.${payload}`)
      .verify(key.publicKey, signature, 'base64url')
    if (alg !== 'RS256' || !genuine) throw refuse('Invalid JWT Signature.')
    const [now, iat, exp] = [Date.now() / 1000, Number(claims.iat), Number(claims.exp)]
    if (claims.aud !== `https://${tokenHost}/token` || typeof claims.scope !== 'string')
      throw refuse('Invalid JWT: audience.')
    if (!(iat <= now + 600 && exp > now && exp - iat <= 3600)) throw refuse('Invalid JWT: timeframe.')
    return {
      status: 200,
      body: { access_token: `ya29.${randomBytes(8).toString('hex')}`, expires_in: 3599, token_type: 'Bearer' },
    }
  }

  #iam(request: FakeRequest, path: string, query: URLSearchParams): FakeAnswer {
    const fault = (status: number, code: string, message: string, details?: object[]) =>
      new Refusal({ status, body: { error: { code: status, message, status: code, ...(details && { details }) } } })
    const token = bearerOf(request)
    const allowed = this.tokens.get(token ?? '')
    if (allowed === undefined) {
      throw fault(401, 'UNAUTHENTICATED', `Request had invalid authentication credentials: ${token}`)
    }
    const [, email = '', keyId] = /^v1\/projects\/-\/serviceAccounts\/([^/]+)\/keys(?:\/([^/:]+))?$/.exec(path) ?? []
    const account = this.accounts.get(email)
    const may = (verb: string) => {
      const permission = `iam.serviceAccountKeys.${verb}`
      if (allowed.includes(permission)) return
      throw fault(403, 'PERMISSION_DENIED', `Permission '${permission}' denied on resource (or it may not exist).`)
    }
    const action = this.actionOf(request)
    may({ list: 'list', create: 'create', delete: 'delete' }[action] ?? action)
    if (account === undefined) throw fault(404, 'NOT_FOUND', `Unknown service account: ${email}`)
    if (action === 'list' && query.get('keyTypes') === 'USER_MANAGED') return this.#list(account)
    if (action === 'delete') {
      const index = account.keys.findIndex((key) => key.keyId === keyId)
      if (index < 0) throw fault(404, 'NOT_FOUND', `Service account key ${keyId} does not exist.`)
      const [key] = account.keys.splice(index, 1)
      account.ghosts.push({ key: key!, listedFor: this.lingersFor })
      return { status: 200, body: {} }
    }
    if (action !== 'create' || keyId !== undefined) throw fault(400, 'INVALID_ARGUMENT', 'Unsupported request.')
    const body = JSON.parse(request.body) as Record<string, string>
    if (body.privateKeyType !== 'TYPE_GOOGLE_CREDENTIALS_FILE' || body.keyAlgorithm !== 'KEY_ALG_RSA_2048') {
      throw fault(400, 'INVALID_ARGUMENT', 'Unsupported type or algorithm.')
    }
    if (this.creationForbidden) {
      throw fault(400, 'FAILED_PRECONDITION', 'Key creation is not allowed on this service account.', [
        {
          '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
          violations: [{ type: 'constraints/iam.disableServiceAccountKeyCreation' }],
        },
      ])
    }
    if (account.keys.length >= 10) {
      throw this.limitStatus === 'FAILED_PRECONDITION'
        ? fault(400, 'FAILED_PRECONDITION', 'Precondition check failed.')
        : fault(429, 'RESOURCE_EXHAUSTED', 'Maximum number of keys on account reached.')
    }
    const made = this.addKey(account, { unknownFor: this.unknownFor, unlistedFor: this.unlistedFor })
    const privateKeyData = Buffer.from(made.credentials).toString('base64')
    return { status: 200, body: { ...shown(account, made), privateKeyType: body.privateKeyType, privateKeyData } }
  }

  #list(account: FakeServiceAccount): FakeAnswer {
    const listed = account.keys.filter((key) => {
      if (key.unlistedFor === 0) return true
      key.unlistedFor--
      return false
    })
    for (const ghost of account.ghosts) if (ghost.listedFor-- > 0) listed.push(ghost.key)
    // The real one leaves out what is empty.
    return { status: 200, body: listed.length === 0 ? {} : { keys: listed.map((key) => shown(account, key)) } }
  }
}

function shown({ email }: FakeServiceAccount, { keyId, createdAt, disabled }: FakeGoogleKey) {
  return {
    name: `projects/my-proj/serviceAccounts/${email}/keys/${keyId}`,
    validAfterTime: createdAt.toISOString().replace(/\.[0-9]+Z$/, 'Z'),
    validBeforeTime: '9999-12-31T23:59:59Z',
    keyAlgorithm: 'KEY_ALG_RSA_2048',
    keyOrigin: 'GOOGLE_PROVIDED',
    keyType: 'USER_MANAGED',
    ...(disabled && { disabled }),
  }
}

// Key pairs are slow to make, and it does not matter to the fake that keys share one: they are told
// apart by their ids.
const pairs: { publicKey: KeyObject; privateKey: string }[] = []
let next = 0
function spareKeyPair() {
  if (pairs.length < 3) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    pairs.push({ publicKey, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
  }
  return pairs[next++ % pairs.length]!
}
