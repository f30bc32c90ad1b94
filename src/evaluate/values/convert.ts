import { JsonNumber } from '../../json.ts'
import type { ExportedMap, ExportedValue } from '../export/exported.ts'
import { type Definition, Value } from './value.ts'
import { sortedMap } from './value-of-json.ts'

/** Prototype-less map of an exported value, if it is one. */
export function mapOf(value: ExportedValue): ExportedMap | undefined {
  const content = value.value
  if (typeof content !== 'object' || content instanceof JsonNumber || Array.isArray(content)) return undefined
  return content as ExportedMap
}

export function listOf(value: ExportedValue): readonly ExportedValue[] | undefined {
  return Array.isArray(value.value) ? (value.value as readonly ExportedValue[]) : undefined
}

/**
 * Returns a value from a provider or the execution context, as a value whose every part
 * is defined at one place.
 */
export function valueOfExported(exported: ExportedValue, definition: Definition, inSecret = false): Value {
  const secret = inSecret || exported.secret === true
  if (exported.unknown) return Value.unknown(definition, true, { secret })
  const of = (content: Parameters<typeof Value.of>[1]) => Value.of(definition, content, { secret })
  const content = exported.value
  if (content === undefined || content === null) return of({ kind: 'null' })
  if (typeof content === 'boolean') return of({ kind: 'boolean', boolean: content })
  if (typeof content === 'string') return of({ kind: 'string', text: content })
  if (content instanceof JsonNumber) return of({ kind: 'number', text: content.text })
  const list = listOf(exported)
  if (list) return of({ kind: 'array', elements: list.map((item) => valueOfExported(item, definition, secret)) })
  const entries = Object.entries(content as ExportedMap)
  return of({
    kind: 'map',
    own: sortedMap(entries.map(([key, item]) => [key, valueOfExported(item, definition, secret)])),
  })
}
