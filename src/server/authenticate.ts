import { createMiddleware } from 'hono/factory'
import type { ServerToken, Session } from '../operations/index.ts'
import type { ApiContext, ApiEnvironment, Authenticated, ServerParts } from './api.ts'
import { isOfConsole, refuseOtherOrigins, shownSession } from './console/cookie.ts'
import { Problem } from './problem.ts'

const unauthorized = 'Unauthorized: No credentials provided or are invalid.'

/**
 * Lets those in who show a token, as `Authorization: token …` or `Bearer …`; and the console's
 * pages by their cookie, which counts below their own prefix alone.
 */
export const authenticate = createMiddleware<ApiEnvironment>(async (c, next) => {
  const [parts, address] = [c.get('parts'), c.get('address')]
  const find = () => (isOfConsole(c) ? signedIn(c) : holderOf(parts, c.req.header('authorization')))
  const holder = await find()
  if (holder === undefined) {
    await parts.limits.failed(address)
    throw new Problem(401, unauthorized)
  }
  const { token, found } = holder
  await parts.limits.token(found.id)
  void parts.tokens.noteUse(found, token, parts.now())
  if (found.organization !== parts.organization)
    throw new Problem(403, `this token is for the organization '${found.organization}'`)
  const open = () => parts.sessionFor(found, address)
  c.set('caller', authenticated(found, { open, isStillIn: async () => (await find()) !== undefined }))
  await next()
})

/** Opens the session when it is first asked for: what was opened before is read without one. */
function authenticated(
  token: ServerToken,
  { open, isStillIn }: Pick<Authenticated, 'isStillIn'> & { readonly open: () => Session },
): Authenticated {
  let session: Session | undefined
  return {
    token,
    isStillIn,
    get session() {
      session ??= open()
      return session
    },
  }
}

/** A token as it is shown, and as it is kept. */
export interface Holder {
  readonly token: string
  readonly found: ServerToken
}

/** The holder of the token in a header. `undefined`: there is none, or it has ended. */
export async function holderOf(
  { tokens, now }: Pick<ServerParts, 'tokens' | 'now'>,
  authorization: string | undefined,
): Promise<Holder | undefined> {
  const [, token] = /^(?:token|bearer) +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? []
  const found = token === undefined ? undefined : await tokens.find(token)
  const isOver = found?.expires !== undefined && found.expires <= now()
  return token === undefined || found === undefined || isOver ? undefined : { token, found }
}

async function signedIn(c: ApiContext): Promise<Holder | undefined> {
  refuseOtherOrigins(c)
  const id = shownSession(c)
  const session = id === undefined ? undefined : await c.get('parts').console?.sessions.find(id)
  return session && { token: session.shown, found: session.token }
}
