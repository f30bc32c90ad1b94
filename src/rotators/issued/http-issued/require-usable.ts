import { EscError, messageOf } from '../../../errors.ts'
import type { Plain } from '../../../plain.ts'
import { Secret } from '../../../secret.ts'
import { parsePropertyPath } from '../../../yaml/index.ts'
import { isThisMachine } from '../../server-address.ts'
import { type HttpAuth, type HttpDefinition, type HttpRequest, hasMarks } from './definition.ts'
import { namesIn, textsIn } from './template.ts'

type Refuse = (place: string, problem: string, hint: string) => EscError

/**
 * Checks all that can be told without asking anybody.
 *
 * @throws EscError `invalid_input`, which names the input and what to write.
 */
export function requireUsable(rotator: string, definition: HttpDefinition): void {
  const refuse: Refuse = (place, problem, hint) =>
    new EscError('invalid_input', `${rotator}: \`${place}\` ${problem}`, { hint })
  const { auth, headers, create, verify, delete: remove, limit } = definition
  checkUrl(definition.url, refuse)
  if (auth !== undefined) checkAuth('auth', auth, refuse)
  checkHeaders('headers', headers, refuse)
  checkPaths(definition, refuse)
  checkCreation(definition, refuse)
  const values = Object.keys(create.values)
  checkRequest('create', create, ['mark'], refuse)
  checkRequest('delete', remove, ['id'], refuse)
  checkRequest('verify', verify, ['id', ...values], refuse)
  if (verify.auth !== undefined) {
    checkAuth('verify.auth', verify.auth, refuse)
    checkNames('verify.auth', namesOf({ auth: verify.auth }), ['id', ...values], refuse)
  }
  checkList(definition, refuse)
  if (!namesOf(remove).includes('id')) {
    throw refuse('delete', 'does not say which credential is meant', 'write {{id}} where its id belongs')
  }
  if (!namesOf(verify).some((name) => values.includes(name))) {
    const example = `{{${values[0]}}}`
    throw refuse('verify', 'shows nothing of what is secret, so it proves nothing', `write ${example} where it belongs`)
  }
  checkStatuses(verify.works ?? [], refuse)
  if (limit !== undefined && !(Number.isInteger(limit.count) && limit.count >= 2)) {
    throw refuse(
      'limit.count',
      `is ${limit.count}`,
      'give a whole number from 2 on: two credentials are valid at a time',
    )
  }
  if (limit !== undefined && !(limit.status >= 400 && limit.status < 500)) {
    throw refuse('limit.status', `is ${limit.status}`, 'give the status with which one more is refused, such as 409')
  }
}

function checkUrl(url: string, refuse: Refuse): void {
  const target = URL.canParse(url) ? new URL(url) : undefined
  const local = target?.protocol === 'http:' && isThisMachine(target.hostname.replace(/^\[|\]$/g, ''))
  const problem =
    target?.protocol !== 'https:' && !local
      ? 'is not an https:// address'
      : target?.username !== '' || target.password !== ''
        ? 'holds a user name or password'
        : target.hash !== '' || target.search !== ''
          ? 'holds a query or a fragment'
          : undefined
  // It may hold a password, so it is not quoted.
  if (problem !== undefined) {
    throw refuse(
      'url',
      problem,
      'write it as in https://api.example.org/v1; the log-in belongs into `auth` or `headers`',
    )
  }
}

function checkAuth(place: string, { bearer, basic }: HttpAuth<unknown>, refuse: Refuse): void {
  if ((bearer === undefined) === (basic === undefined)) {
    throw refuse(place, 'must hold one of `bearer` and `basic`', 'for another header, use `headers`')
  }
  for (const value of [bearer, basic?.username, basic?.password]) {
    if (value !== undefined && !isHeaderText(value)) throw refuse(place, notSendable, sendable)
  }
}

/** Headers that say how a request is sent, which is not up to a definition. */
const ours = ['host', 'content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade']
const notSendable = 'holds a text that no header can hold'
const sendable = 'it must not be empty, and hold no line breaks and nothing beyond Latin letters'

function checkHeaders(place: string, headers: Readonly<Record<string, unknown>> = {}, refuse: Refuse): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || ours.includes(name.toLowerCase())) {
      throw refuse(`${place}.${name}`, 'is not a header that can be set', 'write its name, such as x-api-key')
    }
    if (!isHeaderText(value)) throw refuse(`${place}.${name}`, notSendable, sendable)
  }
}

function isHeaderText(value: unknown): boolean {
  const text = value instanceof Secret ? value.reveal() : value
  return typeof text === 'string' && /^[\x20-\x7e\xa0-\xff]+$/.test(text) && text.trim() === text
}

/** Members of answers. */
function checkPaths({ list, create, error }: HttpDefinition, refuse: Refuse): void {
  const places: Readonly<Record<string, string | undefined>> = {
    'list.items': list.items,
    'list.id': list.id,
    'list.name': list.name,
    'list.createdAt': list.createdAt,
    'list.next.url': list.next?.url,
    'list.next.cursor': list.next?.cursor,
    'list.next.more': list.next?.more,
    'create.id': create.id,
    'create.createdAt': create.createdAt,
    'error.code': error?.code,
    'error.message': error?.message,
    ...prefixed('create.values', create.values),
  }
  const keys = Object.keys(list.only ?? {})
  const texts = [...Object.entries(places), ...keys.map((key) => [`list.only.${key}`, key] as const)]
  for (const [place, path] of texts) {
    if (path === undefined) continue
    try {
      if (path === '' && place !== 'list.items') throw new Error('it is empty')
      parsePropertyPath(path)
    } catch (error) {
      throw refuse(place, `is not a path to a member: ${messageOf(error)}`, 'write it as in error.code or data[0].id')
    }
  }
}

function prefixed(place: string, texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${place}.${name}`, text]))
}

function checkRequest(place: string, request: HttpRequest, known: readonly string[], refuse: Refuse): void {
  checkPath(`${place}.path`, request.path, refuse)
  checkHeaders(`${place}.headers`, request.headers, refuse)
  if (request.body !== undefined && request.form !== undefined) {
    throw refuse(place, 'has both `body` and `form`', 'keep one of them')
  }
  if (request.method === 'GET' && (request.body ?? request.form) !== undefined) {
    throw refuse(place, 'sends something with GET', 'write method: POST, or put it into the query of `path`')
  }
  checkNames(place, namesOf(request), known, refuse)
}

function checkPath(place: string, path: string, refuse: Refuse): void {
  const steps = path.replace(/\?.*$/s, '').split('/')
  if (/^[a-z][a-z0-9+.-]*:|^\/\/|[#\\\s]/i.test(path) || steps.some((step) => ['.', '..'].includes(step))) {
    throw refuse(place, `${JSON.stringify(path)} is not a path below \`url\``, 'write it as in api_keys/{{id}}')
  }
}

function namesOf({ path, headers, body, form, auth }: Partial<HttpRequest> & { readonly auth?: Plain }): string[] {
  return textsIn([path ?? '', headers ?? {}, body ?? {}, form ?? {}, auth ?? {}] as Plain).flatMap(namesIn)
}

function checkNames(place: string, names: readonly string[], known: readonly string[], refuse: Refuse): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const allowed = known.map((name) => `{{${name}}}`).join(', ')
  throw refuse(place, `has {{${unknown}}}, which nothing is put for`, `there is ${allowed} here`)
}

function checkList({ list }: HttpDefinition, refuse: Refuse): void {
  checkPath('list.path', list.path, refuse)
  const { next } = list
  if (next === undefined) return
  const ways = [next.url, next.link || undefined, next.page, next.cursor].filter((way) => way !== undefined)
  if (ways.length !== 1 || (next.cursor === undefined) !== (next.parameter === undefined)) {
    throw refuse(
      'list.next',
      'must hold one of `url`, `link: true`, `page`, and `cursor` with `parameter`',
      'write what the documentation of the API says of its pages',
    )
  }
}

function checkCreation(definition: HttpDefinition, refuse: Refuse): void {
  const { list, create } = definition
  const names = Object.keys(create.values)
  if (names.length === 0)
    throw refuse('create.values', 'is empty', 'name the member that is secret, as in {key: api_key}')
  const wrong = names.find((name) => !/^[A-Za-z_][\w-]*$/.test(name) || ['id', 'mark'].includes(name))
  if (wrong !== undefined) {
    throw refuse(
      `create.values.${wrong}`,
      'has a name that templates cannot have',
      'take letters, digits and underscores',
    )
  }
  checkHeaders('create.idempotencyHeader', headerNamed(create.idempotencyHeader), refuse)
  if (!hasMarks(definition) && list.createdAt === undefined) {
    throw refuse(
      'list',
      'has neither `name` nor `createdAt`',
      'one of them is needed: by it a credential is found whose answer was lost, which nobody could delete otherwise',
    )
  }
  if (hasMarks(definition) !== namesOf(create).includes('mark')) {
    throw hasMarks(definition)
      ? refuse('create', 'does not send the mark', 'write {{mark}} into the name that it gives the credential')
      : refuse(
          'list.name',
          'is missing, but `create` sends {{mark}}',
          'name the member of a listed credential that has it',
        )
  }
}

function headerNamed(name: string | undefined): Record<string, string> {
  return name === undefined ? {} : { [name]: 'x' }
}

function checkStatuses(works: readonly number[], refuse: Refuse): void {
  const wrong = works.find(
    (status) => !Number.isInteger(status) || status < 300 || status >= 500 || [401, 408, 429].includes(status),
  )
  if (wrong === undefined) return
  throw refuse(
    'verify.works',
    `holds ${wrong}, which proves no log-in`,
    'give statuses such as 403: known, but not allowed',
  )
}
