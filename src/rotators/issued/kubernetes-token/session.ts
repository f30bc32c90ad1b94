import { EscError } from '../../../errors.ts'
import type { HttpAnswer, VendorFault } from '../../../http/index.ts'
import { secret } from '../../../secret.ts'
import { backoff } from '../../backoff.ts'
import { rfc3339 } from '../../rfc3339.ts'
import type { RotatorContext } from '../../rotator.ts'
import {
  ask,
  clockOf,
  fieldOf,
  malformedVendorAnswer,
  textField,
  type Vendor,
  VendorHttpError,
  type VendorRequest,
} from '../../vendor-http.ts'
import type { IssuerSession, Listed, Listing, Trial } from '../kit/index.ts'
import type { KubernetesToken, KubernetesTokenInputs } from './types.ts'

export const rotator = 'kubernetes-service-account-token'

/** The type of a secret that the cluster puts a token into. */
const tokenType = 'kubernetes.io/service-account-token'
const accountAnnotation = 'kubernetes.io/service-account.name'
const managedBy = { 'app.kubernetes.io/managed-by': 'esc' }
/** Names, labels and annotations of secrets, and none of their data. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
/** The time in which the cluster puts a token into a secret. */
const filling = { firstWaitMs: 200, longestWaitMs: 2_000, totalMs: 15_000 }
const mostPages = 1_000

type Way = Pick<Vendor, 'fetch' | 'wayHint'>

/** The calls of one rotation, as whoever `login` is. */
export class KubernetesSession implements IssuerSession<KubernetesToken> {
  readonly #inputs: KubernetesTokenInputs
  readonly #way: Way
  readonly #context: RotatorContext

  constructor(inputs: KubernetesTokenInputs, way: Way, context: RotatorContext) {
    this.#inputs = inputs
    this.#way = way
    this.#context = context
  }

  /** A token of an account that is not there would be deleted by the cluster at once. */
  async requireSubject(): Promise<void> {
    const { namespace, serviceAccount } = this.#inputs
    try {
      const doing = `reading service account ${serviceAccount} in namespace ${namespace}`
      await this.#call({ doing, method: 'GET', url: this.#account, repeatable: true })
    } catch (error) {
      if (!(error instanceof VendorHttpError) || error.vendorCode !== 'NotFound') throw error
      throw new EscError(
        'invalid_input',
        `${rotator}: no service account ${serviceAccount} in namespace ${namespace}`,
        {
          hint: 'check `namespace` and `serviceAccount`, or create it with kubectl create serviceaccount',
        },
      )
    }
  }

  /** Two lists: tokens that the cluster puts into secrets, and ours of any kind. */
  async list(): Promise<Listing> {
    const tokens = await this.#listed(`fieldSelector=${encodeURIComponent(`type=${tokenType}`)}`)
    const selector = Object.entries(managedBy).map(([label, value]) => `${label}=${value}`)
    const ours = await this.#listed(`labelSelector=${encodeURIComponent(selector.join())}`)
    const seen = new Set(tokens.listed.map(({ id }) => id))
    return { listed: [...tokens.listed, ...ours.listed.filter(({ id }) => !seen.has(id))], at: ours.at }
  }

  async #listed(query: string): Promise<Listing> {
    const doing = `listing secrets in namespace ${this.#inputs.namespace}`
    const listed: Listed[] = []
    let more = ''
    for (let pages = 0; pages < mostPages; pages++) {
      const url = `${this.#secrets}?${query}&limit=500${more}`
      const answer = await this.#call({
        doing,
        method: 'GET',
        url,
        headers: { accept: metadataOnly },
        repeatable: true,
      })
      const items = fieldOf(answer.json, 'items')
      if (!Array.isArray(items)) throw malformedVendorAnswer(this.#vendor(), doing)
      listed.push(...items.flatMap((item) => this.#listedSecret(item)))
      const next = textField(fieldOf(answer.json, 'metadata'), 'continue')
      if (next === undefined) return { listed, at: clockOf(answer, this.#context) }
      more = `&continue=${encodeURIComponent(next)}`
    }
    throw malformedVendorAnswer(this.#vendor(), doing)
  }

  /** None for a secret of another account. */
  #listedSecret(item: unknown): readonly Listed[] {
    const metadata = fieldOf(item, 'metadata')
    const name = textField(metadata, 'name')
    const of = textField(fieldOf(metadata, 'annotations'), accountAnnotation)
    if (name === undefined || of !== this.#inputs.serviceAccount) return []
    const createdAt = new Date(textField(metadata, 'creationTimestamp') ?? Number.NaN)
    return [{ id: name, name, createdAt }]
  }

  create(mark: string): Promise<KubernetesToken> {
    return this.#inputs.lifetimeInHours === undefined ? this.#createLasting(mark) : this.#createBound(mark)
  }

  /** The cluster puts a token into the secret, a moment later. */
  async #createLasting(mark: string): Promise<KubernetesToken> {
    const { name, createdAt } = await this.#createSecret(mark, tokenType)
    const doing = `reading the token in secret ${name}`
    const waits = backoff(filling, filling.totalMs)
    for (;;) {
      const { json } = await lasting(this.#call({ doing, method: 'GET', url: this.#at(name), repeatable: true }))
      const token = textField(fieldOf(json, 'data'), 'token')
      if (token !== undefined) {
        return { secretName: name, token: secret(Buffer.from(token, 'base64').toString()), createdAt }
      }
      const wait = waits.next()
      if (wait === undefined) throw this.#neverFilled(name)
      await this.#context.sleep(wait)
    }
  }

  /** A token that ends by itself, or with the secret, which holds nothing. */
  async #createBound(mark: string): Promise<KubernetesToken> {
    const { lifetimeInHours = 1, audiences } = this.#inputs
    const { name, uid, createdAt } = await this.#createSecret(mark, 'Opaque')
    const doing = 'requesting a token'
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audiences && { audiences: [...audiences] }),
        expirationSeconds: Math.round(lifetimeInHours * 3_600),
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid },
      },
    }
    try {
      const request = { doing, method: 'POST', url: `${this.#account}/token`, body, repeatable: false } as const
      const status = fieldOf((await this.#call(request)).json, 'status')
      const token = textField(status, 'token')
      const expires = new Date(textField(status, 'expirationTimestamp') ?? Number.NaN)
      if (token === undefined || Number.isNaN(expires.getTime())) throw malformedVendorAnswer(this.#vendor(), doing)
      return { secretName: name, token: secret(token), createdAt, expiresAt: rfc3339(expires) }
    } catch (error) {
      // Refused is refused only once the secret is gone again.
      await this.remove(name)
      throw error
    }
  }

  async #createSecret(mark: string, type: string) {
    const { serviceAccount } = this.#inputs
    const name = `${serviceAccount.slice(0, 200).replace(/[.-]+$/, '')}-${mark}`
    const doing = 'creating a secret for the token'
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, labels: managedBy, annotations: { [accountAnnotation]: serviceAccount } },
      type,
    }
    const { json } = await this.#call({ doing, method: 'POST', url: this.#secrets, body, repeatable: false })
    const metadata = fieldOf(json, 'metadata')
    const uid = textField(metadata, 'uid')
    const created = new Date(textField(metadata, 'creationTimestamp') ?? Number.NaN)
    if (textField(json, 'kind') !== 'Secret' || textField(metadata, 'name') !== name || uid === undefined) {
      throw malformedVendorAnswer(this.#vendor(), doing)
    }
    const createdAt = rfc3339(Number.isNaN(created.getTime()) ? this.#context.now() : created)
    return { name, uid, createdAt }
  }

  async remove(name: string): Promise<'absent' | undefined> {
    try {
      await this.#call({ doing: `deleting secret ${name}`, method: 'DELETE', url: this.#at(name), repeatable: true })
      return undefined
    } catch (error) {
      if (error instanceof VendorHttpError && error.vendorCode === 'NotFound') return 'absent'
      throw error
    }
  }

  async tryLogin({ token }: KubernetesToken): Promise<Trial> {
    const { namespace, serviceAccount } = this.#inputs
    const wanted = `system:serviceaccount:${namespace}:${serviceAccount}`
    const url = `${this.#server}/apis/authentication.k8s.io/v1/selfsubjectreviews`
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const doing = `logging in as ${wanted}`
    try {
      const { json } = await ask(
        this.#vendor(token.reveal()),
        this.#as(token.reveal(), { doing, method: 'POST', url, body, repeatable: true }),
      )
      const name = textField(fieldOf(fieldOf(json, 'status'), 'userInfo'), 'username')
      if (name === wanted) return { kind: 'works' }
      if (name === undefined) throw malformedVendorAnswer(this.#vendor(), doing)
      return { kind: 'refused', code: name, said: `logs in as ${name}` }
    } catch (error) {
      if (!(error instanceof VendorHttpError) || !error.refused) throw error
      if (error.transient) throw error
      // Known, and not allowed to ask, or a cluster from before 1.28: it logs in.
      if (error.status === 403 || error.status === 404) return { kind: 'works' }
      return { kind: error.status === 401 ? 'unknown yet' : 'inconclusive', code: error.vendorCode }
    }
  }

  get #server(): string {
    return this.#inputs.server.replace(/\/+$/, '')
  }
  get #namespace(): string {
    return `${this.#server}/api/v1/namespaces/${this.#inputs.namespace}`
  }
  get #secrets(): string {
    return `${this.#namespace}/secrets`
  }
  get #account(): string {
    return `${this.#namespace}/serviceaccounts/${this.#inputs.serviceAccount}`
  }

  #at(name: string): string {
    return `${this.#secrets}/${encodeURIComponent(name)}`
  }

  #call(request: VendorRequest): Promise<HttpAnswer> {
    const token = this.#inputs.login?.token.reveal()
    return ask(this.#vendor(), token === undefined ? request : this.#as(token, request))
  }

  #as(token: string, request: VendorRequest): VendorRequest {
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }
  }

  #vendor(...others: readonly string[]): Vendor {
    const own = this.#inputs.login?.token.reveal()
    const hidden = [...(own === undefined ? [] : [own]), ...others]
    return { rotator, ...this.#way, context: this.#context, hidden, readFault: statusFault, hints }
  }

  #neverFilled(name: string): VendorHttpError {
    return new VendorHttpError(`${rotator}: the cluster has put no token into secret ${name}`, {
      code: 'no token',
      refused: false,
      hint: 'its token controller must run; or give `lifetimeInHours`, for tokens that the API itself makes',
    })
  }
}

/** The secret is there by now, so that a refusal of what follows says nothing about it. */
async function lasting<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof VendorHttpError) || !error.refused) throw error
    const { message, vendorCode: code, status, hint } = error
    throw new VendorHttpError(message, {
      code,
      refused: false,
      hint: hint as string,
      ...(status !== undefined && { status }),
    })
  }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function statusFault(json: unknown, { status }: HttpAnswer): VendorFault | undefined {
  if (textField(json, 'kind') !== 'Status') return undefined
  const text = textField(json, 'message')
  return { code: textField(json, 'reason') ?? `HTTP ${status}`, ...(text !== undefined && { text }) }
}

const hints: Readonly<Record<string, string>> = {
  Unauthorized: 'the token in `login`, or the certificate in `tls`, has expired or is not one of this cluster',
  Forbidden:
    'whoever logs in needs a role in the namespace that may get serviceaccounts; create, get, list and delete secrets; and, with `lifetimeInHours`, create serviceaccounts/token',
  Invalid: 'check `lifetimeInHours` and `audiences`',
}
