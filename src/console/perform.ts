import { sendJson } from './api.ts'

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
  const [own, version] = environment?.split('@') ?? []
  const subject = own === undefined ? null : { name: own, ...(version !== undefined && { version }) }
  const answer = await sendJson<unknown>(
    'POST',
    `/api/v1/operations/${name}`,
    {
      subject,
      ...(input !== undefined && { input }),
    },
    signal,
  )
  return plainOf(answer) as PerformedHere<Result>
}

/**
 * The same with plain values in the place of what JSON does not have: times as texts, texts with
 * actions as their words.
 */
function plainOf(wire: unknown): unknown {
  if (Array.isArray(wire)) return wire.map(plainOf)
  if (typeof wire !== 'object' || wire === null) return wire
  if (!Object.hasOwn(wire, '$'))
    return Object.fromEntries(Object.entries(wire).map(([key, each]) => [key, plainOf(each)]))
  const { $: kind, of } = wire as { $: unknown; of?: unknown }
  switch (kind) {
    case 'undefined':
      return undefined
    case 'text':
      return Array.isArray(of) ? of.map(wordsOf).join('') : ''
    case 'object':
    case 'map':
      return Object.fromEntries((of as [string, unknown][]).map(([key, each]) => [plainOf(key), plainOf(each)]))
    default:
      return plainOf(of)
  }
}

/** The words of a part of a text, which may be an action. */
function wordsOf(part: unknown): string {
  const plain = plainOf(part)
  if (typeof plain === 'string') return plain
  if (typeof plain !== 'object' || plain === null) return ''
  const { words, input } = plain as Readonly<Record<string, unknown>>
  return String(words ?? input ?? '')
}
