import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { JsonNumber } from '../../json.ts'
import { type Plain, type PlainObject, Secret } from '../../secret.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { variablesOf } from './value-format.ts'

/** The values of an environment as a program works with them. */
export interface PlainValues {
  /** Numbers are doubles. A secret is one `Secret`, whatever lies within it. */
  readonly values: PlainObject
  /** Paths of values that are not known yet, which are left out. */
  readonly unknown: readonly string[]
  readonly environmentVariables: Readonly<Record<string, string | Secret<string>>>
  /** Contents by the name of the variable that holds the path. */
  readonly files: Readonly<Record<string, string | Secret<string>>>
}

/** Turns opened values into data whose secrets cannot be shown by mistake. */
export function plainValues(properties: ExportedMap): PlainValues {
  const unknown: string[] = []
  const values = plainMap(properties, [], unknown)
  const textsOf = (member: 'environmentVariables' | 'files') => {
    const texts: Record<string, string | Secret<string>> = Object.create(null)
    for (const { name, value, secret } of variablesOf(properties, member, { redact: false }))
      texts[name] = secret ? new Secret(value) : value
    return texts
  }
  return { values, unknown, environmentVariables: textsOf('environmentVariables'), files: textsOf('files') }
}

function plainMap(map: ExportedMap, path: PropertyPath, unknown: string[]): PlainObject {
  const plain: Record<string, Plain> = Object.create(null)
  for (const [key, value] of Object.entries(map)) {
    const member = plainOf(value, [...path, key], unknown)
    if (member !== undefined) plain[key] = member
  }
  return plain
}

function plainOf(value: ExportedValue, path: PropertyPath, unknown: string[]): Plain | undefined {
  if (value.unknown) {
    unknown.push(formatPropertyPath(path))
    return undefined
  }
  const content = contentOf(value, path, unknown)
  return value.secret ? new Secret(revealed(content)) : content
}

function contentOf({ value }: ExportedValue, path: PropertyPath, unknown: string[]): Plain {
  if (value === undefined) return null
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) {
    return (value as readonly ExportedValue[]).map((each, i) => plainOf(each, [...path, i], unknown) ?? null)
  }
  return typeof value === 'object' ? plainMap(value as ExportedMap, path, unknown) : (value as string | boolean)
}

/** The same data without secrets within: it becomes one. */
function revealed(plain: Plain): Plain {
  if (plain instanceof Secret) return revealed(plain.reveal())
  if (Array.isArray(plain)) return plain.map(revealed)
  if (typeof plain !== 'object' || plain === null) return plain
  const object: Record<string, Plain | undefined> = Object.create(null)
  for (const [key, value] of Object.entries(plain)) object[key] = value === undefined ? undefined : revealed(value)
  return object
}
