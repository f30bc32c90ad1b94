import { createHash, randomUUID } from 'node:crypto'
import { encryptDefinition } from '../../src/language/index.ts'
import { type FakeAnswer, type FakeRequest, HttpFake } from './http-fake.ts'

export interface FakeRevision {
  number: number
  created: string
  creatorLogin: string
  creatorName: string
  /** The definition with its secrets in the clear. */
  definition: string
  retracted?: { replacement: number; at: string; byLogin?: string; byName?: string; reason?: string }
}

interface FakeTag {
  name: string
  value: string
  created: string
  modified: string
  editorLogin: string
  editorName: string
}

export class FakeRemoteEnvironment {
  readonly id = randomUUID()
  readonly revisions: FakeRevision[] = []
  readonly revisionTags = new Map<string, number>()
  readonly tags = new Map<string, FakeTag>()
  readonly schedules: Record<string, unknown>[] = []
  readonly hooks: Record<string, unknown>[] = []
  readonly sessions = new Map<string, unknown>()
  deletionProtected = false

  /** Adds a revision; each is a day after the one before. */
  edit(definition: string, { login = 'ada', name = 'Ada Lovelace' } = {}): this {
    const number = this.revisions.length + 1
    const created = new Date(Date.UTC(2025, 0, number, 12)).toISOString()
    this.revisions.push({ number, created, creatorLogin: login, creatorName: name, definition })
    return this
  }

  get newest(): FakeRevision {
    return this.revisions.at(-1)!
  }
}

const ok = (body: object | string = '', headers?: Record<string, string>): FakeAnswer => ({
  status: 200,
  body,
  headers,
})
const empty: FakeAnswer = { status: 204, body: '' }
const part = /^[A-Za-z0-9_.-]{1,100}$/

/**
 * A server of the ESC API that keeps environments in memory. It checks what the hosted service
 * does: the token, what is accepted, names, how pages are asked for. Pages are small.
 */
export class FakeEscServer extends HttpFake {
  token = 'esc-token-of-ada-1234567890'
  organization = 'acme'
  pageSize = 2
  readonly environments = new Map<string, FakeRemoteEnvironment>()
  /** Answers of these paths come first, each once. */
  readonly failures = new Map<string, FakeAnswer>()
  /** Asked with each request, before it is answered. */
  onRequest: (request: FakeRequest) => void = () => {}

  add(name: string): FakeRemoteEnvironment {
    const environment = new FakeRemoteEnvironment()
    this.environments.set(name, environment)
    return environment
  }

  protected override isKeyCall(): boolean {
    return true
  }

  protected override fault(status: number, message: string): FakeAnswer {
    return { status, body: { code: status, message } }
  }

  protected override answer(request: FakeRequest): FakeAnswer {
    this.onRequest(request)
    const { pathname, searchParams: query } = new URL(request.path, 'http://fake')
    const failure = this.failures.get(pathname)
    if (failure !== undefined) {
      this.failures.delete(pathname)
      return failure
    }
    if (request.headers.authorization !== `token ${this.token}`) return this.fault(401, 'Unauthorized')
    if (!/^application\/vnd\.pulumi\+[89]$/.test(String(request.headers.accept)))
      return this.fault(406, 'Not Acceptable')
    if (!request.headers['user-agent']) return this.fault(400, 'no user agent')
    const account = this.#account(pathname)
    if (account !== undefined) return account
    const parts = pathname.split('/').slice(1).map(decodeURIComponent)
    if (parts.slice(0, 3).join('/') !== 'api/esc/environments') return this.fault(404, 'Not Found: path')
    const [organization, project, name, ...rest] = parts.slice(3)
    if (project === undefined) return this.#organization(request, organization, query)
    if (organization !== this.organization) return this.fault(404, 'Not Found: organization')
    if (project === 'yaml') return this.#check(request, name)
    if (name === undefined || ![project, name].every((each) => part.test(each))) return this.fault(400, 'bad name')
    const environment = this.environments.get(`${project}/${name}`)
    if (environment === undefined) return this.fault(404, 'Not Found: environment')
    return this.#environment(request, { environment, name: `${project}/${name}`, query }, rest)
  }

  #account(path: string): FakeAnswer | undefined {
    const organizations = [{ githubLogin: this.organization, name: 'Acme', avatarUrl: '' }]
    if (path === '/api/user')
      return ok({ id: '1', githubLogin: 'ada', name: 'Ada', email: '', organizations, identities: [] })
    return path === '/api/user/organizations/default' ? ok({ GitHubLogin: this.organization, Messages: [] }) : undefined
  }

  #organization(request: FakeRequest, organization: string | undefined, query: URLSearchParams): FakeAnswer {
    if (organization !== undefined && organization !== this.organization)
      return this.fault(404, 'Not Found: organization')
    if (request.method === 'POST') {
      const { project, name } = JSON.parse(request.body)
      if (![project, name].every((each) => part.test(each))) return this.fault(400, 'bad name')
      if (this.environments.has(`${project}/${name}`)) return this.fault(409, 'already exists')
      this.add(`${project}/${name}`).edit('')
      return empty
    }
    const names = [...this.environments.keys()]
    const token = query.get('continuationToken')
    const from = token === null ? 0 : names.indexOf(Buffer.from(token, 'base64').toString())
    if (from === -1) return this.fault(400, 'bad continuation token')
    const environments = names.slice(from, from + this.pageSize).map((each) => {
      const [project, name] = each.split('/')
      const { created } = this.environments.get(each)!.newest
      return { organization: this.organization, project, name, created, modified: created, ownedBy: {} }
    })
    const next = names[from + this.pageSize]
    return ok({ environments, nextToken: next === undefined ? '' : Buffer.from(next).toString('base64') })
  }

  #check({ body, method }: FakeRequest, what: string | undefined): FakeAnswer {
    if (method !== 'POST' || what !== 'check') return this.fault(404, 'Not Found')
    if (!body.includes('bad_ref')) return ok({ properties: {}, exprs: {} })
    const begin = { line: 2, column: 6, byte: 13 }
    const range = { environment: '<yaml>', begin, end: begin }
    return {
      status: 400,
      body: { code: 400, message: 'bad request', diagnostics: [{ range, summary: 'unknown property "bad_ref"' }] },
    }
  }

  #environment(
    request: FakeRequest,
    about: { environment: FakeRemoteEnvironment; name: string; query: URLSearchParams },
    [what, ...rest]: readonly string[],
  ): FakeAnswer {
    const { environment, name, query } = about
    const { method } = request
    const body = () => JSON.parse(request.body)
    const route = `${method} ${what ?? ''}`
    switch (route) {
      case 'GET ':
        return this.#definition(name, environment.newest, false)
      case 'GET decrypt':
        return this.#definition(name, environment.newest, true)
      case 'PATCH ':
        if (request.headers.etag !== undefined && request.headers.etag !== etagOf(environment.newest))
          return this.fault(409, 'conflict: the environment has changed')
        if (request.headers['content-type'] !== 'application/x-yaml') return this.fault(415, 'no YAML')
        environment.edit(request.body)
        return ok({}, { 'Pulumi-ESC-Revision': String(environment.newest.number) })
      case 'DELETE ':
        if (environment.deletionProtected) return this.fault(409, 'the environment is protected from deletion')
        this.environments.delete(name)
        return empty
      case 'POST clone': {
        const to = `${body().project ?? name.split('/')[0]}/${body().name}`
        if (this.environments.has(to)) return this.fault(409, 'already exists')
        this.add(to).edit(environment.newest.definition)
        return empty
      }
      case 'GET metadata':
        return ok({ id: environment.id })
      case 'GET settings':
        return ok({ deletionProtected: environment.deletionProtected })
      case 'PATCH settings':
        environment.deletionProtected = body().deletionProtected
        return ok({})
      case 'GET referrers':
        return query.get('continuationToken') === null
          ? ok({
              referrers: { 1: [{ environment: { project: 'app', name: 'dev', revision: 3 } }] },
              continuationToken: 'more',
            })
          : ok({ referrers: { 2: [{ stack: { project: 'web', stack: 'prod', version: 4 } }] } })
      case 'POST open':
      case 'GET open':
        return this.#open(request, about, rest)
      case 'POST rotate':
        return ok({
          id: 'r1',
          secretRotationEvent: {
            id: 'r1',
            status: 'failed',
            postRotationRevision: 5,
            rotations: body().Paths.map((environmentPath: string) => ({
              id: 'x',
              environmentPath,
              status: 'failed',
              errorMessage: 'no',
            })),
          },
        })
    }
    if (what === 'versions') return this.#versions(request, about, rest)
    if (what === 'tags') return this.#tags(request, about, rest)
    if (what === 'schedules')
      return this.#listed(request, environment.schedules, { key: 'id', rest, whole: (all) => ({ schedules: all }) })
    if (what === 'hooks') return this.#listed(request, environment.hooks, { key: 'name', rest, whole: (all) => all })
    return this.fault(404, 'Not Found: path')
  }

  #definition(name: string, revision: FakeRevision, decrypted: boolean): FakeAnswer {
    if (revision.retracted !== undefined) return this.fault(404, 'Not Found: the revision was retracted')
    const hashed = (plaintext: string) => createHash('sha256').update(plaintext).digest()
    const body = decrypted ? revision.definition : encryptDefinition(name, revision.definition, hashed)
    return ok(body, {
      'content-type': 'application/x-yaml; charset=utf-8',
      ETag: etagOf(revision),
      'Pulumi-ESC-Revision': String(revision.number),
    })
  }

  #open(
    request: FakeRequest,
    { environment, query }: { environment: FakeRemoteEnvironment; query: URLSearchParams },
    rest: readonly string[],
  ) {
    if (request.method === 'POST') {
      const id = randomUUID()
      environment.sessions.set(id, { properties: { size: { value: 12345678901234567890n, trace: {} } } })
      return ok({ id })
    }
    if (!environment.sessions.has(rest[0] ?? '')) return this.fault(404, 'Not Found: session')
    const value = '{"value":12345678901234567890,"trace":{}}'
    return ok(query.get('property') === null ? `{"properties":{"size":${value}}}` : value, {
      'content-type': 'application/json',
    })
  }

  #versions(
    request: FakeRequest,
    { environment, name, query }: { environment: FakeRemoteEnvironment; name: string; query: URLSearchParams },
    [version, ...rest]: readonly string[],
  ): FakeAnswer {
    const { method } = request
    const size = Number(query.get('count') ?? 500)
    if (size < 1 || size > 500) return this.fault(400, 'count must be between 1 and 500')
    if (version === undefined) {
      const before = Number(query.get('before') ?? 0)
      const revisions = environment.revisions.filter(({ number }) => before === 0 || number < before).reverse()
      return ok(
        revisions.slice(0, this.pageSize).map(({ definition: _, ...each }) => ({
          ...each,
          tags: [...environment.revisionTags].flatMap(([tag, number]) => (number === each.number ? [tag] : [])),
        })),
      )
    }
    if (version === 'tags') return this.#revisionTags(request, environment, { query, name: rest[0] })
    const number =
      version === 'latest' ? environment.newest.number : (environment.revisionTags.get(version) ?? Number(version))
    const revision = environment.revisions.find((each) => each.number === number)
    if (revision === undefined) return this.fault(404, 'Not Found: revision')
    if (method === 'POST' && rest[0] === 'retract') {
      const { replacement = number - 1, reason } = JSON.parse(request.body)
      revision.retracted = { replacement, at: '2025-02-01T00:00:00Z', byLogin: 'ada', reason }
      return empty
    }
    if (method === 'POST' && rest[0] === 'open') return this.#open(request, { environment, query }, [])
    return this.#definition(name, revision, rest[0] === 'decrypt')
  }

  #revisionTags(
    request: FakeRequest,
    environment: FakeRemoteEnvironment,
    { query, name }: { query: URLSearchParams; name: string | undefined },
  ): FakeAnswer {
    const shown = ([tag, revision]: [string, number]) => {
      const at = '2025-01-20T10:00:00Z'
      return { name: tag, revision, created: at, modified: at, editorLogin: 'bob', editorName: 'Bob' }
    }
    const all: [string, number][] = [...environment.revisionTags, ['latest', environment.newest.number]]
    if (request.method === 'POST') {
      const { name: tag, revision } = JSON.parse(request.body)
      if (environment.revisionTags.has(tag)) return this.fault(409, 'already exists')
      environment.revisionTags.set(tag, revision)
      return empty
    }
    if (name === undefined) {
      const after = query.get('after') ?? ''
      const sorted = all.sort(([a], [b]) => (a < b ? -1 : 1)).filter(([tag]) => tag > after)
      return ok({ tags: sorted.slice(0, this.pageSize).map(shown), nextToken: 'ignored' })
    }
    const found = all.find(([tag]) => tag === name)
    if (found === undefined) return this.fault(404, 'Not Found: tag')
    if (request.method === 'GET') return ok(shown(found))
    if (request.method === 'PATCH') environment.revisionTags.set(name, JSON.parse(request.body).revision)
    else environment.revisionTags.delete(name)
    return empty
  }

  #tags(
    request: FakeRequest,
    { environment: { tags }, query }: { environment: FakeRemoteEnvironment; query: URLSearchParams },
    [name]: readonly string[],
  ): FakeAnswer {
    const at = '2025-01-21T10:00:00Z'
    const by = { created: at, modified: at, editorLogin: 'bob', editorName: 'Bob' }
    if (name === undefined && request.method === 'GET') {
      const from = Number(query.get('after') || 0)
      const page = [...tags].slice(from, from + this.pageSize)
      const next = from + page.length
      return ok({ tags: Object.fromEntries(page), nextToken: next >= tags.size ? '0' : String(next) })
    }
    if (name === undefined) {
      const { name: key, value } = JSON.parse(request.body)
      if (tags.has(key)) return this.fault(409, 'already exists')
      tags.set(key, { name: key, value, ...by })
      return ok(tags.get(key)!)
    }
    const tag = tags.get(name)
    if (tag === undefined) return this.fault(404, 'Not Found: tag')
    if (request.method === 'GET') return ok(tag)
    if (request.method === 'DELETE') {
      tags.delete(name)
      return empty
    }
    const { currentTag, newTag } = JSON.parse(request.body)
    if (currentTag.value !== tag.value) return this.fault(409, 'the tag has changed')
    tags.delete(name)
    const changed = { ...tag, name: newTag.name || name, value: newTag.value || tag.value }
    tags.set(changed.name, changed)
    return ok(changed)
  }

  /** Things that are listed whole, by an id of their own. */
  #listed(
    request: FakeRequest,
    all: Record<string, unknown>[],
    { key, rest: [id, what], whole }: { key: string; rest: readonly string[]; whole: (all: object[]) => object },
  ): FakeAnswer {
    const { method } = request
    if (id === undefined && method === 'GET') return ok(whole(all))
    if (id === undefined) {
      const given = JSON.parse(request.body)
      const made: Record<string, unknown> = {
        kind: 'environment_rotation',
        paused: false,
        nextExecution: '2025-03-01 00:00:00.000',
        ...given,
      }
      made[key] = given[key] || randomUUID()
      all.push(made)
      return { status: key === 'name' ? 201 : 200, body: made }
    }
    const found = all.find((each) => each[key] === id)
    if (found === undefined) return this.fault(404, `Not Found: ${key}`)
    if (what === 'history')
      return ok({
        scheduleHistoryEvents: [{ id: 'e', executed: '2025-02-01T00:00:00Z', version: 3, result: 'succeeded' }],
      })
    if (what === 'deliveries') return ok([{ id: 'd', kind: 'ping', timestamp: 1, responseCode: 200 }])
    if (what === 'ping') return ok({ id: 'd' })
    if (method === 'PATCH') Object.assign(found, JSON.parse(request.body))
    if (method === 'DELETE') all.splice(all.indexOf(found), 1)
    return method === 'DELETE' ? empty : ok(found)
  }
}

function etagOf({ number, definition }: FakeRevision): string {
  return `"${number}-${createHash('sha256').update(definition).digest('hex').slice(0, 8)}"`
}
