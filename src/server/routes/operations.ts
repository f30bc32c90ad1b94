import { createRoute, z } from '@hono/zod-openapi'
import { EscError } from '../../errors.ts'
import { isJsonObject, type Json, JsonNumber, type JsonObject } from '../../json.ts'
import { inputDecoder, type Session, toWire } from '../../operations/index.ts'
import { JsonSyntaxError, parseJson } from '../../read-json.ts'
import { type Api, type ApiContext, answerJson, answers, loose } from '../api.ts'
import { sessionOf } from '../params.ts'
import { Problem, problemBody, problemOf } from '../problem.ts'
import { withoutFolders } from '../without-folders.ts'
import { isOperation, type RemoteOperation, remoteOperations } from './remote-operations.ts'
import { answerSteps, type OnProgress, wantsSteps } from './rotation-stream.ts'

const list = createRoute({
  operationId: 'listOperations',
  method: 'get',
  path: '/api/v1/operations',
  summary: 'The operations that this server performs',
  description: 'Each with the JSON Schema of its input, where it takes one.',
  tags: ['Operations'],
  responses: answers({ 200: { description: 'All of them', schema: z.object({ operations: z.array(loose) }) } }),
})

const perform = createRoute({
  operationId: 'performOperation',
  method: 'post',
  path: '/api/v1/operations/{name}',
  summary: 'Perform an operation',
  description:
    'What the command line of this program asks for. `subject`: the environment that it is about; null for the whole store. `input`: as the operation takes it. In the answer, an object with the member `$` stands for what JSON does not have, such as `{"$": "date", "of": "2026-03-04T05:06:07.000Z"}`. With `Accept: text/event-stream`, `rotate-environment` sends each step as it is done: events `step`, then `report` with the answer, or `error`.',
  tags: ['Operations'],
  request: {
    params: z.object({ name: z.string().regex(/^[a-z-]{1,60}$/) }),
    body: { required: true as const, content: { 'application/json': { schema: loose } } },
  },
  responses: answers({
    200: {
      description: 'What came of it',
      schema: z.looseObject({
        result: z.unknown().optional(),
        notices: z.array(loose),
        caller: z.object({ organization: z.string(), principal: z.string() }),
      }),
    },
  }),
})

/** Performs operations by their names, for our own command line. */
export function operationRoutes(api: Api): void {
  api.openapi(list, async (c) => {
    const operations = [...remoteOperations.values()].map(async ({ operation: { name, about, input } }, index) => {
      const decoder = input && (await inputDecoder([...remoteOperations.values()][index]?.operation as never))
      return { name, about, ...(decoder && { input: decoder.json }) }
    })
    return answerJson(c, { operations: await Promise.all(operations) }) as never
  })
  api.openapi(perform, async (c) => (await performed(c, c.req.valid('param').name)) as never)
}

async function performed(c: ApiContext, name: string): Promise<Response> {
  const found = remoteOperations.get(name)
  try {
    if (found === undefined)
      throw isOperation(name) ? notElsewhere() : new Problem(404, `Not Found: operation '${name}'`)
    const session = sessionOf(c)
    const request = readRequest(await c.req.text())
    if (found.use.steps && wantsSteps(c)) {
      // Somebody who stops looking stops nothing.
      const signal = c.var.parts.ending
      const followed = async (onProgress: OnProgress) =>
        bodyOf(c, found, await run(session, found, request, { signal, own: { onProgress } }))
      return await answerSteps(c, followed, (error) => refusalBody(c, error)?.body)
    }
    const signal = AbortSignal.any([c.var.parts.ending, c.req.raw.signal])
    return answerJson(c, bodyOf(c, found, await run(session, found, request, { signal })))
  } catch (error) {
    const refusal = refusalBody(c, error)
    if (refusal === undefined) throw error
    return answerJson(c, refusal.body, refusal.status)
  }
}

/** The body of an answer. */
function bodyOf(
  c: ApiContext,
  { use }: RemoteOperation,
  { result, notices, commit, principal, organization }: Awaited<ReturnType<typeof run>>,
): JsonObject {
  const caller = { organization, principal }
  const told = notices.map((notice) => withoutFolders(toWire(notice), c.var.parts))
  const body = toWire({ result, commit }) as JsonObject
  return { ...((use.quotes ? withoutFolders(body, c.var.parts) : body) as JsonObject), notices: told, caller }
}

/** The body for an error that is somebody's, with its remedies as data. `undefined`: it is ours. */
function refusalBody(
  c: ApiContext,
  error: unknown,
): { readonly body: JsonObject; readonly status: number } | undefined {
  const problem = error instanceof EscError ? problemOf(error) : undefined
  if (problem === undefined) return undefined
  const body = { ...(problemBody(problem) as JsonObject), error: toWire(error) as Json }
  return { body: withoutFolders(body, c.var.parts) as JsonObject, status: problem.status }
}

interface Request {
  readonly subject: { readonly name: string; readonly version?: string; readonly typed?: string } | null
  readonly input: Json | undefined
  readonly lifetimeSeconds: number | undefined
}

const requestSchema = z.strictObject({
  subject: z
    .strictObject({
      name: z.string().min(1).max(300),
      version: z.string().min(1).max(200).optional(),
      typed: z.string().max(600).optional(),
    })
    .nullable(),
  input: z.unknown().optional(),
  policy: z.strictObject({ lifetimeSeconds: z.number().int().positive().optional() }).optional(),
})

function readRequest(text: string): Request {
  let json: Json
  try {
    json = parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new EscError('invalid_input', `the request is not JSON: ${error.discreet}`, { hint: 'send JSON' })
  }
  const read = requestSchema.safeParse(plainNumbers(json))
  if (!read.success) {
    const places = read.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
    throw new EscError('invalid_input', `the request is wrong: ${places.slice(0, 3).join('; ')}`, {
      hint: 'send subject, and input where the operation takes one',
    })
  }
  const { subject, input, policy } = read.data
  return { subject, input: input as Json | undefined, lifetimeSeconds: policy?.lifetimeSeconds }
}

/** Numbers that lose nothing as such; the others keep their text. */
function plainNumbers(json: Json): Json {
  if (json instanceof JsonNumber) return String(Number(json.text)) === json.text ? Number(json.text) : json
  if (Array.isArray(json)) return json.map(plainNumbers)
  if (!isJsonObject(json)) return json
  const object: Record<string, Json> = Object.create(null)
  for (const [key, value] of Object.entries(json)) if (value !== undefined) object[key] = plainNumbers(value)
  return object
}

async function run(
  session: Session,
  { operation, use }: RemoteOperation,
  { subject, input, lifetimeSeconds }: Request,
  { signal, own }: { readonly signal: AbortSignal; readonly own?: object },
) {
  if ((operation.about === 'environment') !== (subject !== null)) {
    throw new EscError(
      'invalid_input',
      `${operation.name} is about ${operation.about === 'store' ? 'the store' : 'an environment'}`,
      {
        hint: operation.about === 'store' ? 'send null as subject' : 'name the environment in subject',
      },
    )
  }
  const decoder = await inputDecoder(operation as never)
  if (decoder === undefined && input !== undefined) {
    throw new EscError('invalid_input', `${operation.name} takes no input`, { hint: 'leave input out' })
  }
  const decoded = decoder?.decode(input) as object | undefined
  const refused = use.refuses?.(decoded as never)
  if (refused !== undefined) throw notElsewhere(refused)
  const given = use.own === undefined ? decoded : { ...decoded, ...use.own, ...own }
  const about = subject === null ? undefined : referenceIn(session, subject)
  const within = lifetimeSeconds === undefined ? session : session.with({ lifetimeSeconds })
  const done = await within.perform(operation as never, about as never, given as never, { signal })
  const result = use.answers === undefined ? done.result : use.answers(done.result as never)
  return { ...done, result, principal: session.principal().name, organization: session.organization }
}

function referenceIn(session: Session, { name, version, typed = name }: NonNullable<Request['subject']>) {
  const reference = session.reference(version === undefined ? name : `${name}@${version}`)
  return { ...reference, typed }
}

function notElsewhere(what = 'this'): EscError {
  return new EscError('unsupported', `${what} works in the folder of a store, and not through a server`, {
    hint: 'do it on the machine that has the folder',
  })
}
