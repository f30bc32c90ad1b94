import { createRoute, z } from '@hono/zod-openapi'
import type { Json } from '../../json.ts'
import { type Offered, type OfferedKind, offeredHere } from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers } from '../api.ts'
import { sessionOf } from '../params.ts'
import { Problem } from '../problem.ts'
import { offeredSchema } from '../schemas.ts'

const nameParams = z.object({ name: z.string().min(1).max(200).openapi({ example: 'test' }) })

const list = (kind: OfferedKind, words: string) =>
  createRoute({
    operationId: kind === 'provider' ? 'listProviders' : 'listRotators',
    method: 'get',
    path: `/api/esc/${kind}s`,
    summary: `What ${words} can name in definitions of the store`,
    tags: ['Catalogue'],
    responses: answers({
      200: { description: 'The names', schema: z.strictObject({ [`${kind}s`]: z.array(z.string()) }) },
    }),
  })

const schema = (kind: OfferedKind) =>
  createRoute({
    operationId: kind === 'provider' ? 'getProviderSchema' : 'getRotatorSchema',
    method: 'get',
    path: `/api/esc/${kind}s/{name}/schema`,
    summary: `What one ${kind} takes and gives`,
    tags: ['Catalogue'],
    request: { params: nameParams },
    responses: answers({ 200: { description: 'The types as JSON schemas', schema: offeredSchema } }),
  })

/** Providers and rotators with their types. */
export function catalogueRoutes(api: Api): void {
  for (const [kind, words] of [
    ['provider', 'fn::open'],
    ['rotator', 'fn::rotate'],
  ] as const) {
    api.openapi(list(kind, words), async (c) =>
      answerJson(c, { [`${kind}s`]: (await allOf(c, kind)).map(({ name }) => name) }),
    )
    api.openapi(schema(kind), async (c) => {
      const { name } = c.req.valid('param')
      const found = (await allOf(c, kind)).find((each) => each.name === name)
      if (found === undefined) throw new Problem(404, `Not Found: ${kind} '${name}'`)
      return answerJson(c, offeredBody(found))
    })
  }
}

async function allOf(c: ApiContext, kind: OfferedKind): Promise<readonly Offered[]> {
  return (await sessionOf(c).perform(offeredHere, undefined, { kind })).result
}

function offeredBody({ name, description, inputs, outputs, state }: Offered): Json {
  return {
    name,
    description,
    inputs: inputs as Json,
    outputs: outputs as Json,
    ...(state !== undefined && { state: state as Json }),
  }
}
