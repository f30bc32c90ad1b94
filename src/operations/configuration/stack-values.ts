import { EscError } from '../../errors.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { compareKeys, formatJson, type Json, JsonNumber } from '../../json.ts'
import { type ForeignValue, scalar } from '../definitions/import/foreign-value.ts'
import { isObject, toPlainJson } from '../opening/value-format.ts'

/**
 * A value of the configuration as a stack file can say it. There only a text can be encrypted, so
 * a single secret becomes its text; a list or mapping that is a secret, or holds one that is no
 * text, becomes one encrypted JSON text, which programs read as an object all the same.
 *
 * @throws EscError `not_text` for bytes that are no text; `invalid_input` for a mapping whose only
 *   key is `secure`.
 */
export function stackValue(key: string, value: ExportedValue, inSecret: boolean): ForeignValue {
  const content = value.value
  const isWhole = Array.isArray(content) || (content !== undefined && isObject(content))
  if (isWhole && (inSecret || !canStand(value))) {
    return scalar(checkedText(key, formatJson(toPlainJson(value, { redact: false }), { sortKeys: true })), true)
  }
  return converted(key, inSecret ? { ...value, secret: true } : value)
}

/** True when the only secrets in it are texts. */
function canStand({ secret, value }: ExportedValue): boolean {
  if (Array.isArray(value)) return !secret && (value as readonly ExportedValue[]).every(canStand)
  if (value !== undefined && isObject(value)) return !secret && Object.values(value).every(canStand)
  return !secret || typeof value === 'string'
}

function converted(key: string, exported: ExportedValue): ForeignValue {
  const { value } = exported
  const secret = exported.secret === true
  if (Array.isArray(value)) {
    return { kind: 'list', items: (value as readonly ExportedValue[]).map((each) => converted(key, each)) }
  }
  if (value !== undefined && isObject(value)) return convertedMap(key, value)
  if (typeof value === 'string') return scalar(checkedText(key, value), secret)
  if (value === undefined || value === null) return scalar(secret ? '' : null, secret)
  if (secret) return scalar(value instanceof JsonNumber ? value.text : String(value), true)
  return scalar(value as boolean | JsonNumber)
}

function convertedMap(key: string, map: ExportedMap): ForeignValue {
  const keys = Object.keys(map).sort(compareKeys)
  if (keys.length === 1 && keys[0] === 'secure') {
    throw new EscError('invalid_input', `${key} holds a mapping whose only key is 'secure'`, {
      hint: 'a stack file would take it for an encrypted value: rename the key, or add another one',
    })
  }
  return {
    kind: 'object',
    entries: keys.map((each) => ({ key: checkedText(key, each), value: converted(key, map[each] as ExportedValue) })),
  }
}

function checkedText(key: string, text: string): string {
  if (text.isWellFormed()) return text
  throw new EscError('not_text', `${key} holds bytes that are not text, and a stack file holds texts`, {
    hint: 'keep them as base64 in the configuration',
  })
}

/** The value as YAML says it. `encrypt` gets the path below `config` of each secret. */
export function stackYaml(
  value: ForeignValue,
  path: readonly (string | number)[],
  encrypt: (plaintext: string, path: readonly (string | number)[]) => string,
): Json {
  if (value.kind === 'list') return value.items.map((item, index) => stackYaml(item, [...path, index], encrypt))
  if (value.kind === 'object') {
    const object: Record<string, Json> = Object.create(null)
    for (const { key, value: member } of value.entries) object[key] = stackYaml(member, [...path, key], encrypt)
    return object
  }
  return value.secret ? { secure: encrypt(String(value.value), path) } : value.value
}

/** A text by which two values can be compared, secrets included. It is never shown. */
export function comparable(value: ForeignValue): string {
  if (value.kind === 'list') return `[${value.items.map(comparable).join()}]`
  if (value.kind === 'object') {
    const members = value.entries.map((each) => `${JSON.stringify(each.key)}:${comparable(each.value)}`)
    return `{${members.sort().join()}}`
  }
  const { value: content, secret } = value
  return `${secret ? 'secret ' : ''}${content instanceof JsonNumber ? content.text : JSON.stringify(content)}`
}
