import { randomBytes, randomUUID } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './http-fake.ts'
import { bearerOf, pathOf, Refusal, VendorFake } from './vendor-fake.ts'

export interface FakePassword {
  readonly keyId: string
  readonly secretText: string
  readonly displayName: string | null
  readonly startDateTime: string
  readonly endDateTime: string
  /** Log-ins that are still to be refused as an invalid secret. */
  unknownFor: number
  /** Listings that still leave it out. */
  unlistedFor: number
}

export interface FakeApplication {
  readonly appId: string
  readonly passwords: FakePassword[]
  /** Deleted passwords that listings still show. */
  readonly ghosts: { readonly password: FakePassword; listedFor: number }[]
  /** A federated token that is taken as proof. */
  assertion?: string
  /** Application permissions with admin consent. */
  roles: readonly string[]
  /** Applications it owns. */
  owns: readonly string[]
  /** Without one it cannot log in. */
  servicePrincipal: boolean
}

export interface FakeGraphOptions {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
}

const loginHost = 'login.microsoftonline.com'
const graphHost = 'graph.microsoft.com'

/**
 * The token endpoint of a tenant, and Microsoft Graph as far as client secrets of applications go.
 */
export class FakeGraph extends VendorFake {
  protected readonly hosts = [loginHost, graphHost]
  readonly tenant = '11111111-2222-3333-4444-555555555555'
  readonly applications = new Map<string, FakeApplication>()
  readonly #tokens = new Map<string, FakeApplication>()
  unknownFor: number
  unlistedFor: number
  lingersFor: number

  constructor({ unknownFor = 0, unlistedFor = 0, lingersFor = 0 }: FakeGraphOptions = {}) {
    super()
    this.unknownFor = unknownFor
    this.unlistedFor = unlistedFor
    this.lingersFor = lingersFor
  }

  get issuedTokens(): readonly string[] {
    return [...this.#tokens.keys()]
  }

  addApplication(roles: readonly string[] = []): FakeApplication {
    const application: FakeApplication = {
      appId: randomUUID(),
      passwords: [],
      ghosts: [],
      roles,
      owns: [],
      servicePrincipal: true,
    }
    this.applications.set(application.appId, application)
    return application
  }

  addPassword(application: FakeApplication, password: Partial<FakePassword> = {}): FakePassword {
    const made: FakePassword = {
      keyId: randomUUID(),
      secretText: `8Q~${randomBytes(28).toString('base64url')}+/=`,
      displayName: 'by hand',
      startDateTime: new Date().toISOString(),
      endDateTime: new Date(Date.now() + 90 * 86_400_000).toISOString(),
      unknownFor: 0,
      unlistedFor: 0,
      ...password,
    }
    application.passwords.push(made)
    return made
  }

  protected actionOf(request: FakeRequest): string {
    const { host, path } = pathOf(request)
    if (host === loginHost) return `token ${new URLSearchParams(request.body).get('client_id')}`
    return /\/(addPassword|removePassword)$/.exec(path)?.[1] ?? 'list'
  }

  protected carryOut(request: FakeRequest): FakeAnswer {
    const { host, path, query } = pathOf(request)
    return host === loginHost ? this.#login(request, path) : this.#graph(request, path, query)
  }

  #login({ method, headers, body }: FakeRequest, path: string): FakeAnswer {
    const refuse = (status: number, error: string, code: number, text: string) =>
      new Refusal({
        status,
        body: {
          error,
          error_description: `AADSTS${code}: ${text} Trace ID: ${randomUUID()} Correlation ID: ${randomUUID()} Timestamp: 2026-01-01 00:00:00Z`,
          error_codes: [code],
        },
      })
    if (method !== 'POST' || headers['content-type'] !== 'application/x-www-form-urlencoded') {
      throw refuse(400, 'invalid_request', 900144, 'The request body must be a form.')
    }
    if (path !== `${this.tenant}/oauth2/v2.0/token`) throw refuse(400, 'invalid_request', 90002, 'Tenant not found.')
    const form = new URLSearchParams(body)
    if (form.get('grant_type') !== 'client_credentials') throw refuse(400, 'unsupported_grant_type', 70003, 'Grant.')
    if (form.get('scope') !== 'https://graph.microsoft.com/.default')
      throw refuse(400, 'invalid_scope', 1002012, 'Scope.')
    const application = this.applications.get(form.get('client_id') ?? '')
    if (application === undefined) {
      throw refuse(400, 'unauthorized_client', 700016, `Application '${form.get('client_id')}' was not found.`)
    }
    if (!application.servicePrincipal) {
      throw refuse(
        401,
        'invalid_client',
        7000229,
        `The client application ${application.appId} is missing service principal.`,
      )
    }
    const assertion = form.get('client_assertion')
    if (assertion !== null) {
      const type = form.get('client_assertion_type')
      if (type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' || assertion !== application.assertion) {
        throw refuse(400, 'invalid_client', 700213, `No matching federated identity record found for ${assertion}.`)
      }
    } else {
      const given = form.get('client_secret')
      const password = application.passwords.find(({ secretText }) => secretText === given)
      if (password === undefined || password.unknownFor > 0) {
        if (password !== undefined) password.unknownFor--
        // Worse than the real one, which does not repeat what it was given.
        throw refuse(401, 'invalid_client', 7000215, `Invalid client secret provided: ${given}.`)
      }
      if (new Date(password.endDateTime) <= new Date()) {
        throw refuse(401, 'invalid_client', 7000222, 'The provided client secret keys are expired.')
      }
    }
    const access_token = `eyJ0.${randomBytes(24).toString('base64url')}`
    this.#tokens.set(access_token, application)
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token } }
  }

  #graph(request: FakeRequest, path: string, query: URLSearchParams): FakeAnswer {
    const fault = (status: number, code: string, message: string) =>
      new Refusal({ status, body: { error: { code, message, innerError: { 'request-id': randomUUID() } } } })
    const token = bearerOf(request)
    const caller = this.#tokens.get(token ?? '')
    if (caller === undefined)
      throw fault(401, 'InvalidAuthenticationToken', `Access token is empty or invalid: ${token}`)
    const [, appId = '', action] = /^v1\.0\/applications\(appId='([^']*)'\)(?:\/(\w+))?$/.exec(path) ?? []
    const application = this.applications.get(appId)
    if (application === undefined) {
      throw fault(
        404,
        'Request_ResourceNotFound',
        `Resource '${appId}' does not exist or one of its queried reference-property objects are not present.`,
      )
    }
    const mayWrite =
      caller.roles.includes('Application.ReadWrite.All') ||
      (caller.roles.includes('Application.ReadWrite.OwnedBy') && caller.owns.includes(appId))
    const mayRead = mayWrite || caller.roles.includes('Application.Read.All')
    if (!(action === undefined ? mayRead : mayWrite)) {
      throw fault(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    }
    if (request.method === 'GET' && action === undefined && query.get('$select') === 'passwordCredentials') {
      return this.#list(application)
    }
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json') {
      throw fault(400, 'Request_BadRequest', 'Unsupported request.')
    }
    const body = JSON.parse(request.body) as { passwordCredential?: Record<string, string>; keyId?: string }
    if (action === 'addPassword') {
      const { displayName = null, endDateTime } = body.passwordCredential ?? {}
      if (endDateTime === undefined || Number.isNaN(new Date(endDateTime).getTime())) {
        throw fault(400, 'Request_BadRequest', 'endDateTime')
      }
      const { unknownFor, unlistedFor } = this
      const made = this.addPassword(application, { displayName, endDateTime, unknownFor, unlistedFor })
      return { status: 200, body: { ...shown(made), secretText: made.secretText } }
    }
    if (action === 'removePassword') {
      const index = application.passwords.findIndex(({ keyId }) => keyId === body.keyId)
      if (index < 0) throw fault(400, 'Request_BadRequest', `No password credential found with keyId ${body.keyId}.`)
      const [password] = application.passwords.splice(index, 1)
      application.ghosts.push({ password: password!, listedFor: this.lingersFor })
      return { status: 204, body: '' }
    }
    throw fault(400, 'BadRequest', `Resource not found for the segment '${action}'.`)
  }

  #list({ passwords, ghosts }: FakeApplication): FakeAnswer {
    const listed = passwords.filter((password) => {
      if (password.unlistedFor === 0) return true
      password.unlistedFor--
      return false
    })
    for (const ghost of ghosts) if (ghost.listedFor-- > 0) listed.push(ghost.password)
    return { status: 200, body: { passwordCredentials: listed.map(shown) } }
  }
}

function shown({ keyId, secretText, displayName, startDateTime, endDateTime }: FakePassword) {
  const hint = secretText.slice(0, 3)
  return { customKeyIdentifier: null, displayName, endDateTime, hint, keyId, secretText: null, startDateTime }
}
