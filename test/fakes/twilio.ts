import { randomBytes } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { pathOf, Refusal, VendorFake } from './vendor-fake.ts'

export interface FakeTwilioKey {
  readonly sid: string
  readonly secret: string
  readonly kind: 'main' | 'standard' | 'restricted'
  readonly friendlyName: string
  readonly createdAt: Date
  readonly policy?: { readonly allow: readonly string[] }
  unknownFor: number
  unlistedFor: number
}

export interface FakeTwilioOptions {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
  readonly pageSize?: number
}

const apiHost = 'api.twilio.com'
const iamHost = 'iam.twilio.com'

/** API keys of one Twilio account: the older list of standard keys, the newer of all. */
export class FakeTwilio extends VendorFake {
  protected readonly hosts = [apiHost, iamHost]
  readonly accountSid = `AC${randomBytes(16).toString('hex')}`
  readonly authToken = randomBytes(16).toString('hex')
  readonly keys: FakeTwilioKey[] = []
  readonly ghosts: { readonly key: FakeTwilioKey; listedFor: number }[] = []
  unknownFor: number
  unlistedFor: number
  lingersFor: number
  pageSize: number

  constructor({ unknownFor = 0, unlistedFor = 0, lingersFor = 0, pageSize = 50 }: FakeTwilioOptions = {}) {
    super()
    this.unknownFor = unknownFor
    this.unlistedFor = unlistedFor
    this.lingersFor = lingersFor
    this.pageSize = pageSize
  }

  addKey(key: Partial<FakeTwilioKey> = {}): FakeTwilioKey {
    const made: FakeTwilioKey = {
      sid: `SK${randomBytes(16).toString('hex')}`,
      secret: randomBytes(24).toString('base64'),
      kind: 'standard',
      friendlyName: 'by hand',
      createdAt: new Date(Math.floor(Date.now() / 1000) * 1000),
      unknownFor: 0,
      unlistedFor: 0,
      ...key,
    }
    this.keys.push(made)
    return made
  }

  protected actionOf(request: FakeRequest): string {
    const { host, path } = pathOf(request)
    if (path.endsWith('/Messages.json')) return 'messages'
    const verb = { GET: 'list', POST: 'create', DELETE: 'delete' }[request.method] ?? request.method
    return host === iamHost ? `${verb} v1` : verb
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { host, path, query } = pathOf(request)
    const action = this.actionOf(request)
    const caller = this.#authenticate(request)
    if (action === 'messages') {
      if (path !== `2010-04-01/Accounts/${this.accountSid}/Messages.json`) throw notFound(path)
      if (
        caller !== 'account' &&
        caller.kind === 'restricted' &&
        !caller.policy?.allow.includes('/twilio/messaging/messages/list')
      ) {
        throw fault(403, 70051, 'Authorization Error: the key lacks the permission.')
      }
      return { status: 200, body: { messages: [], page_size: 1 } }
    }
    if (caller !== 'account' && caller.kind !== 'main') throw fault(401, 20003, 'Authenticate')
    return host === iamHost ? this.#v1(request, path, query) : this.#v2010(request, path, query)
  }

  #authenticate({ headers }: FakeRequest): 'account' | FakeTwilioKey {
    const basic = /^Basic (\S+)$/.exec(String(headers.authorization ?? ''))?.[1] ?? ''
    const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? []
    if (user === this.accountSid && password === this.authToken) return 'account'
    const key = this.keys.find(({ sid }) => sid === user)
    if (key === undefined || key.secret !== password || key.unknownFor > 0) {
      if (key !== undefined && key.secret === password) key.unknownFor--
      // Worse than the real one, which does not repeat what it was given.
      throw fault(401, 20003, `Authenticate: ${basic} ${password}`)
    }
    return key
  }

  #v2010(request: FakeRequest, path: string, query: URLSearchParams): FakeAnswer {
    const root = `2010-04-01/Accounts/${this.accountSid}/Keys`
    if (path === `${root}.json` && request.method === 'GET') {
      const { page, next } = this.#page(query, ({ kind }) => kind !== 'restricted')
      return {
        status: 200,
        body: { keys: page.map(shown), next_page_uri: next === undefined ? null : `/${root}.json?Page=${next}` },
      }
    }
    if (path === `${root}.json` && request.method === 'POST')
      return this.#create(new URLSearchParams(request.body), 'standard')
    return this.#delete(
      request,
      path,
      new RegExp(`^${root}/(SK[0-9a-f]{32})\\.json$`),
      ({ kind }) => kind !== 'restricted',
    )
  }

  #v1(request: FakeRequest, path: string, query: URLSearchParams): FakeAnswer {
    if (path === 'v1/Keys' && request.method === 'GET') {
      if (query.get('AccountSid') !== this.accountSid) throw fault(400, 20001, 'AccountSid is required')
      const { page, next } = this.#page(query, ({ kind }) => kind === 'restricted')
      const url = `https://${iamHost}/v1/Keys?AccountSid=${this.accountSid}&Page=${next}`
      return {
        status: 200,
        body: { keys: page.map(shown), meta: { key: 'keys', next_page_url: next === undefined ? null : url } },
      }
    }
    if (path === 'v1/Keys' && request.method === 'POST') {
      const form = new URLSearchParams(request.body)
      if (form.get('AccountSid') !== this.accountSid) throw fault(400, 20001, 'AccountSid is required')
      if (form.get('KeyType') !== 'restricted' || form.get('Policy') === null)
        throw fault(400, 20001, 'Policy is required')
      return this.#create(form, 'restricted')
    }
    return this.#delete(request, path, /^v1\/Keys\/(SK[0-9a-f]{32})$/, () => true)
  }

  #create(form: URLSearchParams, kind: 'standard' | 'restricted'): FakeAnswer {
    const friendlyName = form.get('FriendlyName') ?? ''
    if ([...friendlyName].length > 64) throw fault(400, 20001, 'FriendlyName is longer than 64 characters')
    const policy = form.get('Policy')
    const { unknownFor, unlistedFor } = this
    const key = this.addKey({
      kind,
      friendlyName,
      unknownFor,
      unlistedFor,
      ...(policy !== null && { policy: JSON.parse(policy) as { allow: string[] } }),
    })
    return { status: 201, body: { ...shown(key), secret: key.secret } }
  }

  #delete(request: FakeRequest, path: string, form: RegExp, visible: (key: FakeTwilioKey) => boolean): FakeAnswer {
    const index = this.keys.findIndex((key) => key.sid === form.exec(path)?.[1] && visible(key))
    if (request.method !== 'DELETE' || index < 0) throw notFound(path)
    const [key] = this.keys.splice(index, 1)
    this.ghosts.push({ key: key!, listedFor: this.lingersFor })
    return { status: 204, body: '' }
  }

  #page(query: URLSearchParams, visible: (key: FakeTwilioKey) => boolean) {
    const page = Number(query.get('Page') ?? 0)
    const all = this.keys.filter((key) => visible(key) && (page > 0 || key.unlistedFor === 0 || key.unlistedFor-- < 0))
    if (page === 0)
      for (const ghost of this.ghosts) if (visible(ghost.key) && ghost.listedFor-- > 0) all.push(ghost.key)
    const start = page * this.pageSize
    return {
      page: all.slice(start, start + this.pageSize),
      next: start + this.pageSize < all.length ? page + 1 : undefined,
    }
  }
}

function fault(status: number, code: number, message: string): Refusal {
  return new Refusal({
    status,
    body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
  })
}

function notFound(path: string): Refusal {
  return fault(404, 20404, `The requested resource /${path} was not found`)
}

function shown({ sid, friendlyName, createdAt }: FakeTwilioKey) {
  const date = createdAt.toUTCString().replace('GMT', '+0000')
  return { sid, friendly_name: friendlyName, date_created: date, date_updated: date }
}
