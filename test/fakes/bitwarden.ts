import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { VendorAnswer, VendorRequest } from '../providers/provider-under-test.ts'

/** An encrypted text of type 2, as clients of Bitwarden write it. */
export function encString(plaintext: string, key: Uint8Array): string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key.subarray(0, 32), iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const mac = createHmac('sha256', key.subarray(32)).update(iv).update(ciphertext).digest()
  return `2.${[iv, ciphertext, mac].map((part) => part.toString('base64')).join('|')}`
}

/** Identity service and API of Bitwarden for one machine account, with what it has been given. */
export class Bitwarden {
  readonly id = 'ec2c1d46-6a4b-4751-a310-af9601317f2d'
  readonly organization = 'f4e44a7f-1190-432a-9d4a-af96013127cb'
  readonly #clientSecret = 'C2IgxjjLF7qSshsbwe8JGcbM075YXw'
  readonly #seed = randomBytes(16)
  readonly #bearer = [{ alg: 'RS256', typ: 'at+jwt' }, this.#claims()]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(randomBytes(32).toString('base64url'))
    .join('.')
  readonly organizationKey = randomBytes(64)
  /** Encrypted texts by the id of the secret. */
  readonly secrets = new Map<string, string>()

  get accessToken(): string {
    return `0.${this.id}.${this.#clientSecret}:${this.#seed.toString('base64')}`
  }

  keep(id: string, value: string, key: Uint8Array = this.organizationKey): this {
    this.secrets.set(id, encString(value, key))
    return this
  }

  answer(request: VendorRequest): VendorAnswer {
    const { method, host, path } = request
    const service =
      host === '' ? /^\/(identity|api)\//.exec(path)?.[1] : /^(identity|api)\.bitwarden\.com$/.exec(host)?.[1]
    const below = host === '' ? path.replace(/^\/(?:identity|api)/, '') : path
    if (service === 'identity' && method === 'POST' && below === '/connect/token') return this.#logIn(request)
    const id = /^\/secrets\/([0-9a-f-]+)$/.exec(below)?.[1]
    return service === 'api' && method === 'GET' && id !== undefined ? this.#read(id, request) : notFound
  }

  #claims() {
    const now = Math.floor(Date.now() / 1000)
    const about = { iss: 'http://localhost', sub: 'd34804ca-4f6c-4392-86b7-af96013175d0', scope: ['api.secrets'] }
    return { ...about, client_id: this.id, organization: this.organization, nbf: now, iat: now, exp: now + 3600 }
  }

  #logIn({ body, headers }: VendorRequest): VendorAnswer {
    const form = Object.fromEntries(new URLSearchParams(body))
    const refused = (error: string) => ({ status: 400, body: { error } })
    if (!String(headers['content-type']).startsWith('application/x-www-form-urlencoded'))
      return refused('invalid_request')
    if (form.grant_type !== 'client_credentials') return refused('unsupported_grant_type')
    if (form.scope !== 'api.secrets') return refused('invalid_scope')
    if (form.client_id !== this.id || form.client_secret !== this.#clientSecret) return refused('invalid_client')
    const payload = JSON.stringify({ encryptionKey: this.organizationKey.toString('base64') })
    const tokenKey = Buffer.from(hkdfSync('sha256', this.#seed, 'bitwarden-accesstoken', 'sm-access-token', 64))
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: {
        access_token: this.#bearer,
        expires_in: 3600,
        token_type: 'Bearer',
        scope: 'api.secrets',
        encrypted_payload: encString(payload, tokenKey),
      },
    }
  }

  #read(id: string, { headers }: VendorRequest): VendorAnswer {
    if (headers.authorization !== `Bearer ${this.#bearer}`) return { status: 401, body: '' }
    const value = this.secrets.get(id)
    if (value === undefined) return notFound
    const dates = { creationDate: '2026-03-04T05:06:07Z', revisionDate: '2026-03-04T05:06:07Z' }
    const [key, note] = [encString('name', this.organizationKey), encString('', this.organizationKey)]
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: {
        id,
        organizationId: this.organization,
        projectId: null,
        projects: [],
        key,
        value,
        note,
        ...dates,
        read: true,
        write: false,
        object: 'secret',
      },
    }
  }
}

const notFound = {
  status: 404,
  body: { message: 'Resource not found.', validationErrors: null, exceptionMessage: null, object: 'error' },
}
