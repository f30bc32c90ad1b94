import type { HttpAnswer, VendorFault } from '../../../http/index.ts'
import type { Secret } from '../../../secret.ts'
import { secret } from '../../../secret.ts'
import { backoff } from '../../backoff.ts'
import { rfc3339 } from '../../rfc3339.ts'
import type { RotatorContext } from '../../rotator.ts'
import {
  ask,
  clockOf,
  malformedVendorAnswer,
  type Vendor,
  VendorHttpError,
  type VendorRequest,
} from '../../vendor-http.ts'
import type { IssuedTiming, IssuerSession, Listed, Listing, Trial } from '../kit/index.ts'
import { dateAt, idAt, memberAt, textAt, timeAt } from './answer.ts'
import { type HttpAuth, type HttpCredential, type HttpDefinition, type HttpRequest, hasMarks } from './definition.ts'
import { nextPage } from './pages.ts'
import { fill, fillAll, type TemplateValues } from './template.ts'

/** One API for the time of a rotation. */
export interface HttpApi {
  readonly rotator: string
  readonly definition: HttpDefinition
  readonly way: Pick<Vendor, 'fetch' | 'wayHint'>
  readonly timing: IssuedTiming
  /** Remedies by the code of an error, or such as `HTTP 403`. */
  readonly hints?: Readonly<Record<string, string>>
}

/** More pages than any list of credentials has. */
const mostPages = 1_000

const usualHints: Readonly<Record<string, string>> = {
  'HTTP 401': 'check `auth` and `headers`',
  'HTTP 403': 'check what the credential in `auth` or `headers` may do',
  'HTTP 404': 'check `url`, and the path below it',
  'HTTP 405': 'check `method`',
}

/** The calls of one rotation. */
export function httpSession(api: HttpApi, context: RotatorContext): IssuerSession<HttpCredential> {
  return new HttpSession(api, context)
}

class HttpSession implements IssuerSession<HttpCredential> {
  readonly #api: HttpApi
  readonly #context: RotatorContext
  readonly #vendor: Vendor
  readonly #headers: Readonly<Record<string, string>>

  constructor(api: HttpApi, context: RotatorContext) {
    this.#api = api
    this.#context = context
    const { auth, headers = {} } = api.definition
    const texts = auth === undefined ? undefined : mapAuth(auth, (text) => text.reveal())
    const shown = Object.entries(headers).map(([name, value]) => [name, value.reveal()] as const)
    this.#headers = { ...Object.fromEntries(shown), ...authorization(texts) }
    this.#vendor = this.#vendorHiding([...shown.map(([, value]) => value), ...secretsOf(texts)])
  }

  async list(): Promise<Listing> {
    const { list } = this.#api.definition
    const doing = 'listing'
    const items: unknown[] = []
    const asked = new Set<string>()
    for (let url = this.#at(list.path, {}); ; ) {
      const answer = await this.#call({ doing, method: 'GET', url, repeatable: true })
      const page = memberAt(answer.json, list.items ?? '')
      if (!Array.isArray(page)) throw this.#malformed(doing, `no list in ${JSON.stringify(list.items ?? '')}`)
      items.push(...page)
      const next = nextPage(list, url, answer, page.length)
      if (next === undefined) return { listed: this.#listed(items), at: clockOf(answer, this.#context) }
      if ('problem' in next) throw this.#malformed(doing, next.problem)
      asked.add(url)
      url = next.url
      if (asked.has(url) || asked.size > mostPages) throw this.#malformed(doing, 'its pages have no end')
    }
  }

  #listed(items: readonly unknown[]): readonly Listed[] {
    const { definition } = this.#api
    const { list } = definition
    const wanted = items.filter((item) => this.#isWanted(item))
    if (
      list.name !== undefined &&
      wanted.length > 0 &&
      wanted.every((item) => memberAt(item, list.name ?? '') === undefined)
    ) {
      throw this.#malformed('listing', `no name in ${JSON.stringify(list.name)}`)
    }
    return wanted.map((item) => {
      const id = idAt(item, list.id)
      const createdAt = dateAt(item, list.createdAt)
      if (id === undefined) throw this.#malformed('listing', `no usable id in ${JSON.stringify(list.id)}`)
      if (createdAt === undefined && !hasMarks(definition)) {
        throw this.#malformed('listing', `no date in ${JSON.stringify(list.createdAt)}`)
      }
      const name = list.name === undefined ? undefined : textAt(item, list.name)
      return { id, ...(createdAt && { createdAt }), ...(name !== undefined && { name }) }
    })
  }

  #isWanted(item: unknown): boolean {
    return Object.entries(this.#api.definition.list.only ?? {}).every(([path, value]) => {
      const found = memberAt(item, path)
      if (found === undefined) throw this.#malformed('listing', `nothing in ${JSON.stringify(path)}`)
      return found === value
    })
  }

  async create(mark: string): Promise<HttpCredential> {
    const { create } = this.#api.definition
    const { idempotencyHeader } = create
    const doing = 'creating'
    const again = idempotencyHeader === undefined ? {} : { [idempotencyHeader]: mark }
    const { json } = await this.#call({
      ...this.#sent(create, 'POST', { mark }),
      doing,
      headers: { ...this.#filled(create.headers, { mark }), ...again },
      repeatable: idempotencyHeader !== undefined,
    })
    const id = idAt(json, create.id)
    if (id === undefined) throw this.#malformed(doing, `no usable id in ${JSON.stringify(create.id)}`)
    const values = Object.entries(create.values).map(([name, path]): [string, Secret<string>] => {
      const text = textAt(json, path)
      if (text === undefined) throw this.#malformed(doing, `no text in ${JSON.stringify(path)}`)
      return [name, secret(text)]
    })
    const createdAt = timeAt(json, create.createdAt) ?? rfc3339(this.#context.now())
    return { id, values: Object.fromEntries(values), createdAt }
  }

  async remove(id: string): Promise<'absent' | undefined> {
    const { delete: request } = this.#api.definition
    try {
      await this.#call({ ...this.#sent(request, 'DELETE', { id }), doing: `deleting ${id}`, repeatable: true })
      return undefined
    } catch (error) {
      if (!(error instanceof VendorHttpError) || !(error.status === 404 || error.status === 410)) throw error
      await this.#requireAbsent(id, error)
      return 'absent'
    }
  }

  /** A path that is wrong is answered like a credential that is gone, and only the list tells. */
  async #requireAbsent(id: string, { vendorCode, status = 404 }: VendorHttpError): Promise<void> {
    const { rotator, timing } = this.#api
    const waits = backoff(timing, timing.absenceMs)
    for (;;) {
      const { listed } = await this.list()
      if (!listed.some((each) => each.id === id)) return
      const wait = waits.next()
      if (wait === undefined) {
        throw new VendorHttpError(`${rotator}: deleting ${id} failed: ${vendorCode}, but it is still listed`, {
          code: vendorCode,
          status,
          refused: true,
          hint: 'check `delete.path`; if it is right, wait a while and run again',
        })
      }
      await this.#context.sleep(wait)
    }
  }

  async tryLogin({ id, values }: HttpCredential): Promise<Trial> {
    const { verify } = this.#api.definition
    const texts: TemplateValues = {
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.reveal()])),
      id,
    }
    const auth = verify.auth === undefined ? undefined : mapAuth(verify.auth, (text) => fill(text, texts))
    const own = [...Object.values(values).map((value) => value.reveal()), ...secretsOf(auth)]
    const asHolder = this.#vendorHiding([...this.#vendor.hidden, ...own])
    try {
      const headers = { ...this.#filled(verify.headers, texts), ...authorization(auth) }
      await ask(asHolder, {
        ...this.#sent(verify, 'GET', texts),
        doing: `logging in with ${id}`,
        headers,
        repeatable: true,
      })
      return { kind: 'works' }
    } catch (error) {
      const { status = 500, vendorCode } = error instanceof VendorHttpError ? error : { vendorCode: '' }
      if (status >= 500 || status === 408 || status === 429) throw error
      if (verify.works?.includes(status)) return { kind: 'works' }
      return { kind: 'unknown yet', code: vendorCode }
    }
  }

  #call(request: VendorRequest): Promise<HttpAnswer> {
    return ask(this.#vendor, { ...request, headers: { ...this.#headers, ...request.headers } })
  }

  #sent(request: HttpRequest, method: NonNullable<HttpRequest['method']>, values: TemplateValues) {
    const { body, form } = request
    return {
      method: request.method ?? method,
      url: this.#at(request.path, values),
      headers: this.#filled(request.headers, values),
      ...(body !== undefined && { body: fillAll(body, values) }),
      ...(form !== undefined && { body: new URLSearchParams(this.#filled(form, values)) }),
    }
  }

  #at(path: string, values: TemplateValues): string {
    const base = this.#api.definition.url.replace(/\/+$/, '')
    return `${base}/${fill(path.replace(/^\/+/, ''), values, encodeURIComponent)}`
  }

  #filled(texts: Readonly<Record<string, string>> = {}, values: TemplateValues): Record<string, string> {
    return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, values)]))
  }

  #vendorHiding(hidden: readonly string[]): Vendor {
    const { rotator, way, hints, definition } = this.#api
    return {
      rotator,
      ...way,
      context: this.#context,
      hidden,
      readFault: (json, answer) => faultIn(json, answer, definition.error),
      hints: { ...usualHints, ...hints },
    }
  }

  #malformed(doing: string, lacks: string): VendorHttpError {
    const hint = 'compare the definition with the documentation of the API; or a proxy or portal answers in its place'
    return malformedVendorAnswer(this.#vendor, doing, { lacks, hint })
  }
}

/** The usual members of an error. */
const usualCodes = ['error.code', 'code', 'error.type', 'errors[0].code', 'error']
const usualMessages = ['error.message', 'message', 'errors[0].message', 'error_description', 'detail', 'title', 'error']

/** The words of a refusal. `undefined`: a page of somebody between. */
function faultIn(
  json: unknown,
  { status, text }: Pick<HttpAnswer, 'status' | 'text'>,
  error: HttpDefinition['error'] = {},
): VendorFault | undefined {
  const code = `HTTP ${status}`
  // Many refuse without a word; a proxy or a portal has a page.
  if (text.trim() === '') return { code }
  if (typeof json !== 'object' || json === null) return undefined
  const find = (paths: readonly string[]) =>
    paths.map((path) => memberAt(json, path)).find((found) => typeof found === 'string' || typeof found === 'number')
  const own = find(error.code === undefined ? usualCodes : [error.code])
  const message = find(error.message === undefined ? usualMessages : [error.message])
  return { code: own === undefined || own === '' ? code : String(own), text: String(message ?? '') }
}

function mapAuth<From, To>({ bearer, basic }: HttpAuth<From>, write: (text: From) => To): HttpAuth<To> {
  return {
    ...(bearer !== undefined && { bearer: write(bearer) }),
    ...(basic && { basic: { username: write(basic.username), password: write(basic.password) } }),
  }
}

function authorization(auth: HttpAuth<string> | undefined): Record<string, string> {
  const { bearer, basic } = auth ?? {}
  if (basic !== undefined) return { authorization: `Basic ${base64Of(basic)}` }
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
}

function base64Of({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64')
}

function secretsOf(auth: HttpAuth<string> | undefined): string[] {
  const { bearer, basic } = auth ?? {}
  return [bearer, basic?.password, basic && base64Of(basic)].filter((each) => each !== undefined)
}
