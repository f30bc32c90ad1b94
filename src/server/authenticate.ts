import { createMiddleware } from 'hono/factory'
import type { ApiEnvironment } from './api.ts'
import { Problem } from './problem.ts'

const unauthorized = 'Unauthorized: No credentials provided or are invalid.'

/** Lets those in who show a token: `Authorization: token …`, or `Bearer …`. */
export const authenticate = createMiddleware<ApiEnvironment>(async (c, next) => {
  const { parts, address } = c.var
  const [, token] = /^(?:token|bearer) +([\x21-\x7e]+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const found = token === undefined ? undefined : parts.tokens.find(token)
  const now = parts.now()
  if (token === undefined || found === undefined || (found.expires !== undefined && found.expires <= now))
    throw new Problem(401, unauthorized)
  parts.tokens.noteUse(found, token, now)
  c.set('caller', { token: found, session: parts.sessionFor(found, address) })
  await next()
})
