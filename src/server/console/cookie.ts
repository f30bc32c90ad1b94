import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { getPath } from 'hono/utils/url'
import type { ApiContext } from '../api.ts'
import { Problem } from '../problem.ts'
import { isConsolePath } from './routed-path.ts'

/** True for a request of the console. */
export function isOfConsole(c: ApiContext): boolean {
  return isConsolePath(getPath(c.req.raw))
}

/** The id of the session that a browser shows. */
export function shownSession(c: ApiContext): string | undefined {
  return getCookie(c, nameOf(c))
}

export function showSession(c: ApiContext, id: string): void {
  setCookie(c, nameOf(c), id, { path: '/', httpOnly: true, sameSite: 'Strict', secure: isSecure(c) })
}

export function forgetSession(c: ApiContext): void {
  deleteCookie(c, nameOf(c), { path: '/', secure: isSecure(c) })
}

/**
 * Refuses what a page of another origin has a browser send. Browsers tell where a request comes
 * from, and no page can change that.
 *
 * @throws Problem 403.
 */
export function refuseOtherOrigins(c: ApiContext): void {
  if (c.req.header('sec-fetch-site') === 'same-origin') return
  throw new Problem(403, 'Forbidden: this is for pages of the console alone')
}

/** The prefix keeps other hosts of the domain from setting it; it takes https. */
function nameOf(c: ApiContext): string {
  return isSecure(c) ? '__Host-esc' : 'esc'
}

function isSecure(c: ApiContext): boolean {
  return c.var.parts.secure
}
