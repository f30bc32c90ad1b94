import { randomBytes } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { KeyRing, type RingLag } from './key-ring.ts'
import { bearerOf, pathOf, Refusal, VendorFake } from './vendor-fake.ts'

const hosts = ['api.sendgrid.com', 'api.eu.sendgrid.com']
const managing = ['api_keys.create', 'api_keys.read', 'api_keys.delete', 'mail.send', 'scopes.read']

/** API keys of one account of Twilio SendGrid: scopes, a hundred keys, and errors without codes. */
export class FakeSendGrid extends VendorFake {
  protected readonly hosts = hosts
  /** A key that may manage keys, and is not listed among those that tests look at. */
  readonly managingKey = `SG.${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`
  /** One that may do nothing but send. */
  readonly sendingKey = `SG.${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`
  readonly ring: KeyRing
  readonly scopes = new Map<string, readonly string[]>()
  readonly subusers: string[] = []
  limit = 100

  constructor(lag: RingLag = {}) {
    super()
    this.ring = new KeyRing({ id: '', secret: 'SG.key.' }, lag)
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
    if (pathOf(request).path === 'v3/scopes') return 'scopes'
    return { GET: 'list', POST: 'create', DELETE: 'delete' }[request.method] ?? request.method
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { path, query } = pathOf(request)
    const scopes = this.#scopesOf(bearerOf(request))
    if (scopes === undefined) throw fault(401, 'authorization required')
    if (path === 'v3/scopes') {
      if (!scopes.includes('scopes.read')) throw fault(403, 'access forbidden')
      return { status: 200, body: { scopes } }
    }
    const verb = { GET: 'read', POST: 'create', DELETE: 'delete' }[request.method]
    if (!scopes.includes(`api_keys.${verb}`)) throw fault(403, 'access forbidden')
    const subuser = request.headers['on-behalf-of']
    if (subuser !== undefined && !this.subusers.includes(String(subuser))) throw fault(403, 'access forbidden')
    if (path === 'v3/api_keys' && request.method === 'GET') {
      const keys = this.ring.listed().slice(0, Number(query.get('limit') ?? 100))
      return { status: 200, body: { result: keys.map(({ id, name }) => ({ name, api_key_id: id })) } }
    }
    if (path === 'v3/api_keys' && request.method === 'POST') return this.#create(request, scopes)
    const id = /^v3\/api_keys\/([^/]+)$/.exec(path)?.[1]
    if (request.method !== 'DELETE' || id === undefined) throw fault(404, 'not found')
    if (!this.ring.remove(id)) throw fault(404, 'unable to find API Key')
    return { status: 204, body: '' }
  }

  #scopesOf(key: string | undefined): readonly string[] | undefined {
    if (key === this.managingKey) return managing
    if (key === this.sendingKey) return ['mail.send']
    const known = this.ring.known(key)
    return known && (this.scopes.get(known.id) ?? ['mail.send'])
  }

  #create({ body }: FakeRequest, own: readonly string[]): FakeAnswer {
    const { name, scopes, ...others } = JSON.parse(body) as Record<string, unknown>
    if (typeof name !== 'string' || name === '' || Object.keys(others).length > 0)
      throw fault(400, 'missing required argument')
    if (!Array.isArray(scopes) || scopes.some((scope) => !own.includes(scope))) throw fault(400, 'invalid scope')
    if (this.ring.keys.length >= this.limit) throw fault(403, `Cannot create more than ${this.limit} API Keys`)
    const key = this.ring.create(name)
    this.scopes.set(key.id, scopes)
    return { status: 201, body: { api_key: key.secret, api_key_id: key.id, name, scopes } }
  }
}

function fault(status: number, message: string): Refusal {
  return new Refusal({ status, body: { errors: [{ message, field: null }] } })
}
