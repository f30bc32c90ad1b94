import { createRoute, z } from '@hono/zod-openapi'
import {
  environmentTag,
  environmentTags,
  removeEnvironmentTag,
  renameEnvironmentTag,
  setEnvironmentTag,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, jsonBody } from '../api.ts'
import { countQuery, E, environmentParams, referenceOf } from '../params.ts'
import { Problem } from '../problem.ts'
import { environmentTagSchema } from '../schemas.ts'
import { editorBody } from './revisions.ts'

const tagParams = environmentParams.extend({ name: z.string().min(1).max(1000) })
const tagName = z.string().min(1).max(1000)
const tagValue = z.string().max(10_000)

const list = createRoute({
  operationId: 'listEnvironmentTags',
  method: 'get',
  path: `${E}/tags`,
  summary: 'The tags of an environment, as a map by name',
  description: '`nextToken` is the cursor of the next page; `"0"` ends the list.',
  tags: ['Environment tags'],
  request: { params: environmentParams, query: z.object({ after: z.string().optional(), count: countQuery(10_000) }) },
  responses: answers({
    200: {
      description: 'A page',
      schema: z.object({ tags: z.record(z.string(), environmentTagSchema), nextToken: z.string() }),
    },
  }),
})

const create = createRoute({
  operationId: 'createEnvironmentTag',
  method: 'post',
  path: `${E}/tags`,
  summary: 'Tag an environment',
  tags: ['Environment tags'],
  request: { params: environmentParams, ...jsonBody(z.object({ name: tagName, value: tagValue })) },
  responses: answers({ 200: { description: 'The tag', schema: environmentTagSchema } }),
})

const get = createRoute({
  operationId: 'getEnvironmentTag',
  method: 'get',
  path: `${E}/tags/{name}`,
  summary: 'One tag of an environment',
  tags: ['Environment tags'],
  request: { params: tagParams },
  responses: answers({ 200: { description: 'The tag', schema: environmentTagSchema } }),
})

const update = createRoute({
  operationId: 'updateEnvironmentTag',
  method: 'patch',
  path: `${E}/tags/{name}`,
  summary: 'Rename a tag, or change its value',
  description: 'Where `currentTag.value` is not the value that the tag has, nothing is changed: 409.',
  tags: ['Environment tags'],
  request: {
    params: tagParams,
    ...jsonBody(
      z.object({
        currentTag: z.object({ name: z.string().optional(), value: tagValue.optional() }).optional(),
        newTag: z.object({ name: z.string().max(1000).optional(), value: tagValue.optional() }),
      }),
    ),
  },
  responses: answers({ 200: { description: 'The tag', schema: environmentTagSchema } }),
})

const remove = createRoute({
  operationId: 'removeEnvironmentTag',
  method: 'delete',
  path: `${E}/tags/{name}`,
  summary: 'Remove a tag of an environment',
  tags: ['Environment tags'],
  request: { params: tagParams },
  responses: answers({ 204: { description: 'Removed' } }),
})

type Tag = Awaited<ReturnType<(typeof environmentTag)['run']>>

/** Tags of environments, each a name and a value. */
export function tagRoutes(api: Api): void {
  api.openapi(list, async (c) => {
    const { after = '', count = 0 } = c.req.valid('query')
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(environmentTags, subject)
    const start = after === '' ? 0 : Number(after)
    if (!Number.isSafeInteger(start) || start < 0)
      throw new Problem(400, '`after` is not one of our cursors: leave it out')
    const end = count === 0 ? result.length : start + count
    const tags: Record<string, ReturnType<typeof tagBody>> = Object.create(null)
    for (const tag of result.slice(start, end)) tags[tag.name] = tagBody(tag)
    return answerJson(c, { tags, nextToken: end < result.length ? String(end) : '0' })
  })
  api.openapi(create, async (c) => {
    const { name, value } = c.req.valid('json')
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(environmentTags, subject)
    if (result.some((tag) => tag.name === name)) throw new Problem(409, `Conflict: there is a tag '${name}' already`)
    return answerJson(c, tagBody((await session.perform(setEnvironmentTag, subject, { name, value })).result))
  })
  api.openapi(get, async (c) => answerJson(c, tagBody(await tagNamed(c, c.req.valid('param').name))))
  api.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const { currentTag, newTag } = c.req.valid('json')
    const before = await tagNamed(c, name)
    if (currentTag?.value !== undefined && currentTag.value !== before.value)
      throw new Problem(409, `Conflict: the tag '${name}' has another value`)
    const { session, subject } = referenceOf(c)
    let after = before
    if (newTag.name && newTag.name !== name)
      after = (await session.perform(renameEnvironmentTag, subject, { name, newName: newTag.name })).result
    if (newTag.value && newTag.value !== before.value)
      after = (await session.perform(setEnvironmentTag, subject, { name: after.name, value: newTag.value })).result
    return answerJson(c, tagBody(after))
  })
  api.openapi(remove, async (c) => {
    const { session, subject } = referenceOf(c)
    await session.perform(removeEnvironmentTag, subject, c.req.valid('param').name)
    return c.body(null, 204)
  })
}

async function tagNamed(c: ApiContext, name: string): Promise<Tag> {
  const { session, subject } = referenceOf(c)
  return (await session.perform(environmentTag, subject, name)).result
}

/** No `id`: readers that are strict know none. */
function tagBody({ name, value, modified, editor }: Tag) {
  const at = (modified ?? new Date(0)).toISOString()
  return { name, value, created: at, modified: at, ...editorBody(editor) }
}
