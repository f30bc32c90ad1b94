import { expect } from 'chai'
import { revokeToken, setEnvironmentTag, tagRevision } from '../../src/operations/index.ts'
import type { GuardLevel } from '../../src/store/index.ts'
import { ServedApp } from './served-app.ts'

const levels: readonly GuardLevel[] = ['read', 'open', 'write', 'admin']

const definition = 'values: {a: 1, password: {fn::rotate::password: {inputs: {length: 20}}}}\n'

/**
 * The level that each endpoint needs. Reading needs `read` and changing `write`, except for these;
 * `undefined`: none, since it is about the caller, or shows only what the caller may see.
 */
const exceptions: Readonly<Record<string, GuardLevel | undefined>> = {
  'get /api/user': undefined,
  'get /api/user/organizations/default': undefined,
  'get /api/capabilities': undefined,
  'get /api/esc/environments': undefined,
  'get /api/esc/environments/{org}': undefined,
  'get /api/esc/environments/{org}/restore': undefined,
  'get /api/v1/operations': undefined,
  // What this program knows, whatever the store holds.
  'get /api/esc/providers': undefined,
  'get /api/esc/providers/{name}/schema': undefined,
  'get /api/esc/rotators': undefined,
  'get /api/esc/rotators/{name}/schema': undefined,
  // What the caller may not do, of the store.
  'get /api/v1/refused': undefined,
  // Each operation says what it needs.
  'post /api/v1/operations/{name}': undefined,
  // A text of the caller, which is checked with what the caller may see.
  'post /api/esc/environments/{org}/yaml/check': undefined,
  'post /api/esc/environments/{org}/yaml/open': undefined,
  // Only for those who have opened it.
  'get /api/esc/environments/{org}/yaml/open/{id}': undefined,
  'get /api/esc/environments/{org}/{project}/{env}/open/{id}': undefined,
  'post /api/esc/environments/{org}/{project}/{env}/check': 'read',
  'post /api/esc/environments/{org}/{project}/{env}/versions/{version}/check': 'read',
  'post /api/esc/environments/{org}/{project}/{env}/open': 'open',
  'post /api/esc/environments/{org}/{project}/{env}/versions/{version}/open': 'open',
  'get /api/esc/environments/{org}/{project}/{env}/decrypt': 'open',
  'get /api/esc/environments/{org}/{project}/{env}/versions/{version}/decrypt': 'open',
  // The URL of a webhook can be a credential.
  'get /api/esc/environments/{org}/{project}/{env}/hooks': 'write',
  'get /api/esc/environments/{org}/{project}/{env}/hooks/{name}': 'write',
  'get /api/esc/environments/{org}/{project}/{env}/hooks/{name}/deliveries': 'write',
  'delete /api/esc/environments/{org}/{project}/{env}': 'admin',
  'put /api/esc/environments/{org}/restore': 'admin',
  'patch /api/esc/environments/{org}/{project}/{env}/settings': 'admin',
}

/** Bodies where the least that the schema asks for would change nothing, or call something. */
const bodies: Readonly<Record<string, unknown>> = {
  'post /api/esc/environments/{org}/yaml/open': 'values: {a: 1}\n',
  'patch /api/esc/environments/{org}/{project}/{env}/tags/{name}': {
    currentTag: { value: 'x' },
    newTag: { value: 'y' },
  },
  // Protection would keep the endpoints after it from removing anything.
  'patch /api/esc/environments/{org}/{project}/{env}/settings': { deletionProtected: false },
}

interface Endpoint {
  readonly key: string
  readonly method: string
  readonly path: string
  readonly body: () => unknown
  readonly level: GuardLevel | undefined
}

/** Parts of paths, and members of bodies, where any text would not do. */
const known: Readonly<Record<string, string>> = {
  org: 'acme',
  project: 'app',
  env: 'dev',
  version: '1',
  id: '0123456789abcdef0123456789abcdef',
  name: 'owner',
  tag: 'stable',
  event: 'none',
  payloadUrl: 'https://hooks.example.com/x',
  format: 'raw',
}

// biome-ignore lint/suspicious/noExplicitAny: a document of OpenAPI
type Document = any

/** A value that a schema allows: what is required, and what has an example. */
function sampleOf(schema: Document, document: Document, name = ''): unknown {
  if (schema.$ref !== undefined) return sampleOf(document.components.schemas[schema.$ref.split('/').at(-1)], document)
  if (schema.example !== undefined) return schema.example
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const [type] = [schema.type ?? schema.anyOf?.[0]?.type].flat()
  if (type === 'object') {
    const members = Object.entries<Document>(schema.properties ?? {}).filter(
      ([member, { example }]) => schema.required?.includes(member) || example !== undefined,
    )
    return Object.fromEntries(members.map(([member, each]) => [member, sampleOf(each, document, member)]))
  }
  if (type === 'array') return []
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return true
  return name === 'name' ? `new-${++names}` : (known[name] ?? 'x')
}

let names = 0

function endpointsOf(document: Document): Endpoint[] {
  return Object.entries<Document>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Document>(methods)
      .filter(([, { security }]) => security === undefined || security.length > 0)
      .map(([method, { requestBody }]) => {
        const key = `${method} ${path}`
        const [[type, { schema }] = ['', { schema: undefined }]] = Object.entries<Document>(requestBody?.content ?? {})
        const usual = method === 'get' ? 'read' : 'write'
        return {
          key,
          method: method.toUpperCase(),
          path: path.replace(/\{(\w+)\}/g, (_, name: string) => known[name] ?? 'x'),
          body: () =>
            bodies[key] ?? (type === 'application/x-yaml' ? definition : schema && sampleOf(schema, document)),
          level: key in exceptions ? exceptions[key] : usual,
        }
      }),
  )
}

describe('every endpoint of the document', function () {
  this.timeout(60_000)
  let app: ServedApp
  let endpoints: Endpoint[]
  before(async () => {
    app = await ServedApp.make()
    endpoints = endpointsOf((await app.call('GET', '/api/openapi.json')).json)
  })
  after(() => app.remove())

  /** An endpoint may have removed them. */
  let isStale = true
  const ready = async () => {
    if (!isStale) return
    isStale = false
    const keeper = app.keeper()
    if (!keeper.workspace.store.has('app/dev')) await app.environment('app/dev', definition)
    await keeper.perform(tagRevision, keeper.reference('app/dev@stable'), '1')
    await keeper.perform(setEnvironmentTag, keeper.reference('app/dev'), { name: 'owner', value: 'x' })
  }
  const ask = async ({ method, path, body, key }: Endpoint, token?: string) => {
    await ready()
    const { status, text, json } = await app.call(method, path, { token, body: body() })
    isStale ||= status < 300 && (method === 'DELETE' || method === 'PATCH')
    if (status >= 400) {
      expect(json, `${key}: ${text}`).to.be.an('object')
      expect(json.code, key).to.equal(status)
      expect(json.message, key).to.be.a('string').and.not.equal('')
      const others = Object.keys(json).filter((name) => !['code', 'message', 'diagnostics', 'error'].includes(name))
      expect(others, key).to.deep.equal([])
      expect(text, key).not.to.include(app.folder)
    }
    return { status, text }
  }

  it('is known here when it needs another level than usual', () => {
    expect(endpoints.length).to.be.greaterThan(45)
    const keys = endpoints.map(({ key }) => key)
    expect(Object.keys(exceptions).filter((key) => !keys.includes(key))).to.deep.equal([])
  })

  it('needs a token that is valid', async () => {
    const revoked = await app.token({ name: 'revoked' })
    await app.keeper().perform(revokeToken, undefined, 'revoked')
    const expired = await app.token({ expiresInSeconds: 1 })
    const soon = new Date(Date.now() + 2_000)
    app.now = () => soon
    const valid = await app.token()
    const wrong = {
      none: undefined,
      empty: '',
      garbage: 'garbage',
      'of the right form': `esc_${'A'.repeat(40)}`,
      'with a letter more': `${valid}A`,
      'with a letter less': valid.slice(0, -1),
      'in capitals': valid.toUpperCase(),
      'the name of a file': '../../../esc.yaml',
      expired,
      revoked,
    }
    for (const endpoint of endpoints)
      for (const [what, token] of Object.entries(wrong))
        expect((await ask(endpoint, token)).status, `${endpoint.key}, ${what}`).to.equal(401)
    for (const endpoint of endpoints)
      expect((await ask(endpoint, valid)).status, `${endpoint.key}, valid`).to.not.equal(401)
  })

  it('is closed to tokens for another organization', async () => {
    const token = await app.token({ organization: 'other' })
    for (const endpoint of endpoints) expect((await ask(endpoint, token)).status, endpoint.key).to.equal(403)
  })

  it('asks for its level, and no more', async () => {
    for (const level of levels) {
      const token = await app.token({ level, name: level })
      for (const endpoint of endpoints) {
        const { status, text } = await ask(endpoint, token)
        const isEnough = endpoint.level === undefined || levels.indexOf(level) >= levels.indexOf(endpoint.level)
        if (isEnough) expect(status, `${endpoint.key} with ${level}: ${text}`).to.not.be.oneOf([401, 403])
        else expect(status, `${endpoint.key} with ${level}: ${text}`).to.equal(403)
      }
    }
    expect(app.failures).to.deep.equal([])
  })

  it('is closed to tokens for other environments', async () => {
    const token = await app.token({ environments: ['other/*'] })
    for (const endpoint of endpoints) {
      const { status, text } = await ask(endpoint, token)
      const place = `${endpoint.key}: ${text}`
      if (endpoint.level !== undefined) expect(status, place).to.equal(403)
      else expect(text, place).not.to.include('"dev"')
    }
  })

  it('is closed to those whom the access rules give less', async () => {
    await app.configure(`access:
  rules:
    - {environments: '*', principals: read@example.com, level: read}
    - {environments: '*', principals: open@example.com, level: open}
    - {environments: '*', principals: write@example.com, level: write}
    - {environments: '*', principals: admin@example.com, level: admin}
`)
    for (const level of levels) {
      const token = await app.token({ user: `${level}@example.com`, name: `rule ${level}` })
      for (const endpoint of endpoints) {
        const { status, text } = await ask(endpoint, token)
        const isEnough = endpoint.level === undefined || levels.indexOf(level) >= levels.indexOf(endpoint.level)
        if (isEnough) expect(status, `${endpoint.key} with ${level}: ${text}`).to.not.be.oneOf([401, 403])
        else expect(status, `${endpoint.key} with ${level}: ${text}`).to.equal(403)
      }
    }
    const nobody = await app.token({ user: 'nobody@example.com' })
    for (const endpoint of endpoints.filter(({ level }) => level !== undefined))
      expect((await ask(endpoint, nobody)).status, endpoint.key).to.equal(403)
  })

  it('gives out no token that nobody has asked for', async () => {
    const token = await app.token()
    for (const name of ['grant-token', 'verify-identity', 'create-token', 'list-tokens']) {
      const body = { subject: null, input: { user: 'root', by: 'exchange', identity: { kind: 'shown', user: 'root' } } }
      const { status } = await app.call('POST', `/api/v1/operations/${name}`, { token, body })
      expect(status, name).to.equal(400)
    }
  })
})
