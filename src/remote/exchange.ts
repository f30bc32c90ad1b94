import { EscError } from '../errors.ts'
import { type HttpAnswer, isPassingOutcome, NoAnswer, send } from '../http/index.ts'
import type { Endpoint } from './endpoint.ts'
import { remoteRefusal, unanswered } from './refusal.ts'
import { type Shape, UnexpectedShape } from './shape.ts'
import { transportTo } from './trusted-authorities.ts'

/** A request to the ESC API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Begins with a slash; each part is escaped already (`apiPath`). */
  readonly path: string
  /** Those that are `undefined` are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** An object is sent as JSON, a text as YAML. */
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
  /** Completes “cannot …” in errors, such as `list the environments`. No secrets. */
  readonly doing: string
  /** For each attempt. Default: 30 seconds. */
  readonly timeoutMs?: number
}

/** The version of the API that its clients ask for. */
const accepted = 'application/vnd.pulumi+8'
const longestBytes = 64 << 20
/** Only what changes nothing is asked again. */
const retry = { pausesMs: [500, 2_000, 4_000], longestPauseMs: 30_000, isPassing: isPassingOutcome }

/**
 * Asks a server, and returns an answer of success.
 *
 * @throws RemoteRefusal for an answer of another kind; EscError `io` where there is none. No error
 *   holds the token, or anything of the body that was sent.
 */
export async function askServer(endpoint: Endpoint, request: ApiRequest): Promise<HttpAnswer> {
  const answer = await exchange(endpoint, request)
  if (answer.status >= 200 && answer.status < 300) return answer
  throw remoteRefusal(endpoint, request.doing, answer, textsOf(endpoint, request.body))
}

/** As `askServer`, with an answer of any status. */
export async function exchange(endpoint: Endpoint, request: ApiRequest): Promise<HttpAnswer> {
  const { method, path, query, body, headers, doing, timeoutMs = 30_000 } = request
  const transport = await transportTo(endpoint)
  const url = `${endpoint.url}${path}${queryOf(query)}`
  const sent = {
    accept: accepted,
    'user-agent': endpoint.userAgent,
    ...(endpoint.token !== undefined && { authorization: `token ${endpoint.token}` }),
    ...(typeof body === 'string' && { 'content-type': 'application/x-yaml' }),
    ...headers,
  }
  const again = method === 'GET' ? { retry } : {}
  try {
    return await send(
      { method, url, headers: sent, body, timeoutMs, longestBytes, signal: endpoint.signal, ...again },
      transport,
    )
  } catch (error) {
    if (error instanceof NoAnswer) throw unanswered(endpoint, doing, error)
    throw error
  }
}

/**
 * Asks a server for JSON of a shape.
 * @throws what `askServer` throws; EscError `io` for another shape.
 */
export async function askJson<T>(endpoint: Endpoint, request: ApiRequest, shape: Shape<T>): Promise<T> {
  const answer = await askServer(endpoint, request)
  try {
    return shape(answer.json, '')
  } catch (error) {
    if (!(error instanceof UnexpectedShape)) throw error
    throw unexpected(endpoint, request.doing, error.message)
  }
}

/** Returns the error for an answer that is not what the API says. */
export function unexpected(endpoint: Endpoint, doing: string, problem: string): EscError {
  return new EscError('io', `cannot ${doing}: the answer of ${endpoint.url} is not one of the ESC API: ${problem}`, {
    hint: 'check that the URL is that of a server of the ESC API, and that no proxy answers in its place',
  })
}

/** A path of parts, each escaped, so that no name reaches another path. */
export function apiPath(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${escaped(String(part))}`).join('')
}

/** A part that is all dots would be taken for a step upwards, escaped or not. */
function escaped(part: string): string {
  if (part === '' || /^\.{1,2}$/.test(part)) {
    throw new EscError('usage', `${JSON.stringify(part)} cannot be a name`, { hint: 'check the name' })
  }
  return encodeURIComponent(part)
}

/**
 * Returns what was sent and may be a secret, which an answer might repeat: the token, and the lines
 * of a definition with the values in them.
 */
function textsOf({ token }: Endpoint, body: ApiRequest['body']): readonly string[] {
  const lines = typeof body === 'string' ? body.split('\n').map((line) => line.trim()) : []
  const values = lines.map((line) => line.replace(/^.*?(?:: |- )\s*/, '').replace(/^(["'])(.*)\1$/, '$2'))
  const texts = [token ?? '', ...lines, ...values].filter((each) => each.length >= shortestHidden)
  return [...new Set(texts)]
}

/** Hiding what is shorter would spoil the words of messages. */
const shortestHidden = 4

function queryOf(query: ApiRequest['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value))
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
