import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { ApiContext, ApiEnvironment } from './api.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Counts each request and has its line logged, and gives it an id: `X-Request-ID`. Behind a proxy
 * it is the one that the proxy has given, so that the logs of both can be joined.
 */
export function observe({ behindProxy }: { readonly behindProxy: boolean }): MiddlewareHandler<ApiEnvironment> {
  return async (c, next) => {
    const { metrics, log, readiness } = c.get('parts')
    const began = performance.now()
    metrics.began()
    const id = requestIdOf(c.req.header('x-request-id'), behindProxy)
    c.set('requestId', id)
    c.header('x-request-id', id)
    // So that a client of a server that ends asks another one next.
    if (readiness.isStopping) c.header('connection', 'close')
    await next()
    const { status } = c.res
    if (status >= 500) c.header('x-pulumi-request-id', id)
    const caller = c.get('caller')
    const entry = {
      method: methods.includes(c.req.method) ? c.req.method : 'OTHER',
      route: routeOf(c),
      status,
      ms: performance.now() - began,
      ...(caller && { user: caller.token.user, token: caller.token.name }),
      id,
    }
    metrics.ended(entry)
    log?.(entry)
  }
}

/** The pattern of the route that the request is for, whether or not it got that far. */
function routeOf(c: ApiContext): string {
  // What comes before routes, such as this and the check of tokens, takes any method.
  return matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path ?? 'none'
}

/** The id of a request: the one that it came with, where a proxy has given it, or a new one. */
export function requestIdOf(given: string | string[] | undefined, behindProxy: boolean): string {
  const usable = behindProxy && typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given)
  return usable ? given : randomUUID()
}
