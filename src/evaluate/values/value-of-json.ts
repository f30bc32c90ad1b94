import { compareKeys, type Json, JsonNumber } from '../../json.ts'
import type { ValueFlags } from './flags.ts'
import { type Content, type Definition, nowhere, Value } from './value.ts'

/** A map's properties in key order, from JSON-like entries in any order. */
export function sortedMap(entries: readonly (readonly [string, Value])[]): ReadonlyMap<string, Value> {
  return new Map([...entries].sort((a, b) => compareKeys(a[0], b[0])))
}

/** A value made of JSON, all of it defined at one place. */
export function valueOfJson(json: Json, definition: Definition, flags: ValueFlags = {}): Value {
  const of = (content: Content) => Value.of(definition, content, flags)
  if (json === null) return of({ kind: 'null' })
  if (typeof json === 'boolean') return of({ kind: 'boolean', boolean: json })
  if (typeof json === 'number') return of({ kind: 'number', text: String(json) })
  if (typeof json === 'string') return of({ kind: 'string', text: json })
  if (json instanceof JsonNumber) return of({ kind: 'number', text: json.text })
  if (Array.isArray(json))
    return of({ kind: 'array', elements: json.map((item) => valueOfJson(item, definition, flags)) })
  const entries = Object.entries(json).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, valueOfJson(item, definition, flags)] as const],
  )
  return of({ kind: 'map', own: sortedMap(entries) })
}

/** The record that `${imports[…]}` or `${context…}` reads. */
export function recordValue(entries: ReadonlyMap<string, Value>): Value {
  return Value.of(nowhere, { kind: 'map', own: sortedMap([...entries]) })
}
