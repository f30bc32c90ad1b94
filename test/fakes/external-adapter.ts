import { createHash, createPublicKey, createVerify, randomBytes } from 'node:crypto'
import { adapterCertificate, adapterKey } from './adapter-certificate.ts'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { bearerOf, Refusal, VendorFake } from './vendor-fake.ts'

/** What the adapter knows of those who may call it. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly keys: readonly Readonly<Record<string, string>>[]
}

/**
 * An adapter as users write them: checks the signature, the audience, the time and the hash of the
 * body, rotates a password of which it keeps the last two, and answers a repeated `Idempotency-Key`
 * as it did before.
 */
export class FakeAdapter extends VendorFake {
  protected readonly hosts = ['adapter.example.org']
  trusted: TrustedIssuer | undefined
  /** By which it is called. */
  host = 'adapter.example.org'
  /** Passwords that log in, oldest first. */
  readonly valid: string[] = []
  /** How many times it rotated. */
  rotations = 0
  /** Forgets the keys it was given: as adapters that do not know of them. */
  forgetful = false
  /** Claims of the tokens that were accepted. */
  readonly claims: Record<string, unknown>[] = []
  readonly #answers = new Map<string, { readonly body: string; readonly answer: FakeAnswer }>()

  constructor() {
    super({ cert: adapterCertificate, key: adapterKey })
  }

  protected actionOf({ method, path }: FakeRequest): string {
    return `${method} ${path}`
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    this.#verify(request)
    const key = String(request.headers['idempotency-key'] ?? '')
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key)) throw refuse(400, 'Idempotency-Key')
    const known = this.forgetful ? undefined : this.#answers.get(key)
    if (known !== undefined) {
      if (known.body !== request.body) throw refuse(422, 'the key was used for another request')
      return known.answer
    }
    const { state } = JSON.parse(request.body) as { request: object; state: { password?: string } | null }
    if (state?.password !== undefined && !this.valid.includes(state.password)) throw refuse(422, 'unknown state')
    this.rotations++
    const password = randomBytes(18).toString('base64')
    this.valid.push(password)
    if (this.valid.length > 2) this.valid.shift()
    const answer = {
      status: 200,
      body: { user: 'app', password, former: state?.password ?? null, serial: this.rotations },
    }
    this.#answers.set(key, { body: request.body, answer })
    return answer
  }

  #verify(request: FakeRequest): void {
    const token = bearerOf(request) ?? ''
    const [head = '', payload = '', signature = ''] = token.split('.')
    const read = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>
    const { alg, kid } = read(head)
    const claims = read(payload)
    const jwk = this.trusted?.keys.find((each) => each.kid === kid)
    if (alg !== 'RS256' || jwk === undefined) throw refuse(401, `unknown key ${token}`)
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    if (!createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(key, signature, 'base64url')) {
      throw refuse(401, 'signature')
    }
    const now = Date.now() / 1000
    if (claims.iss !== this.trusted?.issuer) throw refuse(401, 'iss')
    if (claims.aud !== `https://${this.host}:${this.port}${request.path}`) throw refuse(401, 'aud')
    if (!(Number(claims.exp) > now && Number(claims.iat) <= now + 60)) throw refuse(401, 'exp')
    const hash = `sha256-${createHash('sha256').update(request.body).digest('base64')}`
    if (claims.body_hash !== hash) throw refuse(401, 'body_hash')
    for (const name of ['sub', 'jti', 'org', 'env', 'current_env', 'root_env', 'trigger_user']) {
      if (typeof claims[name] !== 'string' || claims[name] === '') throw refuse(401, name)
    }
    this.claims.push(claims)
  }
}

function refuse(status: number, error: string): Refusal {
  return new Refusal({ status, body: { error } })
}
