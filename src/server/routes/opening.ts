import { createRoute, z } from '@hono/zod-openapi'
import { formatJson, isJsonObject, type Json } from '../../json.ts'
import { environmentToWire, openEnvironment, openText, parseValuePath } from '../../operations/index.ts'
import { parseJson } from '../../read-json.ts'
import { type Api, type ApiContext, answerJson, answers, yamlBody } from '../api.ts'
import { definitionIn } from '../bodies.ts'
import {
  durationSeconds,
  E,
  environmentParams,
  L,
  organizationParams,
  referenceOf,
  requireOrganization,
  sessionOf,
  versionParams,
} from '../params.ts'
import { Problem } from '../problem.ts'
import { environmentSchema, valueSchema } from '../schemas.ts'
import { invalid } from './definitions.ts'

const durationQuery = z.object({ duration: z.string().optional().openapi({ example: '2h0m0s' }) })
const propertyQuery = z.object({ property: z.string().optional().openapi({ example: 'database.hosts[0]' }) })
const opened = answers({ 200: { description: 'The id of the session', schema: z.object({ id: z.string() }) } })
const read = answers({
  200: {
    description: 'The environment; with `property` one value of it',
    schema: z.union([environmentSchema, valueSchema]),
  },
})

const open = createRoute({
  operationId: 'openEnvironment',
  method: 'post',
  path: `${E}/open`,
  summary: 'Open an environment: decrypt its secrets and call its providers',
  description: 'The result is kept under the id until `duration` ends (default: an hour, at most a day).',
  tags: ['Opening'],
  request: { params: environmentParams, query: durationQuery },
  responses: opened,
})

const openAtVersion = createRoute({
  operationId: 'openEnvironmentAtVersion',
  method: 'post',
  path: `${E}/versions/{version}/open`,
  summary: 'Open a revision, by number or tag',
  tags: ['Opening'],
  request: { params: versionParams, query: durationQuery },
  responses: opened,
})

const readSession = createRoute({
  operationId: 'readOpenEnvironment',
  method: 'get',
  path: `${E}/open/{id}`,
  summary: 'What was opened, or one value of it',
  tags: ['Opening'],
  request: { params: environmentParams.extend({ id: z.string() }), query: propertyQuery },
  responses: read,
})

const openYaml = createRoute({
  operationId: 'openYaml',
  method: 'post',
  path: `${L}/yaml/open`,
  summary: 'Open a definition that belongs to no environment',
  tags: ['Opening'],
  request: { params: organizationParams, query: durationQuery, ...yamlBody },
  responses: opened,
})

const readYamlSession = createRoute({
  operationId: 'readOpenYaml',
  method: 'get',
  path: `${L}/yaml/open/{id}`,
  summary: 'What was opened of a definition that belongs to no environment',
  tags: ['Opening'],
  request: { params: organizationParams.extend({ id: z.string() }), query: propertyQuery },
  responses: read,
})

/** The name by which sessions of a text that belongs to no environment are kept. */
const anonymous = '<yaml>'
const usualSeconds = 3600
const mostSeconds = 24 * 3600

/** Opening, and reading what was opened. */
export function openingRoutes(api: Api): void {
  api.openapi(open, (c) => openSession(c, undefined, c.req.valid('query').duration))
  api.openapi(openAtVersion, (c) => openSession(c, c.req.valid('param').version, c.req.valid('query').duration))
  // Read more often than all else. What is no name of an environment is none that was opened, so
  // the schemas of its parameters are for the document alone.
  api.openAPIRegistry.registerPath(readSession)
  api.get(`${E.replaceAll(/\{(\w+)\}/g, ':$1')}/open/:id`, (c) =>
    readOpened(c, c.req.param('id') ?? '', nameOf(c), c.req.query('property')),
  )
  // Clients write two slashes when they ask for one value.
  api.get(`${E.replaceAll(/\{(\w+)\}/g, ':$1')}/open//:id`, (c) =>
    readOpened(c, c.req.param('id') ?? '', nameOf(c), c.req.query('property')),
  )
  api.openapi(openYaml, async (c) => {
    const expires = expiryOf(c, c.req.valid('query').duration)
    const session = sessionOf(c)
    const { result } = await session.perform(openText, undefined, await definitionIn(c), {
      signal: c.get('parts').ending,
    })
    return keep(c, anonymous, expires, result)
  })
  api.openapi(readYamlSession, (c) => readOpened(c, c.req.valid('param').id, anonymous, c.req.valid('query').property))
}

async function openSession(c: ApiContext, version: string | undefined, duration: string | undefined) {
  const expires = expiryOf(c, duration)
  const { session, subject } = referenceOf(c, version)
  const { result } = await session.perform(openEnvironment, subject, undefined, { signal: c.get('parts').ending })
  return keep(c, subject.name, expires, result)
}

type Opened = Pick<Awaited<ReturnType<(typeof openEnvironment)['run']>>, 'properties' | 'diagnostics'>

async function keep(c: ApiContext, environment: string, expires: Date, { properties, diagnostics }: Opened) {
  if (diagnostics.some(({ severity }) => severity === 'error')) throw invalid(diagnostics)
  const body = properties === undefined ? '{}' : bodyOf(properties)
  const principal = c.get('caller').token.user
  return answerJson(c, { id: await c.get('parts').openSessions.keep({ environment, principal, body, expires }) })
}

type Properties = NonNullable<Opened['properties']>

/** Texts of results, as long as those are in memory: one that is recalled is the same again. */
const bodies = new WeakMap<Properties, string>()

function bodyOf(properties: Properties): string {
  let body = bodies.get(properties)
  if (body === undefined) {
    body = formatJson(environmentToWire({ properties }))
    bodies.set(properties, body)
  }
  return body
}

function expiryOf(c: ApiContext, duration: string | undefined): Date {
  const seconds = duration === undefined || duration === '' ? usualSeconds : durationSeconds(duration)
  if (seconds <= 0 || seconds > mostSeconds)
    throw new Problem(400, `invalid duration ${JSON.stringify(duration)}: it must be more than 0 and at most 24h`)
  return new Date(c.get('parts').now().getTime() + seconds * 1000)
}

/** The environment of the path. */
function nameOf(c: ApiContext): string {
  const { project, env } = c.req.param() as { project: string; env: string }
  return `${project}/${env}`
}

async function readOpened(c: ApiContext, id: string, environment: string, property: string | undefined) {
  requireOrganization(c)
  const session = await c.get('parts').openSessions.read(id)
  if (session === undefined || session.environment !== environment || session.principal !== c.get('caller').token.user)
    throw new Problem(404, 'Not Found: there is no such open session, or its time is over')
  if (property === undefined || property === '')
    return c.body(session.body, 200, { 'content-type': 'application/json' })
  return answerJson(c, valueIn(parseJson(session.body), property))
}

/** @throws Problem 404 where there is no such value. */
function valueIn(environment: Json, property: string): Json {
  const properties = isJsonObject(environment) ? (environment.properties ?? {}) : {}
  let value: Json | undefined = { value: properties }
  for (const key of parseValuePath(property)) {
    const content: Json | undefined = isJsonObject(value) ? value.value : undefined
    if (typeof key === 'number') value = Array.isArray(content) ? content[key] : undefined
    else value = isJsonObject(content) && Object.hasOwn(content, key) ? content[key] : undefined
    if (value === undefined) throw new Problem(404, `Not Found: there is no value ${property}`)
  }
  return value
}
