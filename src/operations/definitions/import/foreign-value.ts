import { EscError } from '../../../errors.ts'
import { type Json, JsonNumber } from '../../../json.ts'
import { escapeReferences, reservedKeys } from '../../../language/index.ts'
import { again, rich } from '../../../rich-text.ts'
import { formatPropertyPath, type Node, type PropertyPath, placeOf } from '../../../yaml/index.ts'
import { lossOf, writtenNumber } from '../saved-text/index.ts'
import { mayBeSecret } from './may-be-secret.ts'

/** A value of another program's file, in the clear. */
export type ForeignValue =
  | {
      readonly kind: 'scalar'
      readonly value: null | boolean | string | JsonNumber
      /** It was a secret there. */
      readonly secret: boolean
      /** It was a number there, and would not be printed as it was written. */
      readonly keptText?: true
    }
  | { readonly kind: 'list'; readonly items: readonly ForeignValue[] }
  | { readonly kind: 'object'; readonly entries: readonly ForeignEntry[] }

export interface ForeignEntry {
  readonly key: string
  readonly value: ForeignValue
  /** The place of the key, such as `secrets.yaml:3:1`. */
  readonly at?: string
}

/** The content of a file. */
export interface ForeignFile {
  readonly entries: readonly ForeignEntry[]
  /** The default path below `values`. Absent when the command decides. */
  readonly place?: string
  /** Environments it builds on, as they are written there. */
  readonly imports?: readonly string[]
  /** Notes on what could not be taken over. No secrets. */
  readonly warnings?: readonly string[]
}

export function scalar(
  value: null | boolean | string | JsonNumber,
  secret = false,
): ForeignValue & { readonly kind: 'scalar' } {
  return { kind: 'scalar', value, secret }
}

/**
 * Plain data that was read from `text`; `leaf` may take a node over, and gets the keys on the way
 * to it. A number that would lose its text, such as `1.10` or `0123`, becomes a text.
 */
export function foreignValue(
  node: Node,
  path: readonly string[],
  leaf: (node: Node, path: readonly string[]) => ForeignValue | undefined,
  text: string,
): ForeignValue {
  const taken = leaf(node, path)
  if (taken !== undefined) return taken
  switch (node.kind) {
    case 'null':
      return scalar(null)
    case 'boolean':
    case 'string':
      return scalar(node.value)
    case 'number': {
      if (!/\d/.test(node.text)) throw noNumber(node.text, placeOf(node) ?? formatPropertyPath(path))
      const written = writtenNumber(node, text)
      const changes = written !== undefined && lossOf(written, node.text) !== undefined
      return changes ? { ...scalar(written), keptText: true } : scalar(new JsonNumber(node.text))
    }
    case 'array':
      return { kind: 'list', items: node.elements.map((element) => foreignValue(element, path, leaf, text)) }
    case 'object': {
      const entries = node.entries.map(({ key, value }) => ({
        key: key.value,
        value: foreignValue(value, [...path, key.value], leaf, text),
        at: placeOf(key),
      }))
      return { kind: 'object', entries }
    }
  }
}

/** For `.inf` and `.nan` of YAML. */
export function noNumber(text: string, at: string): EscError {
  const what = /nan/i.test(text) ? 'not a number (.nan)' : 'infinite (.inf)'
  return new EscError('invalid_input', `${at}: the value is ${what}, and an environment cannot hold that`, {
    hint: 'write a text in quotes, or another number',
  })
}

/**
 * Refuses keys that mean something else in a definition: calls of functions anywhere, and names
 * that are reserved directly below `values`.
 * @throws EscError `invalid_input`, naming the place in the file.
 */
export function refuseKeys(entries: readonly ForeignEntry[], path: PropertyPath): void {
  for (const { key, value, at } of entries) {
    const here = [...path, key]
    const shown = at === undefined ? formatPropertyPath(here) : `${at}: the key ${JSON.stringify(key)}`
    if (key.toLowerCase().startsWith('fn::')) {
      throw new EscError('invalid_input', `${shown} would be the call of a function`, {
        hint: 'rename the key in the file first',
      })
    }
    if (path.length === 0 && reservedKeys.has(key)) {
      throw new EscError('invalid_input', `${shown} is reserved in an environment, directly below values`, {
        hint: rich`rename the key in the file, or put all values below a key of their own with ${again('path')}`,
      })
    }
    refuseKeysOf(value, here)
  }
}

function refuseKeysOf(value: ForeignValue, path: PropertyPath): void {
  if (value.kind === 'object') refuseKeys(value.entries, path)
  else if (value.kind === 'list')
    for (const [index, item] of value.items.entries()) refuseKeysOf(item, [...path, index])
}

/**
 * The count of scalars of a file: the paths of those that are encrypted,
 * and of those that are not.
 */
export interface Tally {
  readonly secrets: string[]
  readonly plain: string[]
  /** Numbers that became texts. */
  readonly keptTexts: string[]
}

/**
 * A foreign value as a definition says it, its secrets as `fn::secret` in the clear, about to be
 * encrypted. What was no secret there becomes one when it may be one, or with `allSecret`. A secret
 * number or boolean keeps its kind.
 */
export async function asDefinition(
  value: ForeignValue,
  path: PropertyPath,
  options: { readonly allSecret: boolean; readonly tally: Tally },
): Promise<Json> {
  if (value.kind === 'list') {
    const items: Json[] = []
    for (const [index, item] of value.items.entries()) items.push(await asDefinition(item, [...path, index], options))
    return items
  }
  if (value.kind === 'object') {
    const object: Record<string, Json> = Object.create(null)
    for (const { key, value: member } of value.entries) {
      object[escapeReferences(key)] = await asDefinition(member, [...path, key], options)
    }
    return object
  }
  const { value: content } = value
  if (content === null) return null
  const name = path.findLast((element) => typeof element === 'string') ?? ''
  const secret =
    value.secret || options.allSecret || (typeof content === 'string' && (await mayBeSecret(String(name), content)))
  options.tally[secret ? 'secrets' : 'plain'].push(formatPropertyPath(path))
  if (value.keptText) options.tally.keptTexts.push(formatPropertyPath(path))
  if (typeof content === 'string') {
    const text = escapeReferences(content)
    return secret ? { 'fn::secret': text } : text
  }
  if (!secret) return content
  // A secret is a text, always.
  return { 'fn::fromJSON': { 'fn::secret': content instanceof JsonNumber ? content.text : String(content) } }
}
