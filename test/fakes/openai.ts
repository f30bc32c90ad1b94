import { randomBytes } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { KeyRing, type RingKey, type RingLag } from './key-ring.ts'
import { bearerOf, pathOf, Refusal, VendorFake } from './vendor-fake.ts'

const host = 'api.openai.com'

/**
 * The administration API of OpenAI, as far as keys go: admin keys of an organization, and service
 * accounts of one project with a key each. Shapes as of its reference.
 */
export class FakeOpenAi extends VendorFake {
  protected readonly hosts = [host]
  /** An admin key that is not listed among those that tests look at. */
  readonly managingKey = `sk-admin-${randomBytes(24).toString('hex')}`
  readonly organization = `org-${randomBytes(12).toString('hex')}`
  readonly project = `proj_${randomBytes(12).toString('hex')}`
  readonly admins: KeyRing
  readonly accounts: KeyRing
  readonly ring: KeyRing
  pageSize = 20

  /** `kind`: which of the two a test is about, and lags. */
  constructor(kind: 'admin' | 'project', lag: RingLag = {}) {
    super()
    this.admins = new KeyRing({ id: 'key_', secret: 'sk-admin-' }, kind === 'admin' ? lag : {})
    this.accounts = new KeyRing({ id: 'user-', secret: 'sk-svcacct-' }, kind === 'project' ? lag : {})
    this.ring = kind === 'admin' ? this.admins : this.accounts
  }

  get unknownFor(): number {
    return this.ring.unknownFor
  }
  set unknownFor(times: number) {
    this.ring.unknownFor = times
  }
  get unlistedFor(): number {
    return this.ring.unlistedFor
  }
  set unlistedFor(times: number) {
    this.ring.unlistedFor = times
  }

  protected actionOf(request: FakeRequest): string {
    const { path, query } = pathOf(request)
    if (path === 'v1/models' || query.get('limit') === '1') return 'log in'
    return { GET: 'list', POST: 'create', DELETE: 'delete' }[request.method] ?? request.method
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { path } = pathOf(request)
    const bearer = bearerOf(request)
    if (path === 'v1/models') {
      if (this.accounts.known(bearer) === undefined) throw wrongKey(bearer)
      return { status: 200, body: { object: 'list', data: [{ id: 'gpt-x', object: 'model' }] } }
    }
    if (this.accounts.has(bearer) !== undefined) {
      throw fault(403, 'You have insufficient permissions for this operation.', { code: null })
    }
    if (bearer !== this.managingKey && this.admins.known(bearer) === undefined) throw wrongKey(bearer)
    const organization = request.headers['openai-organization'] ?? this.organization
    if (organization !== this.organization) {
      const code = 'mismatched_organization'
      throw fault(401, 'OpenAI-Organization header should match organization for API key', { code })
    }
    const admin = /^v1\/organization\/admin_api_keys(?:\/([^/]+))?$/.exec(path)
    if (admin) return this.#keys(this.admins, request, admin[1], 'organization.admin_api_key')
    const account = /^v1\/organization\/projects\/([^/]+)\/service_accounts(?:\/([^/]+))?$/.exec(path)
    if (account?.[1] === this.project) {
      return this.#keys(this.accounts, request, account[2], 'organization.project.service_account')
    }
    throw fault(404, account ? `Project with ID '${account[1]}' not found.` : `Unknown request URL: /${path}`)
  }

  #keys(ring: KeyRing, request: FakeRequest, id: string | undefined, object: string): FakeAnswer {
    const { method } = request
    if (method === 'GET' && id === undefined) return this.#list(ring, pathOf(request).query, object)
    if (method === 'POST' && id === undefined) return create(ring, request, object)
    if (method !== 'DELETE' || id === undefined) throw fault(405, 'Not allowed')
    if (!ring.remove(id)) throw fault(404, `No such key: ${id}`)
    return { status: 200, body: { object: `${object}.deleted`, id, deleted: true } }
  }

  #list(ring: KeyRing, query: URLSearchParams, object: string): FakeAnswer {
    const after = query.get('after')
    const all = after === null ? ring.listed() : ring.keys
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
    const page = all.slice(start, start + Math.min(this.pageSize, Number(query.get('limit') ?? 20)))
    return {
      status: 200,
      body: {
        object: 'list',
        data: page.map((key) => shown(key, object)),
        first_id: page[0]?.id ?? null,
        last_id: page.at(-1)?.id ?? null,
        has_more: start + page.length < all.length,
      },
    }
  }
}

function create(ring: KeyRing, { body }: FakeRequest, object: string): FakeAnswer {
  const { name, expires_in_seconds: seconds = 60, ...others } = JSON.parse(body) as Record<string, unknown>
  const admin = object === 'organization.admin_api_key'
  const sound = typeof name === 'string' && name !== '' && Object.keys(others).length === 0
  if (!sound || typeof seconds !== 'number' || seconds < 1 || seconds > 31_536_000) {
    throw fault(400, 'Invalid body', { code: 'invalid_request' })
  }
  const key = ring.create(name)
  if (admin) return { status: 200, body: { ...shown(key, object), value: key.secret } }
  const created = Math.floor(key.createdAt.getTime() / 1000)
  const apiKey = {
    object: `${object}.api_key`,
    value: key.secret,
    name: 'Secret Key',
    created_at: created,
    id: 'key_1',
  }
  return { status: 200, body: { ...shown(key, object), api_key: apiKey } }
}

function shown({ id, name, secret, createdAt }: RingKey, object: string) {
  const created = Math.floor(createdAt.getTime() / 1000)
  return object === 'organization.admin_api_key'
    ? { object, id, name, redacted_value: `sk-admin...${secret.slice(-3)}`, created_at: created, last_used_at: null }
    : { object, id, name, role: 'member', created_at: created }
}

function wrongKey(bearer: string | undefined): Refusal {
  // Worse than the real one, which shows the ends of the key alone.
  return fault(401, `Incorrect API key provided: ${bearer}.`, { code: 'invalid_api_key' })
}

function fault(status: number, message: string, { code = null }: { readonly code?: string | null } = {}): Refusal {
  return new Refusal({ status, body: { error: { message, type: 'invalid_request_error', param: null, code } } })
}
