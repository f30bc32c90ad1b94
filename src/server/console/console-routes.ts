import { randomBytes } from 'node:crypto'
import { type Api, answerJson } from '../api.ts'
import { Problem } from '../problem.ts'
import { answerAsset, answerShell, type ConsoleAssets } from './assets.ts'
import type { ConsoleSessions } from './console-sessions.ts'
import { forgetSession, refuseOtherOrigins, shownSession, showSession } from './cookie.ts'

/** Paths of screens: each begins with the same page, and the page finds out which it is. */
const screens = [
  '/',
  '/sign-in',
  '/environments',
  '/environments/*',
  '/audit',
  '/graph',
  '/access',
  '/tokens',
  '/start',
  '/start/*',
]

/** The pages of the console, and signing in and out. */
export function consoleRoutes(api: Api, assets: ConsoleAssets, sessions: ConsoleSessions): void {
  for (const path of screens) api.get(path, (c) => answerShell(c, assets, randomBytes(16).toString('base64')))
  api.get('/assets/:name', (c) => {
    const asset = assets.files.get(c.req.param('name'))
    if (asset === undefined) throw new Problem(404, 'Not Found: there is no such file')
    return answerAsset(c, asset)
  })
  api.post('/console/sign-in', async (c) => {
    refuseOtherOrigins(c)
    const given: unknown = await c.req.json().catch(() => undefined)
    const { token, code } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
    const id = await (typeof code === 'string'
      ? sessions.follow(code)
      : typeof token === 'string'
        ? sessions.begin(token)
        : undefined)
    if (id === undefined) {
      await c.var.parts.limits.failed(c.var.address)
      throw new Problem(401, 'Unauthorized: that does not sign you in, or not any more')
    }
    showSession(c, id)
    return answerJson(c, {})
  })
  api.post('/console/sign-out', async (c) => {
    refuseOtherOrigins(c)
    const id = shownSession(c)
    if (id !== undefined) await sessions.end(id)
    forgetSession(c)
    return answerJson(c, {})
  })
}
