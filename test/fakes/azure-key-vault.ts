import { constants, type KeyObject, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import { type FakeAnswer, type FakeRequest, HttpFake } from './http-fake.ts'
import { RsaPairs } from './rsa-pairs.ts'

interface RsaVersion {
  readonly version: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  enabled: boolean
}

interface App {
  readonly secret?: string
  /** A federated token that is taken as proof. */
  readonly assertion?: string
  /** Key permissions. */
  readonly allowed: readonly string[]
}

const hashes: Readonly<Record<string, string>> = { 'RSA-OAEP-256': 'sha256', 'RSA-OAEP': 'sha1' }
const vaultHost = 'team.vault.azure.net'
const loginHost = 'login.microsoftonline.com'
const metadataHost = '169.254.169.254'

/**
 * A vault with RSA keys, the token endpoint of its tenant, and the metadata service of a virtual
 * machine.
 */
export class FakeAzure extends HttpFake {
  readonly tenant = '11111111-2222-3333-4444-555555555555'
  readonly apps = new Map<string, App>()
  /** The managed identity of the machine; none by default. */
  managed: App | undefined
  /** Versions of a key, oldest first. */
  readonly keys = new Map<string, RsaVersion[]>()
  readonly #pairs = new RsaPairs()
  readonly #tokens = new Map<string, { readonly resource: string; readonly allowed: readonly string[] }>()

  /** For `reroute`. */
  get routes(): Readonly<Record<string, string>> {
    return {
      [`https://${vaultHost}`]: `${this.url}/${vaultHost}`,
      [`https://${loginHost}`]: `${this.url}/${loginHost}`,
      [`http://${metadataHost}`]: `${this.url}/${metadataHost}`,
    }
  }

  get issuedTokens(): readonly string[] {
    return [...this.#tokens.keys()]
  }

  /** Adds a version to a key, which is made if there is none. */
  addVersion(name: string): string {
    const version = randomBytes(16).toString('hex')
    const versions = this.keys.get(name) ?? []
    versions.push({ version, ...this.#pairs.next(), enabled: true })
    this.keys.set(name, versions)
    return version
  }

  protected isKeyCall({ path }: FakeRequest): boolean {
    return path.startsWith(`/${vaultHost}/`)
  }

  protected fault(status: number, text: string, code = 'BadParameter'): FakeAnswer {
    return { status, body: { error: { code, message: text } } }
  }

  protected answer(request: FakeRequest): FakeAnswer {
    const url = new URL(request.path, 'http://fake')
    const [, host, ...rest] = url.pathname.split('/')
    if (host === loginHost) return this.#login(request, rest.join('/'))
    if (host === metadataHost) return this.#metadata(request, url)
    return this.#key(request, url, rest)
  }

  #login({ method, headers, body }: FakeRequest, path: string): FakeAnswer {
    const refuse = (error: string, error_description: string) => ({ status: 401, body: { error, error_description } })
    if (method !== 'POST' || headers['content-type'] !== 'application/x-www-form-urlencoded') {
      return refuse('invalid_request', 'AADSTS900144: the body must be a form')
    }
    if (path !== `${this.tenant}/oauth2/v2.0/token`) return refuse('invalid_request', 'AADSTS90002: Tenant not found.')
    const form = new URLSearchParams(body)
    const app = this.apps.get(form.get('client_id') ?? '')
    if (app === undefined) return refuse('unauthorized_client', 'AADSTS700016: Application was not found.')
    const byAssertion =
      form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' &&
      app.assertion !== undefined &&
      form.get('client_assertion') === app.assertion
    const bySecret = app.secret !== undefined && form.get('client_secret') === app.secret
    if (!byAssertion && !bySecret) {
      return refuse('invalid_client', `AADSTS7000215: Invalid client secret provided: '${form.get('client_secret')}'.`)
    }
    const scope = /^(https:\/\/[^/]+)\/\.default$/.exec(form.get('scope') ?? '')?.[1]
    if (form.get('grant_type') !== 'client_credentials' || scope === undefined) {
      return refuse('invalid_scope', 'AADSTS1002012: The provided value for scope is not valid.')
    }
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: this.#issue(scope, app) } }
  }

  #metadata({ headers }: FakeRequest, { searchParams, pathname }: URL): FakeAnswer {
    const known = pathname.endsWith('/metadata/identity/oauth2/token') && searchParams.has('api-version')
    if (!known || headers.metadata !== 'true' || this.managed === undefined) {
      return { status: 400, body: { error: 'invalid_request', error_description: 'Identity not found' } }
    }
    const access_token = this.#issue(searchParams.get('resource') ?? '', this.managed)
    return { status: 200, body: { access_token, expires_in: '86399', token_type: 'Bearer' } }
  }

  #issue(resource: string, { allowed }: App): string {
    const token = `eyJ0eXAi.${randomBytes(24).toString('base64url')}`
    this.#tokens.set(token, { resource, allowed })
    return token
  }

  #key({ method, headers, body }: FakeRequest, url: URL, [keys, name, version, operation]: string[]): FakeAnswer {
    const token = this.#tokens.get(/^Bearer (.+)$/.exec(String(headers.authorization))?.[1] ?? '')
    if (token?.resource !== 'https://vault.azure.net') {
      const challenge = `Bearer authorization="https://${loginHost}/${this.tenant}", resource="https://vault.azure.net"`
      return {
        ...this.fault(401, 'AKV10000: Request is missing a Bearer token.', 'Unauthorized'),
        headers: { 'www-authenticate': challenge },
      }
    }
    if (!url.searchParams.has('api-version')) return this.fault(400, 'api-version must be specified')
    if (method !== 'POST' || keys !== 'keys' || (operation !== 'encrypt' && operation !== 'decrypt')) {
      return this.fault(404, 'not found', 'NotFound')
    }
    if (!token.allowed.includes(operation)) {
      const text = `The user does not have keys ${operation} permission on key vault 'team'.`
      return this.fault(403, text, 'Forbidden')
    }
    const versions = this.keys.get(name!) ?? []
    // No version stands for the newest.
    const key = version === '' ? versions.at(-1) : versions.find((each) => each.version === version)
    if (key === undefined) {
      return this.fault(404, `A key with (name/id) ${name}/${version} was not found in this key vault.`, 'KeyNotFound')
    }
    if (!key.enabled) return this.fault(403, 'Operation encrypt is not allowed on a disabled key.', 'Forbidden')
    const { alg, value } = JSON.parse(body) as { alg?: string; value?: string }
    const oaepHash = hashes[alg ?? '']
    if (oaepHash === undefined || !/^[\w-]+$/.test(value ?? '')) return this.fault(400, 'Property has invalid value')
    const bytes = Buffer.from(value!, 'base64url')
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }
    try {
      const result =
        operation === 'encrypt'
          ? publicEncrypt({ key: key.publicKey, ...padding }, bytes)
          : privateDecrypt({ key: key.privateKey, ...padding }, bytes)
      const kid = `https://${vaultHost}/keys/${name}/${key.version}`
      return { status: 200, body: { kid, value: result.toString('base64url') } }
    } catch {
      return this.fault(400, 'The parameter is incorrect.')
    }
  }
}
