import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { compareKeys } from '../../json.ts'
import { present } from '../../present.ts'
import { nearest } from '../../suggestion.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { isObject, rootValue } from './value-format.ts'

/**
 * The thing that a path leads to. A path into a value that is not known yet leads to that value.
 */
export type FoundValue =
  | { readonly kind: 'value'; readonly value: ExportedValue }
  | {
      readonly kind: 'missing'
      /** The proposal instead: `did you mean a.name?`. */
      readonly instead: string
    }

export function findValue(properties: ExportedMap, path: PropertyPath): FoundValue {
  let value: ExportedValue = rootValue(properties)
  for (const [index, key] of path.entries()) {
    if (value.unknown) break
    const content: ExportedValue['value'] = value.value
    const members = Array.isArray(content)
      ? (content as readonly ExportedValue[])
      : isObject(content)
        ? content
        : undefined
    const next = members && Object.hasOwn(members, key) && typeof key === (Array.isArray(content) ? 'number' : 'string')
    if (!next) return { kind: 'missing', instead: insteadOf(content, path, index, key) }
    value = present((members as Record<string | number, ExportedValue>)[key])
  }
  return { kind: 'value', value }
}

const mostListed = 6

function insteadOf(content: ExportedValue['value'], path: PropertyPath, index: number, key: string | number): string {
  const holder = path.slice(0, index)
  const name = index === 0 ? 'the environment' : formatPropertyPath(holder)
  if (Array.isArray(content)) return `${name} is a list of ${content.length}, counted from 0`
  if (!isObject(content)) return `${name} is neither an object nor a list`
  const keys = Object.keys(content).sort(compareKeys)
  const best = nearest(String(key), keys)
  if (best !== undefined) return `did you mean ${formatPropertyPath([...holder, best, ...path.slice(index + 1)])}?`
  if (keys.length === 0) return `${name} is empty`
  const listed = keys.slice(0, mostListed).map((each) => formatPropertyPath([each]))
  return `${name} has ${listed.join(', ')}${keys.length > mostListed ? ' …' : ''}`
}

/** Paths of the values within one that are not known. */
export function unknownPaths(value: ExportedValue, path: PropertyPath): string[] {
  if (value.unknown) return [path.length === 0 ? 'the environment' : formatPropertyPath(path)]
  const content = value.value
  if (Array.isArray(content))
    return (content as readonly ExportedValue[]).flatMap((element, i) => unknownPaths(element, [...path, i]))
  if (!isObject(content)) return []
  return Object.entries(content).flatMap(([key, member]) => unknownPaths(member, [...path, key]))
}

/**
 * Paths of the variables, and of the contents of files, that are not known. Lists and
 * objects become no variables.
 */
export function unknownVariables(properties: ExportedMap): string[] {
  return (['environmentVariables', 'files'] as const).flatMap((member) => {
    const object = Object.hasOwn(properties, member) ? properties[member] : undefined
    if (object === undefined) return []
    if (object.unknown) return [member]
    if (!isObject(object.value)) return []
    return Object.entries(object.value).flatMap(([key, { unknown }]) =>
      unknown ? [formatPropertyPath([member, key])] : [],
    )
  })
}
