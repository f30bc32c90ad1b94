import { createRoute, z } from '@hono/zod-openapi'
import {
  cloneEnvironment,
  createEnvironment,
  type DescriptionPage,
  describeEnvironments,
  removeEnvironment,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, jsonBody } from '../api.ts'
import {
  E,
  environmentParams,
  environmentPart,
  L,
  organizationParams,
  projectName,
  referenceOf,
  sessionOf,
} from '../params.ts'
import { Problem } from '../problem.ts'
import { doneStatus } from '../quirks.ts'
import { listedSchema } from '../schemas.ts'

const pageQuery = z.object({
  continuationToken: z.string().optional(),
  maxResults: z.coerce.number().int().min(1).max(500).optional(),
})

const page = z.object({ environments: z.array(listedSchema), nextToken: z.string().optional() })

const listAll = createRoute({
  operationId: 'listAllEnvironments',
  method: 'get',
  path: '/api/esc/environments',
  summary: 'The environments that the caller may see',
  tags: ['Environments'],
  request: { query: pageQuery.extend({ organization: z.string().optional() }) },
  responses: answers({ 200: { description: 'A page; `nextToken` is absent on the last', schema: page } }),
})

const list = createRoute({
  operationId: 'listEnvironments',
  method: 'get',
  path: L,
  summary: 'The environments of an organization that the caller may see',
  tags: ['Environments'],
  request: { params: organizationParams, query: pageQuery },
  responses: answers({ 200: { description: 'A page; `nextToken` is absent on the last', schema: page } }),
})

const create = createRoute({
  operationId: 'createEnvironment',
  method: 'post',
  path: L,
  summary: 'Create an environment without values',
  tags: ['Environments'],
  request: { params: organizationParams, ...jsonBody(z.object({ project: projectName, name: environmentPart })) },
  responses: answers({ 204: { description: 'Created' }, 200: { description: 'Created, for old clients' } }),
})

const remove = createRoute({
  operationId: 'removeEnvironment',
  method: 'delete',
  path: E,
  summary: 'Remove an environment',
  tags: ['Environments'],
  request: { params: environmentParams },
  responses: answers({ 204: { description: 'Removed' }, 200: { description: 'Removed, for old clients' } }),
})

const clone = createRoute({
  operationId: 'cloneEnvironment',
  method: 'post',
  path: `${E}/clone`,
  summary: 'Make an environment from another one',
  tags: ['Environments'],
  request: {
    params: environmentParams,
    ...jsonBody(
      z.object({
        project: projectName.optional(),
        name: environmentPart,
        version: z.number().int().positive().optional(),
        preserveHistory: z.boolean().optional(),
        preserveAccess: z.boolean().optional(),
        preserveEnvironmentTags: z.boolean().optional(),
        preserveRevisionTags: z.boolean().optional(),
      }),
    ),
  },
  responses: answers({ 204: { description: 'Cloned' } }),
})

/** The environments of a page when the client does not say. */
const usualPage = 200

/** Environments as wholes: which there are, and how they come and go. */
export function environmentRoutes(api: Api): void {
  const answerPage = async (c: ApiContext, { continuationToken, maxResults }: z.output<typeof pageQuery>) => {
    const session = sessionOf(c)
    const after = continuationToken ? readPageToken(continuationToken) : undefined
    const { result } = await session.perform(describeEnvironments, undefined, { after, count: maxResults ?? usualPage })
    return answerJson(c, pageBody(result, session.organization))
  }
  api.openapi(listAll, async (c) => {
    const { organization, ...query } = c.req.valid('query')
    if (organization !== undefined && organization !== sessionOf(c).organization)
      throw new Problem(404, `Not Found: organization '${organization}'`)
    return answerPage(c, query)
  })
  api.openapi(list, async (c) => answerPage(c, c.req.valid('query')))
  api.openapi(create, async (c) => {
    const session = sessionOf(c)
    const { project, name } = c.req.valid('json')
    await session.perform(createEnvironment, session.reference(`${project}/${name}`), { definition: '' })
    return c.body(null, doneStatus(c))
  })
  api.openapi(remove, async (c) => {
    const { session, subject } = referenceOf(c)
    await session.perform(removeEnvironment, subject, { confirm: async () => {} })
    return c.body(null, doneStatus(c))
  })
  api.openapi(clone, async (c) => {
    const { project: own } = c.req.valid('param')
    const { project = own, name, version, ...preserve } = c.req.valid('json')
    const { session, subject } = referenceOf(c)
    const preserveHistory = preserve.preserveHistory ?? false
    if (version !== undefined) {
      await session.perform(createEnvironment, session.reference(`${project}/${name}`), {
        definition: '',
        copyFrom: referenceOf(c, String(version)).subject,
      })
      return c.body(null, 204)
    }
    await session.perform(cloneEnvironment, subject, {
      destination: session.reference(`${project}/${name}`),
      preserveHistory,
      preserveEnvironmentTags: preserve.preserveEnvironmentTags ?? false,
      preserveRevisionTags: preserve.preserveRevisionTags ?? false,
    })
    return c.body(null, 204)
  })
}

function pageBody({ environments, next }: DescriptionPage, organization: string) {
  return {
    environments: environments.map(({ name, created, modified }) => {
      const [project = '', own = ''] = name.split('/')
      return { organization, project, name: own, created: created.toISOString(), modified: modified.toISOString() }
    }),
    ...(next && { nextToken: Buffer.from(next).toString('base64url') }),
  }
}

function readPageToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (Buffer.from(name).toString('base64url') === token && /^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/.test(name)) return name
  throw new Problem(400, 'continuationToken is none of ours: begin again without one')
}
