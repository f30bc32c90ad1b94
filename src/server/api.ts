import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { getPath } from 'hono/utils/url'
import { formatJson, type Json } from '../json.ts'
import type {
  EncryptedEntries,
  IssuerKeys,
  IssuerNetwork,
  OpenSessions,
  ServerToken,
  Session,
  TokenRegistry,
} from '../operations/index.ts'
import type { ConsoleAssets } from './console/assets.ts'
import type { ConsoleSessions } from './console/console-sessions.ts'
import { routedPath } from './console/routed-path.ts'
import { Problem, problemBody, problemOf } from './problem.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Readiness } from './readiness.ts'
import { definitionBodySchema, diagnosticSchema } from './schemas.ts'
import type { RequestEntry, ServerMetrics } from './server-metrics.ts'
import type { StoreChanges } from './store-changes.ts'
import { textWithoutFolders, withoutFolders } from './without-folders.ts'

/** Somebody who has shown a token. */
export interface Authenticated {
  readonly token: ServerToken
  /** False once the token has ended or was revoked, or the console's session is over. */
  readonly isStillIn: () => Promise<boolean>
  /** A session of the store for them: every operation asks the access rules about them. */
  readonly session: Session
}

/** The parts of a server that its routes work with. */
export interface ServerParts {
  readonly organization: string
  /** Folders of this machine, which are nobody's business elsewhere. */
  readonly folders: readonly string[]
  /** True when clients speak https, to the server or to a proxy in front of it. */
  readonly secure: boolean
  /** The console. Absent: it was not built. */
  readonly console?: { readonly assets: ConsoleAssets; readonly sessions: ConsoleSessions }
  readonly tokens: TokenRegistry
  readonly openSessions: OpenSessions
  /** Steps of signing in with a browser. */
  readonly signIns: EncryptedEntries
  readonly issuerKeys: IssuerKeys
  /** The way to providers of sign-in. Default: that of the machine. */
  readonly network?: IssuerNetwork
  readonly limits: RateLimits
  readonly now: () => Date
  /** The session of a caller. */
  readonly sessionFor: (token: ServerToken, address: string) => Session
  /** Set once the server ends what it is doing. */
  readonly ending: AbortSignal
  readonly metrics: ServerMetrics
  readonly readiness: Readiness
  readonly changes: StoreChanges
  /** Set once the server is to end: what only waits ends at once. */
  readonly stopping: AbortSignal
  /** Hears of each request. */
  readonly log: ((entry: RequestEntry) => void) | undefined
  /** Tells of what went wrong through no fault of a client. No secrets. */
  readonly failed: (error: unknown, request: FailedRequest) => void
}

/** The request that an error came up in. */
export interface FailedRequest extends Pick<RequestEntry, 'method' | 'route'> {
  readonly id: string
}

/**
 * The variables that a handler finds besides the request: by `c.get`, since `c.var` copies all of
 * them each time.
 */
export interface ApiVariables {
  readonly parts: ServerParts
  /** Set once a token has let somebody in, as it has for every route that asks for it. */
  readonly caller: Authenticated
  readonly address: string
  readonly requestId: string
}

export type ApiEnvironment = { Variables: ApiVariables }
export type Api = OpenAPIHono<ApiEnvironment>
export type ApiContext = Context<ApiEnvironment>

/** An app without routes that answers mistakes as the API does. */
export function emptyApi(): Api {
  const api: Api = new OpenAPIHono<ApiEnvironment>({
    getPath: (request) => routedPath(getPath(request)),
    defaultHook: (result) => {
      if (!result.success) throw new Problem(400, mistakesIn(result.error))
    },
  })
  api.onError((error, c) => {
    const problem = problemIn(error)
    if (problem !== undefined && problem.status < 500) return answer(c, discreet(problem, c.var.parts))
    c.var.parts?.failed(error, { method: c.req.method, route: c.req.routePath, id: c.var.requestId })
    return answer(
      c,
      problem === undefined
        ? new Problem(500, 'the server has failed: its log says more')
        : discreet(problem, c.var.parts),
    )
  })
  return api
}

/** The same without the folders of this machine, in its diagnostics too. */
function discreet({ status, message, diagnostics, headers }: Problem, parts: ServerParts): Problem {
  const told = diagnostics.map((each) => withoutFolders(each, parts))
  return new Problem(status, textWithoutFolders(message, parts), told, headers)
}

function problemIn(error: Error): Problem | undefined {
  if (error instanceof HTTPException) return new Problem(error.status, error.message)
  // The client went away, or its time was over: nobody reads the answer.
  const isCutOff = error.message === 'aborted' && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
  return isCutOff ? new Problem(400, 'the request was cut off') : problemOf(error)
}

/** One sentence for what zod found: `name: too short; project: required`. */
function mistakesIn({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ')
}

function answer(c: Context, problem: Problem): Response {
  return answerJson(c, problemBody(problem), problem.status, problem.headers)
}

/** Answers with JSON; numbers that kept their text are written as that text. */
export function answerJson(
  c: Context,
  body: Json,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.newResponse(formatJson(body), status as 200, { ...headers, 'content-type': 'application/json' })
}

/** The schema of an error in the document of the API. */
const errorSchema = z
  .object({ code: z.number().int(), message: z.string(), diagnostics: z.array(diagnosticSchema).optional() })
  .openapi('Error')

/** The errors that any request may meet. */
const errors: Readonly<Record<number, string>> = {
  400: 'The request cannot be done as it is; `diagnostics` has the mistakes of a definition',
  401: 'There is no token, or it counts no more',
  403: 'The token, or the access rules, do not allow it',
  404: 'There is no such thing, or the caller may not see it',
  409: 'It is there already, or was changed meanwhile',
  413: 'The request is too large',
  415: 'The body is compressed',
  429: 'Too many requests',
  502: 'A provider, or what is rotated, has failed',
  503: 'A key cannot be had now, or the server is shutting down',
}

/** Documents answers: what is named, and the errors. */
export function answers(
  described: Readonly<
    Record<number, { readonly description: string; readonly schema?: z.ZodType; readonly type?: string }>
  >,
) {
  const all: Record<string, { description: string; content?: Record<string, { schema: z.ZodType }> }> = {}
  for (const [status, { description, schema, type = 'application/json' }] of Object.entries(described))
    all[status] = { description, ...(schema && { content: { [type]: { schema } } }) }
  for (const [status, description] of Object.entries(errors))
    all[status] ??= { description, content: { 'application/json': { schema: errorSchema } } }
  return all
}

/** A body of JSON, in the document and as it is read. It may be left out where all members may. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: !schema.safeParse({}).success, content: { 'application/json': { schema } } } }
}

/** A definition as a body, which may be empty. It is read as text, whatever its label. */
export const yamlBody = {
  body: { required: false, content: { 'application/x-yaml': { schema: definitionBodySchema } } },
}

export const loose = z.looseObject({})
