import { createHash, createPublicKey, createVerify, type JsonWebKey } from 'node:crypto'

/** What AWS, Google and Azure know of the issuer of tokens that they trust. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly keys: readonly JsonWebKey[]
  readonly audience: string
  readonly subject: string
  readonly now: () => Date
}

type Claims = Readonly<Record<string, unknown>>

/**
 * Checks a token as a vendor does, independently of what made it. Returns the claims, or why it is
 * refused.
 */
export function checkToken(token: string, trusted: TrustedIssuer): Claims | string {
  const [head = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0) return 'malformed'
  const header = JSON.parse(Buffer.from(head, 'base64url').toString())
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const jwk = trusted.keys.find((key) => (key as { readonly kid?: string }).kid === header.kid)
  if (jwk === undefined || header.alg !== 'RS256') return 'no such key'
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  if (!createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(key, signature, 'base64url')) return 'signature'
  const now = trusted.now().getTime() / 1000
  if (!(claims.iat <= now && now < claims.exp)) return 'expired'
  for (const [claim, value] of [
    ['iss', trusted.issuer],
    ['aud', trusted.audience],
    ['sub', trusted.subject],
  ] as const)
    if (claims[claim] !== value) return `${claim} is ${claims[claim]}`
  return claims
}

/** The security token services of AWS and Google, and Google's IAM Credentials, as a `fetch`. */
export class TokenServices {
  readonly requests: { readonly url: string; readonly body: string }[] = []
  /** Access tokens that may act as any service account. */
  readonly googleTokens = new Set<string>()
  /** Longest session of the role, in seconds. */
  longest = 43_200
  /** Answers of this status come first. */
  readonly faults: number[] = []
  readonly #trusted: TrustedIssuer | undefined

  constructor(trusted?: TrustedIssuer) {
    this.#trusted = trusted
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input)
    const body = String(init?.body)
    this.requests.push({ url, body })
    if (init?.method !== 'POST' || init.redirect !== 'manual') throw new Error('not how this is asked')
    const fault = this.faults.shift()
    if (fault !== undefined) return new Response('<html>busy</html>', { status: fault })
    const headers = new Headers(init.headers)
    if (/^https:\/\/sts\.[\w-]+\.amazonaws\.com(\.cn)?\/$/.test(url)) return this.#assumeRole(new URLSearchParams(body))
    if (url === 'https://sts.googleapis.com/v1/token') return this.#exchange(JSON.parse(body))
    const account = /\/v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/.exec(url)?.[1]
    if (url.startsWith('https://iamcredentials.googleapis.com/') && account !== undefined)
      return this.#generate(decodeURIComponent(account), headers.get('authorization') ?? '', JSON.parse(body))
    return new Response('not found', { status: 404 })
  }

  #assumeRole(form: URLSearchParams): Response {
    const fault = (status: number, code: string, text: string) =>
      new Response(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`,
        { status },
      )
    if (form.get('Action') !== 'AssumeRoleWithWebIdentity' || form.get('Version') !== '2011-06-15')
      return fault(400, 'InvalidAction', 'no such action')
    const token = form.get('WebIdentityToken') ?? ''
    const claims = this.#check(token)
    if (typeof claims === 'string') return fault(400, 'InvalidIdentityToken', `refused ${token}: ${claims}`)
    const seconds = Number(form.get('DurationSeconds'))
    if (seconds < 900 || seconds > this.longest)
      return fault(400, 'ValidationError', 'DurationSeconds exceeds MaxSessionDuration')
    const secret = createHash('sha256').update(token).digest('hex')
    return new Response(
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAFAKE</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>session&amp;${form.get('RoleSessionName')}</SessionToken></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    )
  }

  #exchange(body: Readonly<Record<string, string>>): Response {
    const wanted = {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    }
    const audience =
      /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[\w-]+\/providers\/[\w-]+$/
    const wrong = Object.entries(wanted).find(([key, value]) => body[key] !== value)
    if (wrong !== undefined || !audience.test(body.audience ?? ''))
      return Response.json(
        { error: 'invalid_request', error_description: 'Invalid value for "audience"' },
        { status: 400 },
      )
    const claims = this.#check(body.subjectToken ?? '')
    if (typeof claims === 'string')
      return Response.json(
        { error: 'invalid_grant', error_description: `${claims}: ${body.subjectToken}` },
        { status: 400 },
      )
    this.googleTokens.add('federated')
    return Response.json({ access_token: 'federated', token_type: 'Bearer', expires_in: 3600 })
  }

  #generate(account: string, authorization: string, body: { readonly lifetime: string }): Response {
    const token = authorization.replace('Bearer ', '')
    if (!this.googleTokens.has(token)) {
      const error = { code: 401, status: 'UNAUTHENTICATED', message: `bad token ${token}` }
      return Response.json({ error }, { status: 401 })
    }
    return Response.json({ accessToken: `of ${account} for ${body.lifetime}`, expireTime: '2026-03-04T06:06:07Z' })
  }

  #check(token: string): Claims | string {
    return this.#trusted === undefined ? 'nobody is trusted' : checkToken(token, this.#trusted)
  }
}
