import { type ErrorCode, EscError, messageOf } from '../../errors.ts'
import { JsonNumber } from '../../json.ts'
import { type Part, RichText, type Text } from '../../rich-text.ts'
import { Secret } from '../../secret.ts'

/**
 * Data as JSON has it. What is more than that is an object whose member `$` says what it is, such
 * as `{"$": "date", "of": "2026-03-04T05:06:07.000Z"}`. Nothing of a value is lost on the way.
 */
export type Wire = null | boolean | number | string | readonly Wire[] | { readonly [key: string]: Wire }

/**
 * Writes a value for the wire: data, dates, bytes, maps, sets, secrets, rich texts, errors.
 * Members that are `undefined` are left out. Secrets are written in the clear.
 *
 * @throws Error for a function, or an object of another class: a fault of the program.
 */
export function toWire(value: unknown): Wire {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : marked('number', Object.is(value, -0) ? '-0' : String(value))
    case 'bigint':
      return marked('bigint', String(value))
    case 'undefined':
      return { $: 'undefined' }
    case 'object':
      return value === null ? null : objectToWire(value)
    default:
      throw new Error(`a ${typeof value} cannot be sent`)
  }
}

function objectToWire(value: object): Wire {
  if (Array.isArray(value)) return value.map(toWire)
  if (value instanceof Date) return marked('date', value.toISOString())
  if (value instanceof Uint8Array) return marked('bytes', Buffer.from(value).toString('base64'))
  if (value instanceof Map)
    return marked(
      'map',
      [...value].map(([key, each]) => [toWire(key), toWire(each)]),
    )
  if (value instanceof Set) return marked('set', [...value].map(toWire))
  if (value instanceof JsonNumber) return marked('json-number', value.text)
  if (value instanceof Secret) return marked('secret', toWire(value.reveal()))
  if (value instanceof RichText) return marked('text', value.parts.map(toWire))
  if (value instanceof Error) return marked('error', errorToWire(value))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype)
    throw new Error(`an object of the class ${value.constructor?.name} cannot be sent`)
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  const members = Object.fromEntries(entries.map(([key, each]) => [key, toWire(each)]))
  return Object.hasOwn(members, '$') ? { $: 'object', of: entries.map(([key, each]) => [key, toWire(each)]) } : members
}

function marked(kind: string, of: Wire): Wire {
  return { $: kind, of }
}

/** The parts of an error that are for its reader: not the cause. */
function errorToWire(error: Error): Wire {
  if (!(error instanceof EscError)) return toWire({ message: messageOf(error) })
  const { code, richMessage, richHint, hint, transient } = error
  return toWire({
    code,
    message: richMessage ?? error.message,
    hint: richHint ?? hint,
    transient: transient || undefined,
  })
}

/**
 * Reads a value from the wire. Objects have no prototype.
 *
 * @throws WireError for what `toWire` does not write.
 */
export function fromWire(wire: unknown): unknown {
  if (Array.isArray(wire)) return wire.map(fromWire)
  if (typeof wire !== 'object' || wire === null) return wire
  const object = wire as Readonly<Record<string, unknown>>
  if (Object.hasOwn(object, '$')) return markedFromWire(object.$, object.of)
  return withoutPrototype(Object.entries(object).map(([key, each]) => [key, fromWire(each)]))
}

function withoutPrototype(entries: readonly (readonly [string, unknown])[]): object {
  const made: Record<string, unknown> = Object.create(null)
  for (const [key, value] of entries) made[key] = value
  return made
}

/** Thrown for a message that is not in the form of `Wire`. */
export class WireError extends Error {}

function markedFromWire(kind: unknown, of: unknown): unknown {
  switch (kind) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(textOf(of))
    case 'bigint':
      return BigInt(textOf(of))
    case 'date':
      return new Date(textOf(of))
    case 'bytes':
      return new Uint8Array(Buffer.from(textOf(of), 'base64'))
    case 'map':
      return new Map(pairsOf(of))
    case 'set':
      return new Set(listFrom(of).map(fromWire))
    case 'json-number':
      return new JsonNumber(textOf(of))
    case 'secret':
      return new Secret(fromWire(of) as never)
    case 'text':
      return new RichText(listFrom(of).map(fromWire) as Part[])
    case 'error':
      return errorFromWire(fromWire(of))
    case 'object':
      return withoutPrototype(pairsOf(of).map(([key, value]) => [String(key), value]))
    default:
      throw new WireError('it holds what this version of esc does not know')
  }
}

function errorFromWire(read: unknown): Error {
  const { code, message, hint, transient } = (read ?? {}) as {
    readonly code?: ErrorCode
    readonly message?: Text
    readonly hint?: Text
    readonly transient?: boolean
  }
  if (message === undefined) throw new WireError('it holds an error without a message')
  return code === undefined ? new Error(String(message)) : new EscError(code, message, { hint, transient })
}

function textOf(of: unknown): string {
  if (typeof of !== 'string') throw new WireError('a text is missing')
  return of
}

function listFrom(of: unknown): readonly unknown[] {
  if (!Array.isArray(of)) throw new WireError('a list is missing')
  return of
}

function pairsOf(of: unknown): readonly (readonly [unknown, unknown])[] {
  return listFrom(of).map((pair) => {
    const [key, value] = listFrom(pair)
    return [fromWire(key), fromWire(value)]
  })
}
