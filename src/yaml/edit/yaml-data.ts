import { EscError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import { JsonNumber } from '../../json.ts'
import { parseYaml } from '../parser/parser.ts'
import type { ScalarStyle } from '../parser/token.ts'
import type { YamlDocument, YamlNode } from '../parser/tree.ts'
import { YamlSyntaxError } from '../parser/yaml-syntax-error.ts'
import { resolveScalar } from '../resolve-scalar.ts'
import { isTimestamp } from '../resolve-tagged.ts'

/** A value to be written, with the style it should have where that is possible. */
export type YamlValue =
  | {
      readonly kind: 'scalar'
      /** A string; or the plain text of a null, boolean or number. */
      readonly text: string
      readonly isString: boolean
      /**
       * Absent for plain where that reads back as the same string in YAML 1.1 too,
       * literal for several lines.
       */
      readonly style?: ScalarStyle
    }
  | { readonly kind: 'sequence'; readonly flow: boolean; readonly items: readonly YamlValue[] }
  | {
      readonly kind: 'mapping'
      readonly flow: boolean
      readonly pairs: readonly { readonly key: YamlValue & { kind: 'scalar' }; readonly value: YamlValue }[]
    }

/** A value read from YAML text; written again in the styles it had. */
class YamlFragment {
  readonly value: YamlValue
  constructor(value: YamlValue) {
    this.value = value
  }
}

/**
 * A value that can be written into a definition: plain data, or a value read by `readYamlFragment`.
 */
export type YamlData = Json | YamlFragment

/** The same as plain data: without the style that a value was written in. */
export function plainData(data: YamlData): Json {
  return data instanceof YamlFragment ? plainValueOf(data.value) : data
}

const isJsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function plainValueOf(value: YamlValue): Json {
  switch (value.kind) {
    case 'sequence':
      return value.items.map(plainValueOf)
    case 'mapping': {
      const members: Record<string, Json> = Object.create(null)
      for (const pair of value.pairs) members[pair.key.text] = plainValueOf(pair.value)
      return members
    }
    case 'scalar': {
      if (value.isString) return value.text
      const resolved = resolveScalar(value.text)
      if (resolved.kind === 'null') return null
      if (resolved.kind === 'boolean') return resolved.value
      if (resolved.kind === 'string') return value.text
      const number = [value.text, resolved.text].find((text) => isJsonNumber.test(text))
      if (number !== undefined) return new JsonNumber(number)
      throw new EscError('invalid_input', `${value.text} is not a number that JSON has`, { hint: 'write it in quotes' })
    }
  }
}

/** The value of plain data, in block style. Members that are `undefined` are left out. */
export function yamlValueOf(data: YamlData): YamlValue {
  if (data instanceof YamlFragment) return data.value
  if (data === null) return { kind: 'scalar', text: 'null', isString: false }
  if (typeof data === 'string') return { kind: 'scalar', text: data, isString: true }
  if (typeof data === 'boolean') return { kind: 'scalar', text: String(data), isString: false }
  if (typeof data === 'number' || data instanceof JsonNumber) {
    const text = typeof data === 'number' ? String(data) : data.text
    const { kind } = resolveScalar(text)
    if (kind !== 'integer' && kind !== 'float')
      throw new EscError('invalid_input', `${text} is not a number that YAML can hold`)
    return { kind: 'scalar', text, isString: false }
  }
  if (isArray(data)) return { kind: 'sequence', flow: false, items: data.map(yamlValueOf) }
  const pairs = Object.entries(data).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [{ key: { kind: 'scalar', text: key, isString: true } as const, value: yamlValueOf(value) }],
  )
  return { kind: 'mapping', flow: false, pairs }
}

function isArray(data: Json): data is readonly Json[] {
  return Array.isArray(data)
}

/**
 * Reads a value from YAML text, as people type it on a command line; text without content is the
 * empty string. What is inside keeps its style, the outermost collection is written in block style.
 * Throws `invalid_input` with the message `yaml: …`.
 */
export function readYamlFragment(text: string): YamlFragment {
  let document: YamlDocument
  try {
    document = parseYaml(text)
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    throw new EscError('invalid_input', `yaml: ${error.message}`, { cause: error })
  }
  const { root, rest } = document
  if (rest !== undefined) {
    throw new EscError(
      'invalid_input',
      `yaml: line ${rest.line + 1}: expected one value, and the text goes on behind it`,
    )
  }
  if (root === undefined) return new YamlFragment({ kind: 'scalar', text: '', isString: true })
  const value = valueOfTree(root)
  return new YamlFragment(value.kind === 'scalar' ? value : { ...value, flow: false })
}

function valueOfTree(yaml: YamlNode): YamlValue {
  switch (yaml.kind) {
    case 'alias':
      throw new EscError('invalid_input', 'yaml: alias nodes are not supported', { hint: 'write the value out' })
    case 'scalar': {
      const { value: text, style } = yaml
      const isString =
        yaml.tag === '' ? style !== 'plain' || resolveScalar(text).kind === 'string' : !isPlainTag(yaml.tag)
      return { kind: 'scalar', text, isString, style }
    }
    case 'sequence':
      return { kind: 'sequence', flow: yaml.flow, items: yaml.items.map(valueOfTree) }
    case 'mapping':
      return {
        kind: 'mapping',
        flow: yaml.flow,
        pairs: yaml.pairs.map((pair) => {
          const key = valueOfTree(pair.key)
          if (key.kind !== 'scalar' || !key.isString)
            throw new EscError('invalid_input', 'mapping keys must be strings')
          return { key, value: valueOfTree(pair.value) }
        }),
      }
  }
}

function isPlainTag(tag: string): boolean {
  return tag === '!!int' || tag === '!!float' || tag === '!!bool' || tag === '!!null'
}

/** The value with every string of several lines in double quotes. */
export function onOneLine(value: YamlValue): YamlValue {
  switch (value.kind) {
    case 'scalar':
      return value.isString && value.text.includes('\n') ? { ...value, style: 'double' } : value
    case 'sequence':
      return { ...value, items: value.items.map(onOneLine) }
    case 'mapping':
      return { ...value, pairs: value.pairs.map((pair) => ({ ...pair, value: onOneLine(pair.value) })) }
  }
}

/**
 * True when a plain scalar of this text would be read as something other than a string,
 * by us or by other readers.
 */
export function readsAsOther(text: string): boolean {
  return resolveScalar(text).kind !== 'string' || isTimestamp(text)
}

/** True when readers of YAML 1.1 take this text for a boolean or a base-60 number. */
export function readsAsOtherInYaml11(text: string): boolean {
  return /^(?:y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|<<|=)$/i.test(text)
}
