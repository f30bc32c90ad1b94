import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import {
  type BegunSignIn,
  beginSignIn,
  browserSignIn,
  finishSignIn,
  grantToken,
  type IssuerNetwork,
  loginCode,
  type RefusedIdentity,
  type ShownIdentity,
} from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson } from '../api.ts'
import { refuseOtherOrigins, showSession } from '../console/cookie.ts'
import { Problem } from '../problem.ts'
import { nobodyYet } from './token-exchange.ts'

/**
 * A command line that waits for a token: on a port of the machine of the browser, or anywhere, for
 * one that it has made itself. Of such a token the server learns no more than the digest, so
 * nothing that the browser sees lets anybody in.
 */
interface Waiting {
  readonly on:
    | { readonly kind: 'port'; readonly port: number; readonly nonce: string }
    | { readonly kind: 'digest'; readonly digest: string }
  readonly description: string
  readonly until: number
}

type Step =
  // For the console: `to` is the screen to go on with.
  | { readonly kind: 'console'; readonly begun: BegunSignIn; readonly to: string; readonly until: number }
  | (Waiting & { readonly kind: 'begun'; readonly begun: BegunSignIn })
  | (Waiting & { readonly kind: 'shown'; readonly identity: ShownIdentity })

const minutes10 = 600

/**
 * Sign-in of people with a browser: `/cli-login` sends it to the provider, and what comes back is a
 * token for the command line that waits on a port of the same machine. The steps of one sign-in are
 * held together by a cookie, and each is taken once, by any server of the store.
 */
export function signInRoutes(api: Api, network: IssuerNetwork | undefined): void {
  const keep = (c: ApiContext, step: Step) => c.var.parts.signIns.keep(JSON.stringify(step), new Date(step.until))
  const take = async <K extends Step['kind']>(c: ApiContext, ...kinds: K[]): Promise<Extract<Step, { kind: K }>> => {
    const kept = await c.var.parts.signIns.take(getCookie(c, cookieName(c)) ?? '')
    const step: Step | undefined = kept && JSON.parse(kept.text)
    if (step === undefined || !(kinds as string[]).includes(step.kind))
      throw new Problem(400, 'this sign-in is not known, or took too long: begin it again')
    return step as Extract<Step, { kind: K }>
  }
  // Lax: the provider sends the browser back from another site.
  const show = (c: ApiContext, id: string) =>
    setCookie(c, cookieName(c), id, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      maxAge: minutes10,
      secure: c.var.parts.secure,
    })

  // Our command line asks before it sends anybody to a browser.
  api.get('/api/v1/sign-in', (c) => {
    const { offered, url } = browserSignIn(anonymous(c))
    return answerJson(c, { browser: offered, ...(url !== undefined && { url }) })
  })

  api.get('/cli-login', async (c) => {
    await c.var.parts.limits.signIn(c.var.address)
    const session = anonymous(c)
    const { offered } = browserSignIn(session)
    if (!offered) return page(c, 'Sign in with a token', withoutProvider)
    const waiting = waitingOf(c)
    const begun = await beginSignIn(session, { redirectUri: `${address(c)}/sign-in/callback`, network })
    show(c, await keep(c, { kind: 'begun', ...waiting, begun }))
    return c.redirect(begun.url, 302)
  })

  api.get('/console/sign-in', (c) => answerJson(c, { offered: browserSignIn(anonymous(c)).offered }))

  api.get('/console/sign-in/begin', async (c) => {
    refuseOtherOrigins(c)
    await c.var.parts.limits.signIn(c.var.address)
    const session = anonymous(c)
    if (!browserSignIn(session).offered) return page(c, 'Sign in with a token', withoutProvider)
    const begun = await beginSignIn(session, { redirectUri: `${address(c)}/sign-in/callback`, network })
    const until = c.var.parts.now().getTime() + minutes10 * 1000
    show(c, await keep(c, { kind: 'console', to: screenOf(c.req.query('to')), until, begun }))
    return c.redirect(begun.url, 302)
  })

  api.get('/sign-in/callback', async (c) => {
    await c.var.parts.limits.signIn(c.var.address)
    const step = await take(c, 'begun', 'console')
    const returned = new URL(`${address(c)}/sign-in/callback${new URL(c.req.url).search}`)
    const identity = await finishSignIn(anonymous(c), step.begun, { returned, network })
    if (step.kind === 'console') return await beginConsole(c, step.to, identity)
    if (identity.kind === 'refused') throw new Problem(403, identity.message)
    const { on, description, until } = step
    show(c, await keep(c, { kind: 'shown', on, description, until, identity }))
    return page(c, 'Sign in', confirmation(identity.user, step), on)
  })

  api.post('/sign-in/allow', async (c) => {
    await c.var.parts.limits.signIn(c.var.address)
    const origin = c.req.header('origin')
    if (origin !== undefined && origin !== 'null' && origin !== new URL(address(c)).origin)
      throw new Problem(403, 'this page is of another site')
    if (!['same-origin', undefined].includes(c.req.header('sec-fetch-site')))
      throw new Problem(403, 'this page is of another site')
    const step = await take(c, 'shown')
    deleteCookie(c, cookieName(c), { path: '/', secure: c.var.parts.secure })
    const { identity, on } = step
    if (on.kind === 'digest') {
      await tokenFor(c, identity, on.digest)
      return page(c, 'You are signed in', signedIn)
    }
    const query = new URLSearchParams({ accessToken: await tokenFor(c, identity), nonce: on.nonce })
    c.header('referrer-policy', 'no-referrer')
    // Never another host: what is asked for is a port.
    return c.redirect(`http://127.0.0.1:${on.port}/?${query}`, 303)
  })
}

/** Begins a session of the console for somebody who has signed in at the provider. */
async function beginConsole(c: ApiContext, to: string, identity: ShownIdentity | RefusedIdentity): Promise<Response> {
  deleteCookie(c, cookieName(c), { path: '/', secure: c.var.parts.secure })
  const sessions = c.var.parts.console?.sessions
  if (identity.kind === 'refused') {
    c.status(403)
    return page(c, 'Sign in', html`<p>${identity.message}</p><p><a href="/">Back</a></p>`)
  }
  const id = await sessions?.begin(await tokenFor(c, identity), { own: true })
  if (id === undefined) throw new Problem(403, 'Forbidden: this server has no console')
  showSession(c, id)
  return c.redirect(to, 303)
}

/** The new token; empty where its holder has made it, and gave the digest. */
async function tokenFor(c: ApiContext, identity: ShownIdentity, digest?: string): Promise<string> {
  const theirs = c.var.parts.sessionFor({ ...nobodyYet, user: identity.user, name: identity.user }, c.var.address)
  const grant = { identity, by: 'sign-in', seconds: undefined, digest } as const
  const { result } = await theirs.perform(grantToken, undefined, grant)
  return result.token ?? ''
}

/** The path of a screen of the console. What is none becomes the first one. */
function screenOf(to = '/'): string {
  return /^\/(?:environments|graph|audit|access|tokens)(?:[/?][!-[\]-~]*)?$/.test(to) ? to : '/'
}

function anonymous(c: ApiContext) {
  const { parts, address: from } = c.var
  return parts.sessionFor(nobodyYet, from)
}

/** With the prefix, no other host of the domain can set it; browsers take that by https only. */
function cookieName(c: ApiContext): string {
  return c.var.parts.secure ? '__Host-esc-sign-in' : 'esc-sign-in'
}

/** The address that browsers reach the server at, without what a client could make it by `Host`. */
function address(c: ApiContext): string {
  const { url } = browserSignIn(anonymous(c))
  if (url !== undefined) return url
  const { hostname, origin } = new URL(c.req.url)
  if (['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return origin
  throw new Problem(400, 'signing in needs the address of this server: set server.url in esc.yaml')
}

function waitingOf(c: ApiContext): Waiting {
  const { cliSessionPort = '', cliSessionNonce = '', cliSessionDescription = '', tokenDigest } = c.req.query()
  const until = c.var.parts.now().getTime() + minutes10 * 1000
  const description = cliSessionDescription.slice(0, 100)
  if (tokenDigest !== undefined) {
    if (!/^[0-9a-f]{64}$/.test(tokenDigest)) throw new Problem(400, 'tokenDigest is no SHA-256')
    return { on: { kind: 'digest', digest: tokenDigest }, description, until }
  }
  const port = /^[1-9]\d{0,4}$/.test(cliSessionPort) ? Number(cliSessionPort) : 0
  if (port < 1 || port > 65_535) throw new Problem(400, 'cliSessionPort is not a port')
  if (!/^[\w-]{8,200}$/.test(cliSessionNonce)) throw new Problem(400, 'cliSessionNonce is not a nonce')
  return { on: { kind: 'port', port, nonce: cliSessionNonce }, description, until }
}

const withoutProvider = html`<p>This server has no sign-in with a browser.</p>
<p>Ask its keeper for a token, and give it to the command line when it asks.</p>`

const signedIn = html`<p>Go back to the terminal: the command line has its token now.</p>`

function confirmation(user: string, { on, description }: Waiting) {
  const named = description === '' ? '' : `: ${description}`
  const asks =
    on.kind === 'port'
      ? html`<p>A command line on this computer (port ${on.port}${named}) asks for a token. Allow it only if you have just begun to log in.</p>`
      : html`<p>A command line${named} asks for a token. Its terminal shows this code:</p>
<p><b>${loginCode(on.digest)}</b></p>
<p>Allow it only if you have just begun to log in, and see the same code there. Nobody else may tell you the code, or send you here.</p>`
  return html`<p>You are <b>${user}</b>.</p>
${asks}
<form method="post" action="/sign-in/allow"><button>Allow</button></form>`
}

function page(c: ApiContext, title: string, content: ReturnType<typeof html>, on?: Waiting['on']): Promise<Response> {
  const target = on?.kind === 'port' ? ` http://127.0.0.1:${on.port}` : ''
  const forms = on === undefined ? "'none'" : `'self'${target}`
  c.header(
    'content-security-policy',
    `default-src 'none'; form-action ${forms}; frame-ancestors 'none'; base-uri 'none'`,
  )
  c.header('referrer-policy', 'no-referrer')
  return Promise.resolve(
    c.html(
      html`<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>`,
    ),
  )
}
