import { randomBytes } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { bearerOf, pathOf, Refusal, type SecureOptions, VendorFake } from './vendor-fake.ts'

export interface FakeApiKey {
  readonly id: string
  readonly secret: string
  readonly name: string
  readonly createdAt: Date
  status: 'active' | 'revoked'
  unknownFor: number
  unlistedFor: number
}

export interface FakeAdminApiOptions {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
  readonly limit?: number
  readonly pageSize?: number
  readonly secure?: SecureOptions
}

const host = 'api.example.org'

/**
 * API keys of an organization, as many services offer them: a bearer with rights, a limit of keys,
 * pages with a cursor, 429 with Retry-After, idempotency keys, and a key that is not known and
 * listed everywhere at once.
 */
export class FakeAdminApi extends VendorFake {
  protected readonly hosts = [host]
  readonly adminToken = `adm_${randomBytes(16).toString('hex')}`
  /** Of somebody who may look and not touch. */
  readonly readerToken = `rdr_${randomBytes(16).toString('hex')}`
  /** Secrets of keys that may manage keys too. */
  readonly adminTokens: string[] = []
  readonly keys: FakeApiKey[] = []
  readonly ghosts: { readonly key: FakeApiKey; listedFor: number }[] = []
  /** Answers by idempotency key, with the body that they answered. */
  readonly #answered = new Map<string, { readonly body: string; readonly answer: FakeAnswer }>()
  unknownFor: number
  unlistedFor: number
  lingersFor: number
  limit: number
  pageSize: number
  /** Requests that are answered with 429 before the next one is looked at. */
  throttled = 0

  constructor(options: FakeAdminApiOptions = {}) {
    super(options.secure)
    this.unknownFor = options.unknownFor ?? 0
    this.unlistedFor = options.unlistedFor ?? 0
    this.lingersFor = options.lingersFor ?? 0
    this.limit = options.limit ?? 50
    this.pageSize = options.pageSize ?? 3
  }

  /** The address that a definition names. */
  get base(): string {
    return `${this.url}/${host}/v1`
  }

  addKey(key: Partial<FakeApiKey> = {}): FakeApiKey {
    const made: FakeApiKey = {
      id: `key_${randomBytes(10).toString('hex')}`,
      secret: `sk_${randomBytes(20).toString('hex')}`,
      name: 'by hand',
      createdAt: new Date(Math.floor(Date.now() / 1000) * 1000),
      status: 'active',
      unknownFor: 0,
      unlistedFor: 0,
      ...key,
    }
    this.keys.push(made)
    return made
  }

  protected actionOf(request: FakeRequest): string {
    const { path } = pathOf(request)
    if (path !== 'v1/whoami') return { GET: 'list', POST: 'create', DELETE: 'delete' }[request.method] ?? request.method
    return this.keys.some(({ secret }) => secret === bearerOf(request)) ? 'log in' : 'probe'
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { path, query } = pathOf(request)
    if (this.throttled > 0) {
      this.throttled--
      throw fault(429, 'rate_limited', 'slow down', { 'retry-after': '2' })
    }
    if (path === 'v1/whoami') return this.#whoAmI(request)
    if (path === 'v1/pulse') return { status: 200, body: { status: 'up' } }
    const token = bearerOf(request)
    if (token === undefined || ![this.adminToken, this.readerToken, ...this.adminTokens].includes(token)) {
      // Worse than a real one, which does not repeat what it was given.
      throw fault(401, 'invalid_token', `no such token: ${token}`)
    }
    if (path === 'v1/service-keys' && request.method === 'GET') return this.#list(query)
    if (token === this.readerToken) throw fault(403, 'forbidden', 'this token may only read')
    if (path === 'v1/service-keys' && request.method === 'POST') return this.#create(request)
    const id = /^v1\/service-keys\/([^/]+)$/.exec(path)?.[1]
    if (request.method === 'DELETE' && id !== undefined) return this.#delete(id)
    throw fault(404, 'not_found', `nothing at /${path}`)
  }

  #whoAmI(request: FakeRequest): FakeAnswer {
    const key = this.keys.find(({ secret, status }) => secret === bearerOf(request) && status === 'active')
    if (key === undefined || key.unknownFor > 0) {
      if (key !== undefined) key.unknownFor--
      throw fault(401, 'invalid_token', `no such token: ${bearerOf(request)}`)
    }
    return { status: 200, body: { key: { id: key.id } } }
  }

  #list(query: URLSearchParams): FakeAnswer {
    const after = query.get('starting_from')
    const all = this.keys.filter((key) => after !== null || key.unlistedFor === 0 || key.unlistedFor-- < 0)
    if (after === null) for (const ghost of this.ghosts) if (ghost.listedFor-- > 0) all.push(ghost.key)
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
    const page = all.slice(start, start + this.pageSize)
    const more = start + this.pageSize < all.length
    const last = page.at(-1)?.id ?? null
    return {
      status: 200,
      body: { records: page.map(shown), more_records: more, last_record: last },
      ...(more && { headers: { link: `<${this.base}/service-keys?starting_from=${last}>; rel="next"` } }),
    }
  }

  #create({ body, headers }: FakeRequest): FakeAnswer {
    const key = String(headers['idempotency-key'] ?? '')
    const before = this.#answered.get(key)
    if (key !== '' && before !== undefined) {
      if (before.body !== body) throw fault(422, 'idempotency_mismatch', 'this key was used for another request')
      return before.answer
    }
    if (!/^application\/json\b/.test(String(headers['content-type']))) {
      throw fault(415, 'unsupported_media_type', 'send application/json')
    }
    const { label: name, scopes, ...others } = JSON.parse(body) as Record<string, unknown>
    const sound = typeof name === 'string' && name !== '' && name.length <= 64 && Object.keys(others).length === 0
    if (!sound || !Array.isArray(scopes)) throw fault(400, 'invalid_request', 'label and scopes are required')
    if (this.keys.length >= this.limit) throw fault(409, 'key_limit_reached', `there can be ${this.limit} keys`)
    const { unknownFor, unlistedFor } = this
    const made = this.addKey({ name, unknownFor, unlistedFor })
    const answer = { status: 201, body: { ...shown(made), plaintext: made.secret } }
    if (key !== '') this.#answered.set(key, { body, answer })
    return answer
  }

  #delete(id: string): FakeAnswer {
    const index = this.keys.findIndex((key) => key.id === id)
    if (index < 0) throw fault(404, 'not_found', `no key ${id}`)
    const [key] = this.keys.splice(index, 1)
    this.ghosts.push({ key: key!, listedFor: this.lingersFor })
    return { status: 204, body: '' }
  }
}

function fault(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal({ status, body: { error: { code, message } }, headers })
}

function shown({ id, name, createdAt, status }: FakeApiKey) {
  return { id, label: name, status, created_at: Math.floor(createdAt.getTime() / 1000) }
}
