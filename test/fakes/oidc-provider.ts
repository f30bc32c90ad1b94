import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { adapterCertificate, adapterKey } from './adapter-certificate.ts'

interface Key {
  readonly alg: string
  readonly sign: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  readonly jwk: JWK
}

/** A code that was handed out, and what it is bound to. */
interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly nonce: string | undefined
  readonly person: JWTPayload
  readonly until: number
}

export interface RegisteredClient {
  readonly id: string
  /** Absent for a public client. */
  readonly secret?: string
  readonly redirectUris: readonly string[]
}

/**
 * An OpenID provider over TLS: discovery, keys, and the code flow with what RFC 6749, RFC 7636 and
 * OpenID Connect Core have a provider check. Its certificate is `adapterCertificate`.
 */
export class FakeOidcProvider {
  readonly #keys = new Map<string, Key>()
  readonly #codes = new Map<string, Code>()
  readonly #server: Server
  readonly requests: string[] = []
  readonly refusals: string[] = []
  client: RegisteredClient | undefined
  /** Whoever is at the browser. */
  person: JWTPayload = {}
  /** Changes claims of ID tokens, to make wrong ones. */
  spoil: (claims: JWTPayload) => JWTPayload = (claims) => claims
  /** Answers this instead of the discovery document or the keys. */
  instead: Record<string, { readonly status: number; readonly body: string; readonly location?: string }> = {}

  private constructor() {
    this.#server = createServer({ key: adapterKey, cert: adapterCertificate }, async (request, response) => {
      const url = new URL(request.url ?? '/', this.url)
      this.requests.push(`${request.method} ${url.pathname}`)
      let body = ''
      for await (const part of request) body += part
      const answer = (status: number, json: unknown, headers = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
      }
      const instead = this.instead[url.pathname]
      if (instead !== undefined) {
        const { status, body: text, location } = instead
        response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) }).end(text)
        return
      }
      if (url.pathname === '/.well-known/openid-configuration') return answer(200, this.#discovery())
      if (url.pathname === '/jwks') return answer(200, { keys: this.jwks() })
      try {
        if (url.pathname === '/authorize' && request.method === 'GET')
          return answer(302, {}, { location: this.#authorize(url.searchParams) })
        if (url.pathname === '/token' && request.method === 'POST')
          return answer(
            200,
            await this.#token(new URLSearchParams(body), {
              type: request.headers['content-type'] ?? '',
              authorization: request.headers.authorization ?? '',
            }),
          )
      } catch (error) {
        const { message } = error as Error
        this.refusals.push(message)
        return answer(message.startsWith('invalid_client') ? 401 : 400, {
          error: message.split(':')[0],
          error_description: message,
        })
      }
      return answer(404, {})
    })
  }

  static async start(): Promise<FakeOidcProvider> {
    const provider = new FakeOidcProvider()
    await new Promise<void>((done) => provider.#server.listen(0, '127.0.0.1', done))
    await provider.addKey('first')
    return provider
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async addKey(kid: string, alg = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    this.#keys.set(kid, { alg, sign: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } })
  }

  jwks(): JWK[] {
    return [...this.#keys.values()].map(({ jwk }) => jwk)
  }

  /** A token with these claims, besides the issuer and a lifetime of five minutes. */
  sign(claims: JWTPayload, kid = [...this.#keys.keys()].at(-1) ?? ''): Promise<string> {
    const key = this.#keys.get(kid)
    if (key === undefined) throw new Error(`there is no key ${kid}`)
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: this.url, iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: key.alg, kid })
      .sign(key.sign)
  }

  #discovery() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...this.#keys.values()].map(({ alg }) => alg),
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  #authorize(asked: URLSearchParams): string {
    const { client } = this
    const uri = asked.get('redirect_uri') ?? ''
    // Neither of these goes back to an address that nobody has registered.
    if (client === undefined || asked.get('client_id') !== client.id) throw new Error('unauthorized_client')
    if (!client.redirectUris.includes(uri)) throw new Error(`invalid_request: redirect_uri ${uri} is not registered`)
    const back = new URL(uri)
    back.searchParams.set('iss', this.url)
    const state = asked.get('state')
    if (state !== null) back.searchParams.set('state', state)
    const challenge = asked.get('code_challenge') ?? ''
    const wrong =
      asked.get('response_type') !== 'code'
        ? 'unsupported_response_type'
        : !(asked.get('scope') ?? '').split(' ').includes('openid')
          ? 'invalid_scope'
          : asked.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge)
            ? 'invalid_request'
            : undefined
    if (wrong !== undefined) {
      this.refusals.push(wrong)
      back.searchParams.set('error', wrong)
      return back.href
    }
    const code = randomBytes(16).toString('hex')
    const nonce = asked.get('nonce') ?? undefined
    this.#codes.set(code, { challenge, redirectUri: uri, nonce, person: this.person, until: Date.now() + 60_000 })
    back.searchParams.set('code', code)
    return back.href
  }

  async #token(form: URLSearchParams, { type, authorization }: { type: string; authorization: string }) {
    if (!/^application\/x-www-form-urlencoded/.test(type)) throw new Error('invalid_request: not a form')
    this.#authenticate(form, authorization)
    if (form.get('grant_type') !== 'authorization_code') throw new Error('unsupported_grant_type')
    const given = form.get('code') ?? ''
    const code = this.#codes.get(given)
    // Once: a second use of a code is an attack.
    this.#codes.delete(given)
    if (code === undefined || code.until < Date.now()) throw new Error('invalid_grant: code')
    if (form.get('redirect_uri') !== code.redirectUri) throw new Error('invalid_grant: redirect_uri')
    const verifier = form.get('code_verifier') ?? ''
    if (!/^[\w.~-]{43,128}$/.test(verifier)) throw new Error('invalid_grant: code_verifier')
    if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge)
      throw new Error('invalid_grant: PKCE')
    const claims = {
      aud: this.client?.id ?? '',
      sub: 'somebody',
      ...code.person,
      ...(code.nonce && { nonce: code.nonce }),
    }
    return {
      access_token: randomBytes(16).toString('hex'),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: await this.sign(this.spoil(claims)),
    }
  }

  #authenticate(form: URLSearchParams, authorization: string): void {
    const { id = '', secret } = this.client ?? {}
    if (secret === undefined) {
      if (form.get('client_id') !== id || authorization !== '') throw new Error('invalid_client: public')
      return
    }
    const [, encoded = ''] = /^Basic (\S+)$/.exec(authorization) ?? []
    const [user = '', password = ''] = Buffer.from(encoded, 'base64').toString().split(':').map(formDecoded)
    const [one, other] = [password, secret].map((text) => createHash('sha256').update(text).digest())
    if (user !== id || !timingSafeEqual(one as Buffer, other as Buffer)) throw new Error('invalid_client: secret')
  }
}

/** RFC 6749, 2.3.1: both parts are encoded as in a form. */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
