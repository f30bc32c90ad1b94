import { createRoute, z } from '@hono/zod-openapi'
import {
  changeSettings,
  environmentId,
  environmentSettings,
  listReferrers,
  type Referrer,
} from '../../operations/index.ts'
import { type Api, answerJson, answers, jsonBody } from '../api.ts'
import { countQuery, E, environmentParams, referenceOf } from '../params.ts'
import { Problem } from '../problem.ts'
import { referrerSchema } from '../schemas.ts'

const settings = answers({
  200: { description: 'The settings', schema: z.object({ deletionProtected: z.boolean() }) },
})

const get = createRoute({
  operationId: 'getSettings',
  method: 'get',
  path: `${E}/settings`,
  summary: 'The settings of an environment',
  tags: ['Settings'],
  request: { params: environmentParams },
  responses: settings,
})

const metadata = createRoute({
  operationId: 'getMetadata',
  method: 'get',
  path: `${E}/metadata`,
  summary: 'The id of an environment',
  tags: ['Settings'],
  request: { params: environmentParams },
  responses: answers({ 200: { description: 'The id', schema: z.strictObject({ id: z.string() }) } }),
})

const update = createRoute({
  operationId: 'updateSettings',
  method: 'patch',
  path: `${E}/settings`,
  summary: 'Change the settings of an environment',
  tags: ['Settings'],
  request: { params: environmentParams, ...jsonBody(z.object({ deletionProtected: z.boolean().optional() })) },
  responses: settings,
})

const referrers = createRoute({
  operationId: 'listReferrers',
  method: 'get',
  path: `${E}/referrers`,
  summary: 'The environments that import this one, or refer to it',
  tags: ['Settings'],
  request: {
    params: environmentParams,
    query: z.object({
      count: countQuery(500),
      allRevisions: z.enum(['true', 'false', '']).optional(),
      latestStackVersionOnly: z.string().optional(),
      continuationToken: z.string().optional(),
    }),
  },
  responses: answers({
    200: {
      description: 'By the version that they name',
      schema: z.object({
        referrers: z.record(z.string(), z.array(referrerSchema)),
        continuationToken: z.string().optional(),
      }),
    },
  }),
})

/** Settings of environments, and who uses them. */
export function settingRoutes(api: Api): void {
  api.openapi(get, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(environmentSettings, subject)
    return answerJson(c, { deletionProtected: result['deletion-protected'] })
  })
  api.openapi(metadata, async (c) => {
    const { session, subject } = referenceOf(c)
    const { result: id } = await session.perform(environmentId, subject)
    return answerJson(c, { id })
  })
  api.openapi(update, async (c) => {
    const { session, subject } = referenceOf(c)
    const { deletionProtected } = c.req.valid('json')
    const { result } =
      deletionProtected === undefined
        ? await session.perform(environmentSettings, subject)
        : await session.perform(changeSettings, subject, { 'deletion-protected': deletionProtected })
    return answerJson(c, { deletionProtected: result['deletion-protected'] })
  })
  api.openapi(referrers, async (c) => {
    const { count = 500, allRevisions, continuationToken = '' } = c.req.valid('query')
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(listReferrers, subject, { allRevisions: allRevisions === 'true' })
    const start = continuationToken === '' ? 0 : Number(continuationToken)
    if (!Number.isSafeInteger(start) || start < 0)
      throw new Problem(400, 'continuationToken is none of ours: begin again without one')
    const end = start + (count === 0 ? 500 : count)
    return answerJson(c, {
      referrers: byVersion(result.slice(start, end)),
      ...(end < result.length && { continuationToken: String(end) }),
    })
  })
}

function byVersion(found: readonly Referrer[]) {
  const versions: Record<string, { environment: Pick<Referrer, 'project' | 'name' | 'revision'> }[]> =
    Object.create(null)
  for (const { version, project, name, revision } of found) {
    versions[version] ??= []
    versions[version].push({ environment: { project, name, revision } })
  }
  return versions
}
