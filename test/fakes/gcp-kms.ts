import { createCipheriv, createDecipheriv, createVerify, type KeyObject, randomBytes } from 'node:crypto'
import { type FakeAnswer, type FakeRequest, HttpFake } from './http-fake.ts'
import { RsaPairs } from './rsa-pairs.ts'

interface KmsKey {
  /** Oldest first; undefined once destroyed. */
  readonly versions: Buffer[]
  readonly disabled: Set<number>
}

interface Account {
  readonly publicKey: KeyObject
  /** The content of a credentials file. */
  readonly credentials: string
  readonly allowed: readonly string[]
}

const kmsHost = 'cloudkms.googleapis.com'
const tokenHost = 'oauth2.googleapis.com'
const metadataHost = 'metadata.google.internal'
const stsHost = 'sts.googleapis.com'
const iamHost = 'iamcredentials.googleapis.com'

/**
 * Cloud KMS, the token endpoint that verifies signed assertions, federation, and the metadata
 * server of a machine.
 */
export class FakeGoogle extends HttpFake {
  readonly keys = new Map<string, KmsKey>()
  readonly accounts = new Map<string, Account>()
  /** Permissions of the machine's service account; none by default. */
  machine: readonly string[] | undefined
  /** Permissions by refresh token and by token of another issuer. */
  readonly users = new Map<string, readonly string[]>()
  readonly federated = new Map<string, readonly string[]>()
  /** Flips a bit of what it decrypts, as a bad wire would. */
  damages = false
  readonly #pairs = new RsaPairs()
  readonly #tokens = new Map<string, { readonly scope: string; readonly allowed: readonly string[] }>()

  get routes(): Readonly<Record<string, string>> {
    const entries = [kmsHost, tokenHost, stsHost, iamHost].map((host) => [`https://${host}`, `${this.url}/${host}`])
    return { ...Object.fromEntries(entries), [`http://${metadataHost}`]: `${this.url}/${metadataHost}` }
  }

  get issuedTokens(): readonly string[] {
    return [...this.#tokens.keys()]
  }

  addKey(name: string): void {
    this.keys.set(name, { versions: [randomBytes(32)], disabled: new Set() })
  }

  rotate(name: string): void {
    this.keys.get(name)!.versions.push(randomBytes(32))
  }

  addAccount(email: string, allowed: readonly string[]): Account {
    const { publicKey, privateKey } = this.#pairs.next()
    const credentials = JSON.stringify({
      type: 'service_account',
      project_id: 'p',
      private_key_id: 'k1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: email,
      token_uri: `https://${tokenHost}/token`,
    })
    const account = { publicKey, credentials, allowed }
    this.accounts.set(email, account)
    return account
  }

  protected isKeyCall({ path }: FakeRequest): boolean {
    return path.startsWith(`/${kmsHost}/`)
  }

  protected fault(status: number, text: string, code = status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT'): FakeAnswer {
    return { status, body: { error: { code: status, message: text, status: code } } }
  }

  protected answer(request: FakeRequest): FakeAnswer {
    const [, host, ...rest] = request.path.split('/')
    const path = rest.join('/')
    if (host === kmsHost) return this.#key(request, path)
    if (host === tokenHost && path === 'token') return this.#token(new URLSearchParams(request.body))
    if (host === stsHost && path === 'v1/token') return this.#exchange(new URLSearchParams(request.body))
    if (host === iamHost) return this.#impersonate(request, path)
    const onMachine = path === 'computeMetadata/v1/instance/service-accounts/default/token'
    if (host === metadataHost && onMachine && request.headers['metadata-flavor'] === 'Google' && this.machine) {
      return this.#issue('https://www.googleapis.com/auth/cloud-platform', this.machine)
    }
    return this.fault(404, 'not found', 'NOT_FOUND')
  }

  #token(form: URLSearchParams): FakeAnswer {
    const refuse = (error_description: string) => ({ status: 400, body: { error: 'invalid_grant', error_description } })
    if (form.get('grant_type') === 'refresh_token') {
      const allowed = this.users.get(form.get('refresh_token') ?? '')
      if (allowed === undefined || !form.get('client_id') || !form.get('client_secret')) return refuse('Bad Request')
      return this.#issue('https://www.googleapis.com/auth/cloud-platform', allowed)
    }
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return refuse('unsupported grant')
    const [head = '', payload = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    if (read(head).alg !== 'RS256') return refuse('Invalid JWT: alg must be RS256.')
    const claims = read(payload)
    const account = this.accounts.get(String(claims.iss))
    if (account === undefined) return refuse('Invalid grant: account not found')
    const genuine = createVerify('RSA-SHA256')
      .update(`${head}.${payload}`)
      .verify(account.publicKey, signature, 'base64url')
    if (!genuine) return refuse('Invalid JWT Signature.')
    const now = Date.now() / 1000
    const iat = Number(claims.iat)
    const exp = Number(claims.exp)
    if (claims.aud !== `https://${tokenHost}/token`) return refuse('Invalid JWT: audience.')
    if (!(iat <= now + 10 && iat > now - 600 && exp > now && exp - iat <= 3600)) {
      return refuse('Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.')
    }
    return this.#issue(String(claims.scope), account.allowed)
  }

  #exchange(form: URLSearchParams): FakeAnswer {
    const allowed = this.federated.get(form.get('subject_token') ?? '')
    const complete = form.get('audience')?.startsWith('//iam.googleapis.com/') && form.get('requested_token_type')
    if (
      allowed === undefined ||
      !complete ||
      form.get('subject_token_type') !== 'urn:ietf:params:oauth:token-type:jwt'
    ) {
      return { status: 400, body: { error: 'invalid_grant', error_description: 'The given credential is rejected.' } }
    }
    return this.#issue(form.get('scope') ?? '', allowed)
  }

  #impersonate({ headers, body }: FakeRequest, path: string): FakeAnswer {
    const token = this.#tokens.get(/^Bearer (.+)$/.exec(String(headers.authorization))?.[1] ?? '')
    const email = /^v1\/projects\/-\/serviceAccounts\/([^:]+):generateAccessToken$/.exec(path)?.[1]
    const account = this.accounts.get(email ?? '')
    if (!token?.scope.endsWith('/cloud-platform') || !token.allowed.includes('impersonate') || account === undefined) {
      return this.fault(403, "Permission 'iam.serviceAccounts.getAccessToken' denied", 'PERMISSION_DENIED')
    }
    const { scope } = JSON.parse(body) as { scope: string[] }
    const { access_token } = this.#issue(scope.join(' '), account.allowed).body as { access_token: string }
    const expireTime = new Date(Date.now() + 3_600_000).toISOString()
    return { status: 200, body: { accessToken: access_token, expireTime } }
  }

  #issue(scope: string, allowed: readonly string[]): FakeAnswer {
    const access_token = `ya29.${randomBytes(24).toString('base64url')}`
    this.#tokens.set(access_token, { scope, allowed })
    return { status: 200, body: { access_token, expires_in: 3599, token_type: 'Bearer' } }
  }

  #key({ method, headers, body }: FakeRequest, path: string): FakeAnswer {
    const token = this.#tokens.get(/^Bearer (.+)$/.exec(String(headers.authorization))?.[1] ?? '')
    const scopes = ['https://www.googleapis.com/auth/cloudkms', 'https://www.googleapis.com/auth/cloud-platform']
    if (token === undefined || !scopes.includes(token.scope)) {
      return this.fault(401, 'Request had invalid authentication credentials.', 'UNAUTHENTICATED')
    }
    const [, name = '', operation = ''] = /^v1\/(.*):(encrypt|decrypt)$/.exec(path) ?? []
    if (method !== 'POST' || operation === '') return this.fault(404, 'not found', 'NOT_FOUND')
    const permission = operation === 'encrypt' ? 'useToEncrypt' : 'useToDecrypt'
    const key = this.keys.get(name)
    // Google does not tell whether a key exists to those who may not use it.
    if (!token.allowed.includes(permission)) {
      const text = `Permission 'cloudkms.cryptoKeyVersions.${permission}' denied on resource '${name}' (or it may not exist).`
      return this.fault(403, text, 'PERMISSION_DENIED')
    }
    if (key === undefined) return this.fault(404, `CryptoKey ${name} not found.`, 'NOT_FOUND')
    const given = JSON.parse(body) as Record<string, string | undefined>
    for (const field of ['plaintext', 'ciphertext', 'additionalAuthenticatedData']) {
      const checksum = given[`${field}Crc32c`]
      if (given[field] !== undefined && checksum !== String(checksumOf(Buffer.from(given[field], 'base64')))) {
        return this.fault(400, `The checksum in field ${field}_crc32c did not match the data in field ${field}.`)
      }
    }
    const associated = Buffer.from(given.additionalAuthenticatedData ?? '', 'base64')
    return operation === 'encrypt'
      ? this.#encrypt(name, key, Buffer.from(given.plaintext!, 'base64'), associated)
      : this.#decrypt(key, Buffer.from(given.ciphertext!, 'base64'), associated)
  }

  #encrypt(name: string, key: KmsKey, plaintext: Buffer, associated: Buffer): FakeAnswer {
    const version = key.versions.length
    if (key.disabled.has(version)) return this.#disabled(version)
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key.versions.at(-1)!, nonce).setAAD(associated)
    const sealed = [Buffer.from([version]), nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]
    const ciphertext = Buffer.concat(sealed)
    return {
      status: 200,
      body: {
        name: `${name}/cryptoKeyVersions/${version}`,
        ciphertext: ciphertext.toString('base64'),
        ciphertextCrc32c: String(checksumOf(ciphertext)),
        verifiedPlaintextCrc32c: true,
        verifiedAdditionalAuthenticatedDataCrc32c: true,
        protectionLevel: 'SOFTWARE',
      },
    }
  }

  #decrypt(key: KmsKey, bytes: Buffer, associated: Buffer): FakeAnswer {
    const invalid = this.fault(400, "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
    const version = bytes[0] ?? 0
    const used = key.versions[version - 1]
    if (used === undefined || bytes.length < 29) return invalid
    if (key.disabled.has(version)) return this.#disabled(version)
    try {
      const decipher = createDecipheriv('aes-256-gcm', used, bytes.subarray(1, 13), { authTagLength: 16 })
      decipher.setAAD(associated).setAuthTag(bytes.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()])
      const plaintextCrc32c = String(checksumOf(plaintext))
      if (this.damages) plaintext[0]! ^= 1
      return { status: 200, body: { plaintext: plaintext.toString('base64'), plaintextCrc32c, usedPrimary: true } }
    } catch {
      return invalid
    }
  }

  #disabled(version: number): FakeAnswer {
    return this.fault(
      400,
      `cryptoKeyVersions/${version} is not enabled, current state is: DISABLED.`,
      'FAILED_PRECONDITION',
    )
  }
}

/** CRC-32C bit by bit, so that it shares nothing with the code under test. */
function checksumOf(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1))
  }
  return ~crc >>> 0
}
