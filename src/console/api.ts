import { texts } from './texts.ts'
import { readWire, type Told, wordsOf } from './wire.ts'

/** An error that the server has answered with; of status 0, that it has not. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly diagnostics: readonly Diagnostic[]
  /** The advice of an operation on it, with what can be done as data. */
  readonly hint: Told | undefined
  /** The message without that advice. */
  readonly summary: string

  constructor(
    status: number,
    message: string,
    diagnostics: readonly Diagnostic[] = [],
    { hint, summary = message }: { readonly hint?: Told; readonly summary?: string } = {},
  ) {
    super(message)
    this.status = status
    this.diagnostics = diagnostics
    this.hint = hint
    this.summary = summary
  }
}

export interface Position {
  readonly line: number
  readonly column: number
  readonly byte: number
}

export interface Range {
  readonly environment: string
  readonly begin: Position
  readonly end: Position
}

export interface Diagnostic {
  readonly summary: string
  readonly path?: string
  readonly range?: Range
}

/** A value of an open environment, with where it comes from. */
export interface Value {
  readonly value: null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }
  readonly secret?: true
  readonly unknown?: true
  readonly trace: { readonly def: Range; readonly base?: Value }
}

interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Hears that nobody is signed in any more. */
let signedOut: () => void = () => {}

export function onSignedOut(heard: () => void): void {
  signedOut = heard
}

/**
 * Calls the API as the person who is signed in. `path` begins with `/api/`.
 *
 * @throws ApiError for every answer that is no success.
 */
export async function callApi(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const answer = await fetch(`/console${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    credentials: 'same-origin',
    redirect: 'error',
    signal: signal ?? null,
  }).catch((problem: Error) => {
    throw signal?.aborted ? problem : new ApiError(0, texts.common.unreachable)
  })
  const text = await answer.text()
  if (answer.ok) return { status: answer.status, headers: answer.headers, text }
  throw failureOf(answer.status, text, path.startsWith('/api/'))
}

/** Calls the API and reads the answer as JSON. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return JSON.parse((await callApi('GET', path, undefined, signal)).text) as T
}

/** Changes something by the API, and reads the answer as JSON, where it is any. */
export async function sendJson<T>(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body: unknown = {},
  signal?: AbortSignal,
): Promise<T> {
  const { text } = await callApi(method, path, body, signal)
  return (text === '' ? {} : JSON.parse(text)) as T
}

/** The path of an environment in the API. */
export function environmentPath(organization: string, name: string): string {
  return `/api/esc/environments/${[organization, ...name.split('/')].map(encodeURIComponent).join('/')}`
}

/** The error that an answer is. `asApi`: a 401 says that nobody is signed in any more. */
export function failureOf(status: number, text: string, asApi = true): ApiError {
  if (status === 401 && asApi) signedOut()
  try {
    const { message, diagnostics, error } = JSON.parse(text)
    const own = (readWire(error ?? {}, true) ?? {}) as { readonly hint?: Told; readonly message?: Told }
    const summary = own.message === undefined ? String(message) : wordsOf(own.message)
    return new ApiError(status, String(message), Array.isArray(diagnostics) ? diagnostics : [], {
      hint: own.hint,
      summary,
    })
  } catch {
    return new ApiError(status, `the server has answered ${status}`)
  }
}
