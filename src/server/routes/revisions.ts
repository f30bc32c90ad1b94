import { createRoute, z } from '@hono/zod-openapi'
import {
  history,
  type RevisionSummary,
  removeRevisionTag,
  resolveVersion,
  retractRevision,
  revisionTags,
  type TagSummary,
  tagRevision,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, jsonBody } from '../api.ts'
import { countQuery, E, environmentParams, referenceOf, versionParams } from '../params.ts'
import { Problem } from '../problem.ts'
import { leavesOutUnknown } from '../quirks.ts'
import { revisionSchema, revisionTagSchema } from '../schemas.ts'

const revisionNumber = z.number().int().positive()
const tagParams = environmentParams.extend({ tag: z.string().min(1).max(100) })

const list = createRoute({
  operationId: 'listRevisions',
  method: 'get',
  path: `${E}/versions`,
  summary: 'The revisions, newest first',
  tags: ['Revisions'],
  request: {
    params: environmentParams,
    query: z.object({ before: countQuery(Number.MAX_SAFE_INTEGER), count: countQuery(10_000) }),
  },
  responses: answers({ 200: { description: 'Those with numbers below `before`', schema: z.array(revisionSchema) } }),
})

const retract = createRoute({
  operationId: 'retractRevision',
  method: 'post',
  path: `${E}/versions/{version}/retract`,
  summary: 'Take a revision out of use',
  tags: ['Revisions'],
  request: {
    params: versionParams,
    ...jsonBody(z.object({ replacement: revisionNumber.optional(), reason: z.string().max(10_000).optional() })),
  },
  responses: answers({ 204: { description: 'Retracted' } }),
})

const listTags = createRoute({
  operationId: 'listRevisionTags',
  method: 'get',
  path: `${E}/versions/tags`,
  summary: 'The revision tags, by name, `latest` among them',
  tags: ['Revisions'],
  request: { params: environmentParams, query: z.object({ after: z.string().optional(), count: countQuery(10_000) }) },
  responses: answers({
    200: {
      description: 'Those after `after`',
      schema: z.object({ tags: z.array(revisionTagSchema), nextToken: z.string().optional() }),
    },
  }),
})

const tagsOfVersion = createRoute({
  operationId: 'listTagsOfRevision',
  method: 'get',
  path: `${E}/versions/{version}/tags`,
  summary: 'The revision tags that name a revision',
  tags: ['Revisions'],
  request: { params: versionParams },
  responses: answers({
    200: { description: 'The tags', schema: z.strictObject({ tags: z.array(revisionTagSchema) }) },
  }),
})

const createTag = createRoute({
  operationId: 'createRevisionTag',
  method: 'post',
  path: `${E}/versions/tags`,
  summary: 'Tag a revision',
  tags: ['Revisions'],
  request: {
    params: environmentParams,
    ...jsonBody(z.object({ name: z.string().min(1).max(100), revision: revisionNumber.optional() })),
  },
  responses: answers({ 204: { description: 'Tagged' } }),
})

const getTag = createRoute({
  operationId: 'getRevisionTag',
  method: 'get',
  path: `${E}/versions/tags/{tag}`,
  summary: 'One revision tag',
  tags: ['Revisions'],
  request: { params: tagParams },
  responses: answers({ 200: { description: 'The tag', schema: revisionTagSchema } }),
})

const moveTag = createRoute({
  operationId: 'moveRevisionTag',
  method: 'patch',
  path: `${E}/versions/tags/{tag}`,
  summary: 'Move a revision tag',
  tags: ['Revisions'],
  request: { params: tagParams, ...jsonBody(z.object({ revision: revisionNumber.optional() })) },
  responses: answers({ 204: { description: 'Moved' } }),
})

const removeTag = createRoute({
  operationId: 'removeRevisionTag',
  method: 'delete',
  path: `${E}/versions/tags/{tag}`,
  summary: 'Remove a revision tag',
  tags: ['Revisions'],
  request: { params: tagParams },
  responses: answers({ 204: { description: 'Removed' } }),
})

/** Revisions and their tags. */
export function revisionRoutes(api: Api): void {
  // Before those of a version, which `tags` would be taken for.
  api.openapi(listTags, async (c) => {
    const { after = '', count } = c.req.valid('query')
    const tags = (await tagsOf(c)).filter(({ name }) => name > after)
    const page = count ? tags.slice(0, count) : tags
    const last = page.at(-1)
    return answerJson(c, {
      tags: page.map(tagBody),
      ...(page.length < tags.length && last && { nextToken: last.name }),
    })
  })
  api.openapi(tagsOfVersion, async (c) => {
    const { session, subject } = referenceOf(c, c.req.valid('param').version)
    const { result: number } = await session.perform(resolveVersion, subject)
    const tags = (await tagsOf(c)).filter(({ revision }) => revision === number)
    return answerJson(c, { tags: tags.map(tagBody) })
  })
  api.openapi(createTag, async (c) => {
    const { name, revision } = c.req.valid('json')
    if ((await tagsOf(c)).some((tag) => tag.name === name))
      throw new Problem(409, `Conflict: there is a tag '${name}' already`)
    await setTag(c, name, revision)
    return c.body(null, 204)
  })
  api.openapi(getTag, async (c) => answerJson(c, tagBody(await tagNamed(c, c.req.valid('param').tag))))
  api.openapi(moveTag, async (c) => {
    const { name } = await tagNamed(c, c.req.valid('param').tag)
    await setTag(c, name, c.req.valid('json').revision)
    return c.body(null, 204)
  })
  api.openapi(removeTag, async (c) => {
    const { tag } = c.req.valid('param')
    if (tag === 'latest') throw new Problem(400, 'Bad Request: latest cannot be removed')
    await tagNamed(c, tag)
    const { session, subject } = referenceOf(c, tag)
    await session.perform(removeRevisionTag, subject)
    return c.body(null, 204)
  })
  api.openapi(list, async (c) => {
    const { before = 0, count } = c.req.valid('query')
    const { session, subject } = referenceOf(c)
    const { result } = await session.perform(history, subject)
    const found = before === 0 ? result : result.filter(({ number }) => number < before)
    return answerJson(
      c,
      (count ? found.slice(0, count) : found).map((revision) => revisionBody(revision, result[0]?.number, c)),
    )
  })
  api.openapi(retract, async (c) => {
    const { version } = c.req.valid('param')
    const { replacement, reason } = c.req.valid('json')
    if (version === 'latest') throw new Problem(400, 'Bad Request: latest cannot be retracted: name a revision')
    const { session, subject } = referenceOf(c, version)
    await session.perform(retractRevision, subject, {
      replacement: replacement === undefined ? undefined : referenceOf(c, String(replacement)).subject,
      reason,
    })
    return c.body(null, 204)
  })
}

async function tagsOf(c: ApiContext): Promise<readonly TagSummary[]> {
  const { session, subject } = referenceOf(c)
  return (await session.perform(revisionTags, subject)).result
}

async function tagNamed(c: ApiContext, name: string): Promise<TagSummary> {
  const found = (await tagsOf(c)).find((tag) => tag.name === name)
  if (found === undefined) throw new Problem(404, `Not Found: there is no tag '${name}'`)
  return found
}

async function setTag(c: ApiContext, name: string, revision: number | undefined): Promise<void> {
  if (/^[0-9]/.test(name)) throw new Problem(400, `Bad Request: the tag '${name}' begins with a digit, as revisions do`)
  if (name === 'latest' || name === 'tags') throw new Problem(400, `Bad Request: '${name}' cannot be the name of a tag`)
  const { session, subject } = referenceOf(c, name)
  await session.perform(tagRevision, subject, revision === undefined ? undefined : String(revision))
}

function tagBody({ name, revision, modified, editor }: TagSummary) {
  const at = (modified ?? new Date(0)).toISOString()
  return { name, revision, created: at, modified: at, ...editorBody(editor) }
}

/** The person who changed something, as the API names them. */
export function editorBody(editor: TagSummary['editor']) {
  return { editorLogin: editor?.email || editor?.name || '', editorName: editor?.name ?? '' }
}

function revisionBody(
  { number, created, author, tags, retraction }: RevisionSummary,
  newest: number | undefined,
  c: ApiContext,
) {
  const retracted = retraction && {
    replacement: retraction.replacement,
    at: (retraction.at ?? created).toISOString(),
    ...(retraction.by && { byLogin: retraction.by.email || retraction.by.name, byName: retraction.by.name }),
    ...(retraction.reason !== undefined && { reason: retraction.reason }),
  }
  return {
    number,
    created: created.toISOString(),
    creatorLogin: author.email || author.name,
    creatorName: author.name,
    tags: number === newest ? ['latest', ...tags] : tags,
    ...(retracted && !leavesOutUnknown(c) && { retracted }),
  }
}
