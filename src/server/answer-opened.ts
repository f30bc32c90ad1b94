import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerParts } from './api.ts'
import { type Holder, holderOf } from './authenticate.ts'
import { requestIdOf } from './observe.ts'

const part = '[A-Za-z0-9._-]{1,100}'
/** The request that is answered here: an id as it is given out, no query, no escapes. */
const target = new RegExp(`^/api/esc/environments/(${part})/(${part}/${part})/open//?([0-9a-f]{32})$`)
/** Any other host is for the routes, which know all that there can be. */
const plainHost = /^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$/
const route = '/api/esc/environments/:org/:project/:env/open/:id'
/** The headers that the routes answer with. */
const fixedHeaders = [
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
  'content-type',
  'application/json',
]

/**
 * Answers requests that read what was opened, which are most of all requests, without the routes,
 * which take several times as long. It looks at the same as they do: the token and its end, the
 * organization, whose session it is and whether its time is over. Whatever is not plain, or not
 * allowed, is left to the routes, which look again and have the words for it.
 *
 * @returns false: nothing was done, and the request is for the routes.
 */
export function answerOpened(
  parts: ServerParts,
  { behindProxy }: { readonly behindProxy: boolean },
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
): boolean | Promise<boolean> {
  const wanted = wantedOf(parts, exchange.request)
  return wanted !== undefined && answerIfFound(parts, { behindProxy, wanted }, exchange)
}

async function answerIfFound(
  parts: ServerParts,
  { behindProxy, wanted }: { readonly behindProxy: boolean; readonly wanted: Wanted },
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<boolean> {
  const began = performance.now()
  const found = await find(parts, wanted)
  if (found === undefined) return false
  const { token, found: kept, body } = found
  parts.metrics.began()
  void parts.tokens.noteUse(kept, token, parts.now())
  const id = requestIdOf(request.headers['x-request-id'], behindProxy)
  const length = String(Buffer.byteLength(body))
  response.writeHead(200, [...fixedHeaders, 'x-request-id', id, 'content-length', length])
  response.end(body)
  const entry = {
    method: 'GET',
    route,
    status: 200,
    ms: performance.now() - began,
    user: kept.user,
    token: kept.name,
    id,
  }
  parts.metrics.ended(entry)
  parts.log?.(entry)
  return true
}

type Found = Holder & { readonly body: string }

/** The things that a request asks for, and the header by which it may. */
interface Wanted {
  readonly environment: string
  readonly id: string
  readonly authorization: string | undefined
}

/** `undefined`: it asks for something else, or in a way that is not plain. */
function wantedOf(parts: ServerParts, request: IncomingMessage): Wanted | undefined {
  if (request.method !== 'GET') return undefined
  const [, organization, environment, id] = target.exec(request.url ?? '') ?? []
  if (environment === undefined || id === undefined || organization !== parts.organization) return undefined
  // Nothing is read twice where requests are counted, and nobody keeps a server that ends.
  if (!isPlain(request) || parts.limits.limitsTokens || parts.readiness.isStopping) return undefined
  return { environment, id, authorization: request.headers.authorization }
}

/** The session that is asked for, by somebody who may read it. `undefined`: the routes see. */
async function find(parts: ServerParts, { environment, id, authorization }: Wanted): Promise<Found | undefined> {
  try {
    const holder = await holderOf(parts, authorization)
    if (holder === undefined || holder.found.organization !== parts.organization) return undefined
    const session = await parts.openSessions.read(id)
    if (session === undefined || session.environment !== environment) return undefined
    return session.principal === holder.found.user ? { ...holder, body: session.body } : undefined
  } catch {
    return undefined
  }
}

/** True for a request without a body, with one host and one token that can be read in one way. */
function isPlain({ rawHeaders, headers }: IncomingMessage): boolean {
  if (!plainHost.test(headers.host ?? '')) return false
  let tokens = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (name === 'authorization') tokens++
    else if (name === 'content-length' || name === 'transfer-encoding' || name === 'expect') return false
  }
  return tokens === 1
}
