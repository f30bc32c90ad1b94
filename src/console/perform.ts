import { sendJson } from './api.ts'
import { readWire } from './wire.ts'

/** A notice of an operation, in words. */
export interface ConsoleNotice {
  readonly kind: string
  readonly [member: string]: unknown
}

/** The outcome of an operation. Times are ISO 8601 texts. */
export interface PerformedHere<Result> {
  readonly result: Result
  readonly notices: readonly ConsoleNotice[]
}

/**
 * Has the server perform an operation as the person who is signed in.
 *
 * @param environment `project/environment`, or with `@` and a version; `undefined` for the store.
 * @throws ApiError
 */
export async function perform<Result>(
  name: string,
  environment: string | undefined,
  input?: unknown,
  signal?: AbortSignal,
): Promise<PerformedHere<Result>> {
  const answer = await sendJson<unknown>('POST', `/api/v1/operations/${name}`, requestOf(environment, input), signal)
  return readWire(answer) as PerformedHere<Result>
}

/** The same; texts with things to do in them stay so (`Told`). */
export async function performTold<Result>(
  name: string,
  environment: string | undefined,
  input?: unknown,
): Promise<PerformedHere<Result>> {
  const answer = await sendJson<unknown>('POST', `/api/v1/operations/${name}`, requestOf(environment, input))
  return readWire(answer, true) as PerformedHere<Result>
}

/** The request for an operation, as the server reads it. */
export function requestOf(environment: string | undefined, input: unknown): object {
  const [own, version] = environment?.split('@') ?? []
  const subject = own === undefined ? null : { name: own, ...(version !== undefined && { version }) }
  return { subject, ...(input !== undefined && { input }) }
}
