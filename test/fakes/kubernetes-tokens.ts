import { randomBytes, randomUUID } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import type { RingLag } from './key-ring.ts'
import { bearerOf, Refusal, type SecureOptions, VendorFake } from './vendor-fake.ts'

export interface FakeSecret {
  readonly name: string
  readonly uid: string
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly createdAt: Date
  /** Those that end with it; the first of a secret of tokens is its data. */
  readonly tokens: FakeToken[]
  unlistedFor: number
  /** Readings before its token is there. */
  emptyFor: number
}

interface FakeToken {
  readonly text: string
  readonly expiresAt: Date | undefined
  unknownFor: number
}

const tokenType = 'kubernetes.io/service-account-token'
const accountAnnotation = 'kubernetes.io/service-account.name'

/**
 * The API of a cluster with one namespace, as far as tokens of service accounts go: bearers with
 * roles, secrets, the controller that puts tokens into them, and tokens that are bound to a secret
 * and end with it.
 */
export class FakeKubernetes extends VendorFake {
  protected readonly hosts = []
  readonly namespace = 'shop'
  readonly account = 'deployer'
  /** May do what the rotator needs; one that may only look; one that may not request tokens. */
  readonly manager = token()
  readonly reader = token()
  readonly halfManager = token()
  readonly secrets: FakeSecret[] = []
  readonly #ghosts: { readonly secret: FakeSecret; listedFor: number }[] = []
  unknownFor: number
  unlistedFor: number
  lingersFor: number
  /** Readings before the controller has filled a secret. */
  fillsAfter = 0
  /** Before 1.28 there was no SelfSubjectReview. */
  reviews = true
  pageSize = 500

  constructor(secure: SecureOptions, { unknownFor = 0, unlistedFor = 0, lingersFor = 0 }: RingLag = {}) {
    super(secure)
    this.unknownFor = unknownFor
    this.unlistedFor = unlistedFor
    this.lingersFor = lingersFor
  }

  addSecret(secret: Partial<FakeSecret> = {}): FakeSecret {
    const made: FakeSecret = {
      name: `by-hand-${randomBytes(6).toString('hex')}`,
      uid: randomUUID(),
      type: tokenType,
      labels: {},
      annotations: { [accountAnnotation]: this.account },
      createdAt: new Date(Math.floor(Date.now() / 1000) * 1000),
      tokens: [],
      unlistedFor: 0,
      emptyFor: 0,
      ...secret,
    }
    if (made.type === tokenType) made.tokens.push({ text: token(), expiresAt: undefined, unknownFor: 0 })
    this.secrets.push(made)
    return made
  }

  /** Whether a token logs in now. */
  accepts(text: string): boolean {
    return this.#tokenOf(text) !== undefined
  }

  protected actionOf({ method, path }: FakeRequest): string {
    if (path.includes('/selfsubjectreviews')) return 'log in'
    if (path.endsWith('/token')) return 'request token'
    if (path.includes('/serviceaccounts/')) return 'read account'
    if (method === 'GET') return /\/secrets\?/.test(path) ? 'list' : 'read'
    return { POST: 'create', DELETE: 'delete' }[method] ?? method
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const url = new URL(request.path, 'https://fake')
    const user = this.#userOf(bearerOf(request))
    if (url.pathname === '/apis/authentication.k8s.io/v1/selfsubjectreviews') return this.#review(request, user)
    const root = `/api/v1/namespaces/${this.namespace}`
    if (url.pathname === `${root}/serviceaccounts/${this.account}`) {
      this.#allow(user, 'get serviceaccounts')
      return { status: 200, body: { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: this.account } } }
    }
    if (url.pathname === `${root}/serviceaccounts/${this.account}/token`) return this.#requestToken(request, user)
    if (url.pathname === `${root}/secrets`) {
      return request.method === 'POST' ? this.#create(request, user) : this.#list(request, url.searchParams, user)
    }
    const name = new RegExp(`^${root}/secrets/([a-z0-9.-]+)$`).exec(url.pathname)?.[1]
    if (name !== undefined) return request.method === 'DELETE' ? this.#delete(name, user) : this.#read(name, user)
    this.#allow(user, 'get others')
    throw status(404, 'NotFound', `the server could not find the requested resource ${url.pathname}`)
  }

  #userOf(bearer: string | undefined): string {
    if (bearer === this.manager) return 'manager'
    if (bearer === this.reader) return 'reader'
    if (bearer === this.halfManager) return 'half-manager'
    const found = bearer === undefined ? undefined : this.#tokenOf(bearer)
    if (found === undefined || found.unknownFor > 0) {
      if (found !== undefined) found.unknownFor--
      // Worse than the real one, which repeats nothing.
      throw status(401, 'Unauthorized', `Unauthorized: ${bearer}`)
    }
    return `system:serviceaccount:${this.namespace}:${this.account}`
  }

  #tokenOf(text: string): FakeToken | undefined {
    const all = this.secrets.flatMap(({ tokens }) => tokens)
    return all.find((each) => each.text === text && (each.expiresAt === undefined || each.expiresAt > new Date()))
  }

  #allow(user: string, verb: string): void {
    const may = {
      manager: true,
      reader: /^(get|list) /.test(verb),
      'half-manager': verb !== 'create serviceaccounts/token',
    }[user]
    if (!may) throw status(403, 'Forbidden', `User "${user}" cannot ${verb} in the namespace "${this.namespace}"`)
  }

  #review(request: FakeRequest, username: string): FakeAnswer {
    if (!this.reviews) throw status(404, 'NotFound', 'the server could not find the requested resource')
    requireShape(request, { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' })
    return { status: 201, body: { kind: 'SelfSubjectReview', status: { userInfo: { username, groups: [] } } } }
  }

  #create(request: FakeRequest, user: string): FakeAnswer {
    this.#allow(user, 'create secrets')
    const { metadata = {}, type = 'Opaque' } = requireShape(request, { kind: 'Secret', apiVersion: 'v1' })
    const { name, labels = {}, annotations = {} } = metadata as FakeSecret
    if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(String(name))) throw status(422, 'Invalid', 'metadata.name')
    if (this.secrets.some((each) => each.name === name)) throw status(409, 'AlreadyExists', `secrets "${name}" exists`)
    const { unlistedFor, fillsAfter: emptyFor } = this
    const made = this.addSecret({ name, type: String(type), labels, annotations, unlistedFor, emptyFor })
    for (const each of made.tokens) each.unknownFor = this.unknownFor
    // The controller deletes what is of no account that there is.
    if (type === tokenType && annotations[accountAnnotation] !== this.account) this.secrets.pop()
    return { status: 201, body: shown(made) }
  }

  #requestToken(request: FakeRequest, user: string): FakeAnswer {
    this.#allow(user, 'create serviceaccounts/token')
    const { spec } = requireShape(request, { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' })
    const { expirationSeconds, boundObjectRef: ref } = spec as Record<string, never>
    const { kind, apiVersion, name, uid } = (ref ?? {}) as Record<string, string>
    const secret = this.secrets.find((each) => each.name === name)
    if (kind !== 'Secret' || apiVersion !== 'v1' || secret?.uid !== uid) throw status(409, 'Conflict', 'the UID')
    if (!(Number(expirationSeconds) >= 600))
      throw status(422, 'Invalid', 'may not specify a duration less than 10 minutes')
    const expiresAt = new Date(Date.now() + Number(expirationSeconds) * 1_000)
    const made = { text: token(), expiresAt, unknownFor: this.unknownFor }
    secret!.tokens.push(made)
    return {
      status: 201,
      body: { kind: 'TokenRequest', status: { token: made.text, expirationTimestamp: expiresAt.toISOString() } },
    }
  }

  #list({ headers }: FakeRequest, query: URLSearchParams, user: string): FakeAnswer {
    this.#allow(user, 'list secrets')
    if (!/as=PartialObjectMetadataList/.test(String(headers.accept)))
      throw new Error('asks for the data of all secrets')
    const at = Number(query.get('continue') ?? 0)
    const matches = (secret: FakeSecret) => {
      const [field, type] = (query.get('fieldSelector') ?? '=').split(/=(.*)/)
      const [label = '', value] = (query.get('labelSelector') ?? '').split('=')
      return (field !== 'type' || secret.type === type) && (label === '' || secret.labels[label] === value)
    }
    const all = this.secrets.filter((each) => matches(each) && (each.unlistedFor === 0 || each.unlistedFor-- < 0))
    for (const ghost of this.#ghosts) if (matches(ghost.secret) && ghost.listedFor-- > 0) all.push(ghost.secret)
    const size = Math.min(this.pageSize, Number(query.get('limit')))
    const page = all.slice(at, at + size)
    const more = at + size < all.length ? { continue: String(at + size) } : {}
    const items = page.map((secret) => ({ kind: 'PartialObjectMetadata', metadata: shown(secret).metadata }))
    return { status: 200, body: { kind: 'PartialObjectMetadataList', metadata: more, items } }
  }

  #read(name: string, user: string): FakeAnswer {
    this.#allow(user, 'get secrets')
    const secret = this.secrets.find((each) => each.name === name)
    if (secret === undefined) throw status(404, 'NotFound', `secrets "${name}" not found`)
    if (secret.emptyFor-- > 0 || secret.type !== tokenType) return { status: 200, body: shown(secret) }
    const data = { token: Buffer.from(secret.tokens[0]!.text).toString('base64') }
    return { status: 200, body: { ...shown(secret), data } }
  }

  #delete(name: string, user: string): FakeAnswer {
    this.#allow(user, 'delete secrets')
    const index = this.secrets.findIndex((each) => each.name === name)
    if (index < 0) throw status(404, 'NotFound', `secrets "${name}" not found`)
    const [secret] = this.secrets.splice(index, 1)
    this.#ghosts.push({ secret: secret!, listedFor: this.lingersFor })
    return { status: 200, body: { kind: 'Status', status: 'Success' } }
  }
}

function shown({ name, uid, type, labels, annotations, createdAt }: FakeSecret) {
  const creationTimestamp = createdAt.toISOString().replace(/\.\d+/, '')
  return { kind: 'Secret', apiVersion: 'v1', metadata: { name, uid, labels, annotations, creationTimestamp }, type }
}

function requireShape(
  { method, headers, body }: FakeRequest,
  { kind, apiVersion }: { readonly kind: string; readonly apiVersion: string },
): Record<string, unknown> {
  if (method !== 'POST') throw status(405, 'MethodNotAllowed', 'the server does not allow this method')
  if (headers['content-type'] !== 'application/json') throw status(415, 'UnsupportedMediaType', 'not JSON')
  const json = JSON.parse(body) as Record<string, unknown>
  if (json.kind !== kind || json.apiVersion !== apiVersion) throw status(400, 'BadRequest', `not a ${kind}`)
  return json
}

function token(): string {
  return `eyJ${randomBytes(30).toString('base64url')}.${randomBytes(30).toString('base64url')}`
}

function status(code: number, reason: string, message: string): Refusal {
  return new Refusal({
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code },
  })
}
