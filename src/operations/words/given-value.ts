import { EscError } from '../../errors.ts'
import { formatJson, type Json, JsonNumber, type JsonObject } from '../../json.ts'
import { escapeReferences } from '../../language/index.ts'
import { JsonSyntaxError, parseJson } from '../../read-json.ts'
import { again, input, rich } from '../../rich-text.ts'
import { decode, type Node, readYamlFragment, type YamlData } from '../../yaml/index.ts'

/** The way to read the text of a value: as YAML, as JSON, or as the text that it is. */
export type ValueForm = 'yaml' | 'json' | 'text'

/** The meaning of the text of a value. */
export interface ValueWords {
  /** True when it is to be encrypted. */
  readonly secret: boolean
  /** `undefined` means that a secret is the text that was given, anything else is YAML. */
  readonly form: ValueForm | undefined
}

/** The value that a text stands for in a definition. @throws EscError `usage`, without the text. */
export function givenValue(text: string, { secret, form }: ValueWords): YamlData {
  return secret ? secretValue(text, form ?? 'text') : plainValue(text, form ?? 'yaml')
}

/** The value that is not encrypted. */
function plainValue(text: string, form: ValueForm): YamlData {
  refuseLoneSurrogates(text)
  if (form === 'text') return escapeReferences(text)
  if (form === 'json') return literal(readJson(text))
  try {
    return readYamlFragment(text)
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    throw new EscError('usage', `invalid value: ${withoutNames(error.message)}`, {
      hint: rich`quote it, or pass ${again('string')}`,
    })
  }
}

/**
 * The `fn::secret` that evaluates to just this text; for YAML and JSON, to the data that it holds.
 * Its plaintext is the text as it was given.
 */
function secretValue(text: string, form: ValueForm): Json {
  if (form === 'text') return secretCall(text)
  if (form === 'json') {
    const data = readJson(text)
    return typeof data === 'string' ? secretCall(data) : { 'fn::fromJSON': secretCall(text) }
  }
  const data = readYaml(text)
  return typeof data === 'string' ? secretCall(data) : { 'fn::fromJSON': secretCall(formatJson(data)) }
}

/** A call that evaluates to just this text. */
export function secretCall(text: string): JsonObject {
  refuseLoneSurrogates(text)
  return { 'fn::secret': escapeReferences(text) }
}

/**
 * A value that begins with `*`, `&` or `!` may be a password whose quotes are
 * missing: messages leave it out.
 */
function withoutNames(message: string): string {
  return message.replace(/(anchor|tag|tag handle) (['"`]).*\2/s, '$1').replace(/`.*`/s, 'the text')
}

/** Encoding would put another character in their place. */
function refuseLoneSurrogates(text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return
  throw new EscError('usage', 'the value is not valid Unicode text: it holds half a surrogate pair', {
    hint: 'keep bytes that are not text as base64, below fn::fromBase64',
  })
}

/** Strings of data mean themselves: a `${` in them is no reference. */
function literal(data: Json): Json {
  if (typeof data === 'string') return escapeReferences(data)
  if (data === null || typeof data !== 'object' || data instanceof JsonNumber) return data
  if (Array.isArray(data)) return (data as readonly Json[]).map(literal)
  const copy: Record<string, Json> = Object.create(null)
  for (const [key, member] of Object.entries(data)) copy[key] = literal(member as Json)
  return copy
}

function readJson(text: string): Json {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new EscError('usage', 'invalid value: it is not JSON', {
      hint: rich`reading stopped at character ${error.offset + 1}; pass ${again('string')} to keep it as a text`,
    })
  }
}

function readYaml(text: string): Json {
  const { node, diagnostics, rest } = decode('value', text)
  const [first] = diagnostics
  if (first !== undefined || rest !== undefined) {
    throw new EscError(
      'usage',
      `invalid value: ${withoutNames(first?.summary ?? 'it is more than one YAML document')}`,
      {
        hint: rich`leave out ${input('yaml')} to keep the text as it is`,
      },
    )
  }
  return node === undefined ? null : dataOf(node)
}

function dataOf(node: Node): Json {
  switch (node.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'string':
      return node.value
    case 'number':
      if (/^-?(?:\d|\.\d)/.test(node.text)) return new JsonNumber(node.text)
      throw new EscError('usage', 'invalid value: JSON has no number for .inf and .nan', { hint: 'put it in quotes' })
    case 'array':
      return node.elements.map(dataOf)
    case 'object': {
      const data: Record<string, Json> = Object.create(null)
      for (const { key, value } of node.entries) {
        if (key.value in data) {
          throw new EscError('usage', 'invalid value: a key stands twice in a mapping', { hint: 'remove one of them' })
        }
        data[key.value] = dataOf(value)
      }
      return data
    }
  }
}
