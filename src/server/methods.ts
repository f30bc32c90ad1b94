import { type Api, type ApiContext, answerJson } from './api.ts'
import { Problem, problemBody } from './problem.ts'

interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly variables: number
}

/**
 * Answers requests that no route has taken: 404 where there is no such path, else 405, and for
 * `OPTIONS` 204, both with the methods in `Allow`.
 */
export function otherMethods(api: Api): (c: ApiContext) => Response {
  let routes: readonly Route[] | undefined
  return (c) => {
    // At the first such request all routes are there.
    routes ??= api.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({
        method: method.toUpperCase(),
        pattern: patternOf(path),
        variables: path.split('/:').length - 1,
      }))
    const matching = routes.filter(({ pattern }) => pattern.test(c.req.path))
    // `…/yaml/open` looks like an environment, too.
    const fewest = Math.min(...matching.map(({ variables }) => variables))
    const found = new Set(matching.filter(({ variables }) => variables === fewest).map(({ method }) => method))
    if (found.size === 0) return problem(c, new Problem(404, 'Not Found: there is no such path'))
    if (found.has('GET')) found.add('HEAD')
    const allow = [...found, 'OPTIONS'].sort().join(', ')
    if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow })
    return problem(c, new Problem(405, `Method Not Allowed: this path takes ${allow}`), { allow })
  }
}

function problem(c: ApiContext, told: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return answerJson(c, problemBody(told), told.status, headers)
}

/** `/a/:b` as an expression that matches such paths whole. */
function patternOf(path: string): RegExp {
  const parts = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
