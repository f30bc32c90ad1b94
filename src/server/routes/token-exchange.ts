import { z } from '@hono/zod-openapi'
import { grantToken, type ServerToken, verifyIdentity } from '../../operations/index.ts'
import { type Api, type ApiContext, answerJson, answers } from '../api.ts'

/** The tokens that clients ask for, with the type that they get. */
const tokenTypes = ['organization', 'team', 'personal'].map((kind) => `urn:pulumi:token-type:access_token:${kind}`)
const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const subjectTypes = ['id_token', 'jwt'].map((kind) => `urn:ietf:params:oauth:token-type:${kind}`)

const request = z
  .object({
    audience: z.string().openapi({ example: 'urn:pulumi:org:acme' }),
    grant_type: z.literal(grantType),
    subject_token_type: z.enum(subjectTypes as [string, ...string[]]),
    subject_token: z.string().openapi({ description: 'A JSON Web Token of an issuer that the server trusts' }),
    requested_token_type: z.enum(tokenTypes as [string, ...string[]]).optional(),
    scope: z.string().optional().openapi({ description: 'Empty, or `user:NAME` for a personal token' }),
    expiration: z
      .union([z.number().int(), z.string()])
      .optional()
      .openapi({ description: 'Seconds. The issuer in esc.yaml has a longest time' }),
  })
  .openapi('TokenExchange')

const shortRequest = z
  .object({
    organization: z.string(),
    token: z.string().openapi({ description: 'A JSON Web Token of an issuer that the server trusts' }),
  })
  .openapi('ServiceAccountTokenExchange')

const granted = z
  .object({
    access_token: z.string(),
    issued_token_type: z.string(),
    token_type: z.string(),
    expires_in: z.number().int(),
    scope: z.string(),
  })
  .openapi('ExchangedToken')

const refusal = z
  .object({
    code: z.number().int(),
    message: z.string(),
    // A body that cannot be read at all is refused before it is known to be for an exchange.
    error: z.string().optional(),
    error_description: z.string().optional(),
  })
  .openapi('RefusedExchange')

/** Somebody who has not shown yet who they are. Nothing asks for what this one may do. */
export const nobodyYet: ServerToken = {
  id: '',
  name: 'none',
  user: 'anonymous',
  organization: '',
  admin: false,
  level: 'read',
  environments: [],
  created: new Date(0),
  createdBy: '',
}

/** Exchange of identity tokens for tokens of the server (RFC 8693), as clients use it. */
export function tokenExchangeRoutes(api: Api): void {
  const content = { schema: request }
  api.openAPIRegistry.registerPath({
    operationId: 'exchangeToken',
    method: 'post',
    path: '/api/oauth/token',
    summary: 'Exchange an identity token for a token of the server',
    tags: ['Account'],
    security: [],
    request: {
      body: {
        required: true,
        content: { 'application/x-www-form-urlencoded': content, 'application/json': content },
      },
    },
    responses: answers({
      200: { description: 'The token', schema: granted },
      400: { description: 'A refusal, with the error of RFC 6749', schema: refusal },
      503: { description: 'The keys of the issuer cannot be had', schema: refusal },
    }),
  })
  api.post('/api/oauth/token', (c) => exchange(c, wishOf))
  api.openAPIRegistry.registerPath({
    operationId: 'exchangeServiceAccountToken',
    method: 'post',
    path: '/api/oauth/oidc/token',
    summary: 'Exchange the token of a service account, as External Secrets does',
    tags: ['Account'],
    security: [],
    request: { body: { required: true, content: { 'application/json': { schema: shortRequest } } } },
    responses: answers({
      200: { description: 'The token', schema: granted },
      400: { description: 'A refusal, with the error of RFC 6749', schema: refusal },
      503: { description: 'The keys of the issuer cannot be had', schema: refusal },
    }),
  })
  api.post('/api/oauth/oidc/token', (c) => exchange(c, shortWishOf))
}

async function exchange(c: ApiContext, read: typeof wishOf): Promise<Response> {
  const { parts, address } = c.var
  await parts.limits.signIn(address)
  const wish = read(await fieldsOf(c), parts.organization)
  if ('error' in wish) return refuse(c, wish.error, wish.message)
  const anonymous = parts.sessionFor(nobodyYet, address)
  const { result: identity } = await anonymous.perform(verifyIdentity, undefined, {
    token: wish.token,
    keys: parts.issuerKeys,
  })
  if (identity.kind === 'refused') return refuse(c, identity.error, identity.message)
  if (wish.user !== undefined && wish.user !== identity.user) {
    const message = `the identity token is of ${JSON.stringify(identity.user)}, and not of ${JSON.stringify(wish.user)}`
    return refuse(c, 'invalid_scope', message)
  }
  const { seconds } = wish
  const theirs = parts.sessionFor({ ...nobodyYet, user: identity.user, name: identity.user }, address)
  const { result } = await theirs.perform(grantToken, undefined, { identity, by: 'exchange', seconds })
  const { created, expires = created } = result.kept
  return answerJson(c, {
    access_token: result.token,
    issued_token_type: wish.type,
    token_type: 'token',
    expires_in: Math.floor((expires.getTime() - created.getTime()) / 1000),
    scope: wish.scope,
  })
}

type Fields = Readonly<Record<string, unknown>>

/** The body, a form or JSON: clients send both. */
async function fieldsOf(c: ApiContext): Promise<Fields | undefined> {
  const text = await c.req.text()
  if (!/^application[/]json\b/i.test(c.req.header('content-type') ?? '')) {
    const form = new URLSearchParams(text)
    // A field twice could mean one thing to a proxy, and another here.
    return new Set(form.keys()).size === [...form.keys()].length ? Object.fromEntries(form) : undefined
  }
  try {
    const fields: unknown = JSON.parse(text)
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as Fields) : undefined
  } catch {
    return undefined
  }
}

interface Wish {
  readonly token: string
  readonly type: string
  readonly scope: string
  /** The user that a personal token is to be for. */
  readonly user: string | undefined
  readonly seconds: number | undefined
}

/** Reads what is asked for, or what is wrong with it. */
function wishOf(fields: Fields | undefined, organization: string): Wish | { error: string; message: string } {
  const bad = (message: string, error = 'invalid_request') => ({ error, message })
  if (fields === undefined) return bad('the body is neither a form nor a JSON object')
  const text = (name: string) => (typeof fields[name] === 'string' ? (fields[name] as string) : '')
  if (text('grant_type') !== grantType) return bad(`grant_type is not ${grantType}`, 'unsupported_grant_type')
  if (text('audience') !== `urn:pulumi:org:${organization}`)
    return bad(`audience is not urn:pulumi:org:${organization}`, 'invalid_target')
  if (!subjectTypes.includes(text('subject_token_type')))
    return bad(`subject_token_type is none of ${subjectTypes.join(', ')}`)
  if (text('subject_token') === '') return bad('subject_token is missing')
  const type = text('requested_token_type') || (tokenTypes[0] as string)
  if (!tokenTypes.includes(type)) return bad(`requested_token_type is none of ${tokenTypes.join(', ')}`)
  const scope = text('scope')
  const [, user] = /^user:(.+)$/.exec(scope) ?? []
  if (scope.startsWith('team:') || type.endsWith(':team'))
    return bad('there are no tokens of teams: ask for one of the organization', 'invalid_scope')
  if (scope !== '' && user === undefined) return bad('scope is not empty, and not user:NAME', 'invalid_scope')
  const { expiration } = fields
  const seconds = expiration === undefined || expiration === null || expiration === '' ? undefined : Number(expiration)
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0))
    return bad('expiration is not a number of seconds')
  // Clients send 0 where nobody has chosen a time.
  return { token: text('subject_token'), type, scope, user, seconds: seconds === 0 ? undefined : seconds }
}

/** Reads what External Secrets asks for: nothing but the organization and the token. */
function shortWishOf(fields: Fields | undefined, organization: string): Wish | { error: string; message: string } {
  const { organization: named, token } = fields ?? {}
  if (named !== organization)
    return { error: 'invalid_target', message: `organization is not ${organization}, the label of the store` }
  if (typeof token !== 'string' || token === '') return { error: 'invalid_request', message: 'token is missing' }
  return { token, type: tokenTypes[0] as string, scope: '', user: undefined, seconds: undefined }
}

function refuse(c: ApiContext, error: string, message: string): Response {
  const status = error === 'temporarily_unavailable' ? 503 : 400
  return answerJson(c, { code: status, message, error, error_description: message }, status)
}
