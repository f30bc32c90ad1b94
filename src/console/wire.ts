/** A thing to do, as the server names it: `{do: 'rotate', paths: ['db']}`. */
export interface Remedy {
  readonly do: string
  readonly environment?: string
  readonly path?: string
  readonly paths?: readonly string[]
  /** For `repeat`: the input that is to be given. */
  readonly with?: string
}

/** Words of a text; those that say what to do carry the same as data. */
export type ToldPart = string | { readonly words: string; readonly remedy: Remedy } | { readonly input: string }

/** A text of the server: plain, or with things to do in it. */
export type Told = string | readonly ToldPart[]

/** The text alone. */
export function wordsOf(told: Told): string {
  return typeof told === 'string'
    ? told
    : told.map((part) => (typeof part === 'string' ? part : wordsIn(part))).join('')
}

function wordsIn(part: Exclude<ToldPart, string>): string {
  return 'input' in part ? part.input : part.words
}

/** The things to do that a text tells of. */
export function remediesOf(told: Told | undefined): readonly Remedy[] {
  if (told === undefined || typeof told === 'string') return []
  return told.flatMap((part) => (typeof part === 'object' && 'remedy' in part ? [part.remedy] : []))
}

/**
 * Reads a value of the wire: times become texts, an error its members. `keepsParts`: texts with
 * things to do stay so (`Told`); else they are their words.
 */
export function readWire(wire: unknown, keepsParts = false): unknown {
  const read = (each: unknown) => readWire(each, keepsParts)
  if (Array.isArray(wire)) return wire.map(read)
  if (typeof wire !== 'object' || wire === null) return wire
  if (!Object.hasOwn(wire, '$')) return Object.fromEntries(Object.entries(wire).map(([key, each]) => [key, read(each)]))
  const { $: kind, of } = wire as { $: unknown; of?: unknown }
  switch (kind) {
    case 'undefined':
      return undefined
    case 'text': {
      const parts = (Array.isArray(of) ? of.map(read) : []) as readonly ToldPart[]
      return keepsParts ? parts : wordsOf(parts)
    }
    case 'object':
    case 'map':
      return Object.fromEntries((of as [string, unknown][]).map(([key, each]) => [read(key), read(each)]))
    default:
      return read(of)
  }
}
