import { allocate, spend } from '../../budget.ts'
import { type Json, JsonNumber, type JsonObject } from '../../json.ts'
import { unknownText } from './text.ts'
import type { Value } from './value.ts'

/**
 * The value as plain JSON, inherited properties included and secrets revealed. Bytes that are no
 * UTF-8 stay (`raw-bytes.ts`).
 */
export function jsonOfValue(value: Value): Json {
  spend(4)
  allocate(64)
  if (value.unknown) return unknownText
  const content = value.content
  switch (content.kind) {
    case 'none':
    case 'null':
      return null
    case 'boolean':
      return content.boolean
    case 'number':
      return new JsonNumber(content.text)
    case 'string':
      return content.text
    case 'array':
      return content.elements.map(jsonOfValue)
    case 'map': {
      const json: Record<string, Json> = Object.create(null)
      for (const [key, child] of value.entries) json[key] = jsonOfValue(child)
      return json
    }
  }
}

/** Least number of characters of the JSON text. */
export function lengthOf(json: Json): number {
  spend(1)
  if (typeof json === 'string') return json.length + 2
  if (json instanceof JsonNumber) return json.text.length
  if (json === null || typeof json !== 'object') return 1
  let length = 2
  if (Array.isArray(json)) for (const item of json) length += lengthOf(item) + 1
  else for (const [key, value = null] of Object.entries(json as JsonObject)) length += key.length + 4 + lengthOf(value)
  return length
}

/** Returns false when a text has bytes that are not UTF-8. */
export function isWellFormed(json: Json): boolean {
  if (typeof json === 'string') return json.isWellFormed()
  if (json === null || typeof json !== 'object' || json instanceof JsonNumber) return true
  return Object.values(json).every((part) => isWellFormed(part as Json))
}
