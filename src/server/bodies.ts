import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { createMiddleware } from 'hono/factory'
import type { ApiContext, ApiEnvironment } from './api.ts'
import { Problem } from './problem.ts'

/**
 * Makes bodies what routes expect, before any of them looks: bytes as they are sent, in UTF-8, and
 * labelled as JSON. Clients label definitions and JSON as they like, so the route alone decides how
 * a body is read. Without a body a JSON route sees no members, and says which it needs.
 *
 * @throws Problem 415 for a compressed body; 400 for one that is no UTF-8.
 */
export const plainBodies = createMiddleware<ApiEnvironment>(async (c, next) => {
  if (c.req.method === 'OPTIONS' || hasNone(c)) return next()
  const coding = c.req.header('content-encoding')?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'identity')
    throw new Problem(415, `Unsupported Media Type: send the body as it is, without content-encoding '${coding}'`)
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (!isUtf8(bytes))
    throw new Problem(400, `Bad Request: the body is not UTF-8: see byte ${firstWrongByte(bytes)}, counted from 0`)
  // The exchange of tokens takes forms too.
  if (c.req.path !== '/api/oauth/token') {
    if (bytes.length === 0) c.req.raw.headers.delete('content-type')
    else c.req.raw.headers.set('content-type', 'application/json')
  }
  return next()
})

/**
 * True for a request without a body, or with one that nobody reads. Looking for it takes longer
 * than the rest of many requests that have none.
 */
export function hasNone(c: ApiContext): boolean {
  const { method } = c.req
  if (method === 'GET' || method === 'HEAD') return true
  const headers = (c.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming?.headers
  // HTTP/1.1 announces a body by one of these; a label without a body is taken off below.
  const announcing = ['content-length', 'transfer-encoding', 'content-type', 'content-encoding', 'expect']
  return headers !== undefined && announcing.every((name) => headers[name] === undefined)
}

/** The definition that a body is. No byte of it is left out, not even a mark at its beginning. */
export async function definitionIn(c: ApiContext): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await c.req.arrayBuffer())
}

/** The offset of the first byte that cannot stand there in UTF-8. */
function firstWrongByte(bytes: Uint8Array): number {
  let [right, wrong] = [0, bytes.length]
  while (right < wrong) {
    const length = Math.ceil((right + wrong) / 2)
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
      right = length
    } catch {
      wrong = length - 1
    }
  }
  return right
}
