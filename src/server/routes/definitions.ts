import { createRoute, z } from '@hono/zod-openapi'
import {
  checkRevision,
  checkText,
  diagnosticToWire,
  environmentToWire,
  getDefinition,
  replaceDefinition,
  resolveVersion,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers, yamlBody } from '../api.ts'
import { definitionIn } from '../bodies.ts'
import { E, environmentParams, L, organizationParams, referenceOf, sessionOf, versionParams } from '../params.ts'
import { Problem } from '../problem.ts'
import { definitionFor, handsBackValues } from '../quirks.ts'
import { checkedSchema, savedDefinitionSchema } from '../schemas.ts'

const definition = {
  200: {
    description: 'The definition, with `ETag` and `Pulumi-ESC-Revision`',
    schema: savedDefinitionSchema,
    type: 'application/x-yaml',
  },
}

const get = createRoute({
  operationId: 'getDefinition',
  method: 'get',
  path: E,
  summary: 'The definition, its secrets encrypted',
  tags: ['Definitions'],
  request: { params: environmentParams },
  responses: answers(definition),
})

const getAtVersion = createRoute({
  operationId: 'getDefinitionAtVersion',
  method: 'get',
  path: `${E}/versions/{version}`,
  summary: 'The definition of a revision, by number or tag',
  tags: ['Definitions'],
  request: { params: versionParams },
  responses: answers(definition),
})

const decrypt = createRoute({
  operationId: 'decryptDefinition',
  method: 'get',
  path: `${E}/decrypt`,
  summary: 'The definition, its secrets in the clear',
  tags: ['Definitions'],
  request: { params: environmentParams },
  responses: answers(definition),
})

const decryptAtVersion = createRoute({
  operationId: 'decryptDefinitionAtVersion',
  method: 'get',
  path: `${E}/versions/{version}/decrypt`,
  summary: 'The definition of a revision, its secrets in the clear',
  tags: ['Definitions'],
  request: { params: versionParams },
  responses: answers(definition),
})

const update = createRoute({
  operationId: 'updateDefinition',
  method: 'patch',
  path: E,
  summary: 'Replace the definition',
  description: 'With the request header `ETag`, only where the definition is still the one that was read.',
  tags: ['Definitions'],
  request: { params: environmentParams, ...yamlBody },
  responses: answers({
    200: { description: 'Saved; `Pulumi-ESC-Revision` is the new revision', schema: z.strictObject({}) },
  }),
})

const check = createRoute({
  operationId: 'checkYaml',
  method: 'post',
  path: `${L}/yaml/check`,
  summary: 'Evaluate a definition without opening anything',
  tags: ['Definitions'],
  request: {
    params: organizationParams,
    query: z.object({ showSecrets: z.enum(['true', 'false', '']).optional() }),
    ...yamlBody,
  },
  responses: answers({ 200: { description: 'The environment', schema: checkedSchema } }),
})

const showQuery = z.object({ showSecrets: z.enum(['true', 'false', '']).optional() })

const checkSaved = createRoute({
  operationId: 'checkEnvironment',
  method: 'post',
  path: `${E}/check`,
  summary: 'Evaluate an environment without opening anything',
  tags: ['Definitions'],
  request: { params: environmentParams, query: showQuery },
  responses: answers({ 200: { description: 'The environment', schema: checkedSchema } }),
})

const checkAtVersion = createRoute({
  operationId: 'checkEnvironmentAtVersion',
  method: 'post',
  path: `${E}/versions/{version}/check`,
  summary: 'Evaluate a revision, by number or tag, without opening anything',
  tags: ['Definitions'],
  request: { params: versionParams, query: showQuery },
  responses: answers({ 200: { description: 'The environment', schema: checkedSchema } }),
})

/** Definitions as texts. */
export function definitionRoutes(api: Api): void {
  const answerDefinition = async (c: ApiContext, version: string | undefined, showSecrets: boolean) => {
    const { session, subject } = referenceOf(c, version)
    // Both about one revision, whatever is saved meanwhile.
    const { result: number } = await session.perform(resolveVersion, subject)
    const at = referenceOf(c, String(number)).subject
    const { result: text } = await session.perform(getDefinition, at, { showSecrets })
    return c.body(definitionFor(c, text), 200, {
      'content-type': 'application/x-yaml',
      etag: etagOf(number),
      'pulumi-esc-revision': String(number),
    })
  }
  api.openapi(get, (c) => answerDefinition(c, undefined, false))
  api.openapi(getAtVersion, (c) => answerDefinition(c, c.req.valid('param').version, false))
  api.openapi(decrypt, (c) => answerDefinition(c, undefined, true))
  api.openapi(decryptAtVersion, (c) => answerDefinition(c, c.req.valid('param').version, true))
  api.openapi(update, async (c) => {
    const { session, subject } = referenceOf(c)
    const text = await definitionIn(c)
    const revision = revisionOf(c.req.header('etag'))
    const { result } = await session.perform(replaceDefinition, subject, {
      text,
      revision,
      handedBack: handsBackValues(c),
    })
    if (result.kind === 'refused') throw invalid(result.diagnostics)
    return answerJson(c, {}, 200, { 'pulumi-esc-revision': String(result.revision), etag: etagOf(result.revision) })
  })
  api.openapi(check, async (c) => {
    const text = await definitionIn(c)
    const showSecrets = c.req.valid('query').showSecrets === 'true'
    const { result } = await sessionOf(c).perform(checkText, undefined, { text, showSecrets })
    return answerChecked(c, result)
  })
  const answerCheck = async (c: ApiContext, version: string | undefined, showSecrets: boolean) => {
    const { session, subject } = referenceOf(c, version)
    return answerChecked(c, (await session.perform(checkRevision, subject, { showSecrets })).result)
  }
  api.openapi(checkSaved, (c) => answerCheck(c, undefined, c.req.valid('query').showSecrets === 'true'))
  api.openapi(checkAtVersion, (c) =>
    answerCheck(c, c.req.valid('param').version, c.req.valid('query').showSecrets === 'true'),
  )
}

type Checked = Awaited<ReturnType<(typeof checkText)['run']>>

function answerChecked(c: ApiContext, { environment, diagnostics }: Checked): Response {
  if (diagnostics.some(({ severity }) => severity === 'error')) throw invalid(diagnostics)
  const warnings = diagnostics.map(diagnosticToWire)
  return answerJson(c, {
    ...(environment && environmentToWire(environment)),
    ...(warnings.length > 0 && { diagnostics: warnings }),
  })
}

/** The problem that a definition with mistakes is. */
export function invalid(diagnostics: readonly Parameters<typeof diagnosticToWire>[0][]): Problem {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return new Problem(400, 'Bad Request: the definition has errors', errors.map(diagnosticToWire))
}

/** A definition is known by its revision. */
function etagOf(revision: number): string {
  return `"${revision}"`
}

/** @throws Problem 409 for what no definition ever had. */
function revisionOf(etag: string | undefined): number | undefined {
  if (etag === undefined || etag === '') return undefined
  const [, number] = /^(?:W\/)?"([1-9][0-9]{0,15})"$/.exec(etag) ?? []
  if (number === undefined)
    throw new Problem(409, 'Conflict: the definition was changed: read it again, and make the change in that')
  return Number(number)
}
