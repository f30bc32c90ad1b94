import { type Json, JsonNumber } from '../json.ts'
import { unknownText } from './text.ts'
import type { Value } from './value.ts'

/** The value as plain JSON, inherited properties included and secrets revealed. Bytes that are no UTF-8 stay (`raw-bytes.ts`). */
export function jsonOfValue(value: Value): Json {
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
      for (const key of value.keys) json[key] = jsonOfValue(value.child(key)!)
      return json
    }
  }
}
