import type { Json, JsonObject } from '../json.ts'
import { resolveScalar } from '../syntax/index.ts'

const plainLine = /^([A-Za-z][A-Za-z0-9]*): ([A-Za-z0-9](?:[\w+/=.:?&@%-]*[\w+/=])?)$/

/**
 * Reads the YAML that this program writes itself: one plain scalar a line, and nothing else. Reading that with the YAML reader takes
 * longer than all else about a file so short. Undefined: the text holds more than that, such as a comment, a quote or a key twice.
 */
export function parsePlainMapping(text: string): JsonObject | undefined {
  const data: Record<string, Json> = Object.create(null)
  for (const line of (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')) {
    const match = plainLine.exec(line)
    if (match === null) return undefined
    const [, key, value] = match as unknown as [string, string, string]
    if (key in data || resolveScalar(key).kind !== 'string') return undefined
    const resolved = resolveScalar(value)
    switch (resolved.kind) {
      case 'string':
        data[key] = value
        break
      case 'integer':
        data[key] = Number(resolved.text)
        break
      default:
        return undefined
    }
  }
  return data
}
