import { createRoute, z } from '@hono/zod-openapi'
import type { Json } from '../../json.ts'
import { type MissingLevel, missingLevels } from '../../operations/index.ts'
import { type Api, answerJson, answers } from '../api.ts'
import { sessionOf } from '../params.ts'
import { type RemoteOperation, remoteOperations } from './remote-operations.ts'

const missing = z.object({
  level: z.enum(['read', 'open', 'write', 'admin']),
  held: z.enum(['none', 'read', 'open', 'write', 'admin']),
  by: z.enum(['rules', 'session']),
  ask: z.array(z.string()),
})

const route = createRoute({
  operationId: 'listRefused',
  method: 'get',
  path: '/api/v1/refused',
  summary: 'The operations that the access rules would refuse the caller',
  description:
    'For an environment, those about environments; without one, those about the whole store. By the name of each: the level that it needs, the level that the caller has, and who can give more. `rotate-environment:doctor` is one in a certain use of it. What is not named is allowed, or asks for each environment that it touches.',
  tags: ['Operations'],
  request: { query: z.object({ environment: z.string().min(1).max(300).optional() }) },
  responses: answers({
    200: { description: 'Those that are refused', schema: z.object({ refused: z.record(z.string(), missing) }) },
  }),
})

/** Tells faces beforehand what will be refused, by the levels that the operations declare. */
export function rightsRoutes(api: Api): void {
  api.openapi(route, async (c) => {
    const { environment } = c.req.valid('query')
    const session = sessionOf(c)
    const { result } = await session.perform(missingLevels, undefined, { environment })
    return answerJson(c, { refused: refusedUses(environment === undefined ? 'store' : 'environment', result) }) as never
  })
}

function refusedUses(about: 'environment' | 'store', lacking: readonly MissingLevel[]) {
  const refused: Record<string, Json> = {}
  for (const [name, { operation, use }] of remoteOperations) {
    if (operation.about !== about) continue
    for (const [word, level] of neededLevels({ operation, use })) {
      const found = lacking.find((each) => each.level === level)
      if (found !== undefined) refused[word === '' ? name : `${name}:${word}`] = { ...found }
    }
  }
  return refused
}

function neededLevels({ operation: { level }, use }: RemoteOperation) {
  if (typeof level !== 'function') return [['', level] as const]
  return Object.entries(use.levels ?? {}).map(([word, input]) => [word, level(input as never)] as const)
}
