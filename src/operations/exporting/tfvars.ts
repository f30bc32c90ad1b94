import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { compareKeys, formatJson, JsonNumber } from '../../json.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { isList, isObject, toPlainJson } from '../opening/value-format.ts'
import { cannotHold } from './exported-variables.ts'

export type TfvarsFormat = 'hcl' | 'json'

/**
 * The members of an object as the variables of Terraform and OpenTofu: a `.tfvars` file in HCL, or
 * a `.tfvars.json` file, in which texts are literal.
 *
 * @param path of the object, for messages.
 * @throws EscError `invalid_input` for a name or a value that such a file cannot hold.
 */
export function tfvars(members: ExportedMap, path: PropertyPath, format: TfvarsFormat): string {
  const names = Object.keys(members).sort(compareKeys)
  for (const name of names) {
    refuseTexts(members[name] as ExportedValue, [...path, name])
    if (/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(name)) continue
    const shown = formatPropertyPath([...path, name])
    throw cannotHold(shown, 'has a name that no variable of Terraform can have', 'rename it in the definition')
  }
  if (format === 'json') {
    const plain = Object.fromEntries(names.map((name) => [name, toPlainJson(members[name], { redact: false })]))
    return `${formatJson(plain, { indent: 2 })}\n`
  }
  return names.map((name) => `${name} = ${expression(members[name] as ExportedValue, '')}\n`).join('')
}

function refuseTexts({ value }: ExportedValue, path: PropertyPath): void {
  if (isList(value)) {
    for (const [index, element] of value.entries()) refuseTexts(element, [...path, index])
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) refuseTexts(member, [...path, key])
  } else if (typeof value === 'string' && !value.isWellFormed()) {
    const hint = 'pass it through fn::toBase64 in the definition'
    throw cannotHold(formatPropertyPath(path), 'holds bytes that are not UTF-8, which Terraform cannot hold', hint)
  }
}

function expression({ value }: ExportedValue, indent: string): string {
  const inner = `${indent}  `
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return hclText(value)
  if (value instanceof JsonNumber) return value.text
  if (isList(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((each) => `${inner}${expression(each, inner)},\n`).join('')}${indent}]`
  }
  if (!isObject(value)) return String(value)
  const keys = Object.keys(value).sort(compareKeys)
  if (keys.length === 0) return '{}'
  const member = (key: string) => `${inner}${hclText(key)} = ${expression(value[key] as ExportedValue, inner)}\n`
  return `{\n${keys.map(member).join('')}${indent}}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
}

/**
 * A text between quotes, in which `${` and `%{` begin no template. `$` and `%` are written by their
 * code where they would begin one: doubled, as in `$${`, they depend on what stands before.
 */
function hclText(text: string): string {
  const written = text.replace(/["\\\p{Cc}\u2028\u2029]|[$%](?=[$%]*\{)/gu, (char) => {
    const code = char.charCodeAt(0).toString(16).padStart(4, '0')
    return ESCAPES[char] ?? `\\u${code}`
  })
  return `"${written}"`
}
