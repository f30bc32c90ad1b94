import { EscError } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { again, rich } from '../../rich-text.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { isObject, type Rendering, variablesOf } from './value-format.ts'

/**
 * Refuses a value with bytes that are no UTF-8, for a format that would put another character in
 * their place. @throws EscError `not_text`
 */
export function requireText(value: ExportedValue, path: PropertyPath, format: string, rendering: Rendering): void {
  const found = rawBytesIn(value, rendering)
  if (found === undefined) return
  const shown = formatPropertyPath([...path, ...found])
  throw new EscError('not_text', `${shown} holds bytes that are not UTF-8, which ${format} cannot hold`, {
    hint: rich`read it with ${again('format')} string and the path ${shown}, or pass it through fn::toBase64 in the definition`,
  })
}

/**
 * Refuses variables that a list of variables cannot hold: a NUL, which no variable can have, and
 * bytes that are no UTF-8, unless the format is for a shell that takes them as they are.
 *
 * @throws EscError `not_text`
 */
export function requireVariableTexts(properties: ExportedMap, format: string, rendering: Rendering): void {
  for (const { name, value } of variablesOf(properties, 'environmentVariables', rendering)) {
    const holds = value.includes('\0')
      ? 'a NUL byte, which no variable can have'
      : !value.isWellFormed() && format !== 'posix'
        ? `bytes that are not UTF-8, which ${format} cannot hold`
        : undefined
    if (holds === undefined) continue
    const shown = formatPropertyPath(['environmentVariables', name])
    throw new EscError('not_text', `${shown} holds ${holds}`, {
      hint: 'put it below files, or pass it through fn::toBase64 in the definition',
    })
  }
}

/**
 * The path, from a value on, of the first text with such bytes. Undefined: there is
 * none that would be shown.
 */
function rawBytesIn(value: ExportedValue, rendering: Rendering): PropertyPath | undefined {
  if (value.unknown || (value.secret && rendering.redact)) return undefined
  const content = value.value
  if (typeof content === 'string') return content.isWellFormed() ? undefined : []
  // Paths are made on the way back only: nearly always there is none.
  if (Array.isArray(content)) {
    for (const [index, element] of (content as readonly ExportedValue[]).entries()) {
      const found = rawBytesIn(element, rendering)
      if (found !== undefined) return [index, ...found]
    }
  } else if (isObject(content)) {
    for (const key of Object.keys(content)) {
      const found = rawBytesIn(content[key] as ExportedValue, rendering)
      if (found !== undefined) return [key, ...found]
    }
  }
  return undefined
}
