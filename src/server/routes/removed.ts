import { createRoute, z } from '@hono/zod-openapi'
import { removedEnvironments, restoreEnvironment } from '../../operations/index.ts'
import { type Api, answerJson, answers, jsonBody } from '../api.ts'
import { environmentPart, L, organizationParams, projectName, sessionOf } from '../params.ts'
import { removedSchema } from '../schemas.ts'

const list = createRoute({
  operationId: 'listRemovedEnvironments',
  method: 'get',
  path: `${L}/restore`,
  summary: 'The environments that were removed and can be restored, the last removed first',
  tags: ['Environments'],
  request: { params: organizationParams },
  responses: answers({
    200: { description: 'The environments', schema: z.strictObject({ environments: z.array(removedSchema) }) },
  }),
})

const restore = createRoute({
  operationId: 'restoreEnvironment',
  method: 'put',
  path: `${L}/restore`,
  summary: 'Bring a removed environment back, with its revisions and its key',
  description: 'Without `id`, the last removed one of the name.',
  tags: ['Environments'],
  request: {
    params: organizationParams,
    ...jsonBody(z.object({ project: projectName, name: environmentPart, id: z.string().max(200).optional() })),
  },
  responses: answers({ 204: { description: 'Restored' } }),
})

/** Environments that were removed. */
export function removedRoutes(api: Api): void {
  api.openapi(list, async (c) => {
    const session = sessionOf(c)
    const { result } = await session.perform(removedEnvironments, undefined)
    const environments = result.map(({ name, id, at, by }) => {
      const [project = '', own = ''] = name.split('/')
      const deletedAt = at?.toISOString() ?? ''
      return { organization: session.organization, project, name: own, id, deletedAt, deletedBy: by ?? '' }
    })
    return answerJson(c, { environments })
  })
  api.openapi(restore, async (c) => {
    const session = sessionOf(c)
    const { project, name, id } = c.req.valid('json')
    await session.perform(restoreEnvironment, session.reference(`${project}/${name}`), { id })
    return c.body(null, 204)
  })
}
