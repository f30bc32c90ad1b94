import { produceText, spend } from '../../budget.ts'
import { type ExportedMap, type ExportedValue, quoteBytes } from '../../evaluate/index.ts'
import { compareKeys, formatJson, type Json, JsonNumber } from '../../json.ts'
import { type PropertyPath, quote } from '../../yaml/index.ts'
import { dotenvText } from './dotenv-format.ts'
import { POSIX_NAME } from './posix-name.ts'
import { posixQuote } from './posix-quote.ts'

export interface Rendering {
  /** Secrets become `[secret]`. */
  readonly redact: boolean
}

export function isObject(value: ExportedValue['value']): value is ExportedMap {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof JsonNumber)
}

export function isList(value: ExportedValue['value']): value is readonly ExportedValue[] {
  return Array.isArray(value)
}

/**
 * The value as JSON: keys sorted by their bytes, unknown values as `[unknown]`,
 * numbers with their text.
 */
export function toPlainJson(value: ExportedValue | undefined, rendering: Rendering): Json {
  if (value === undefined) return null
  const marked = mark(value, rendering)
  if (marked !== undefined) return marked
  const content = value.value
  if (content === undefined) return null
  if (isList(content)) return content.map((element) => toPlainJson(element, rendering))
  if (!isObject(content)) return content
  const object: Record<string, Json> = Object.create(null)
  for (const key of sortedKeys(content)) object[key] = toPlainJson(content[key], rendering)
  return object
}

/**
 * The value as one text: lists as quoted elements, objects as quoted `"key"="value"` pairs,
 * both joined with commas.
 */
export function formatAsText(value: ExportedValue | undefined, rendering: Rendering): string {
  if (value === undefined) return ''
  const marked = mark(value, rendering)
  if (marked !== undefined) return marked
  const content = value.value
  if (content === undefined) return ''
  if (content instanceof JsonNumber) return content.text
  if (isList(content)) return content.map((element) => quoted(formatAsText(element, rendering))).join(',')
  if (!isObject(content)) return String(content)
  return sortedKeys(content)
    .map((key) => `${quote(key)}=${quoted(formatAsText(content[key], rendering))}`)
    .join(',')
}

/** Quotation marks double in each level of lists within lists, so what it takes is counted. */
function quoted(text: string): string {
  spend(text.length)
  produceText(text.length)
  return quoteBytes(text)
}

function mark(value: ExportedValue, { redact }: Rendering): string | undefined {
  if (value.secret && redact) return '[secret]'
  return value.unknown ? '[unknown]' : undefined
}

/**
 * The value with secretness, unknowns and where each part was defined, as JSON text. Nothing is
 * redacted here. It is written out by hand because the members of a node stand in a fixed order and
 * those of an object sorted by their bytes, numbers as names included.
 */
export function toDetailedText(value: ExportedValue, indent = ''): string {
  const inner = `${indent}  `
  const members: string[] = []
  const { value: content, secret, unknown, trace } = value
  if (content !== undefined) members.push(`"value": ${detailedContent(content, inner)}`)
  if (secret) members.push('"secret": true')
  if (unknown) members.push('"unknown": true')
  members.push(`"trace": ${detailedTrace(trace, inner)}`)
  return block('{', members, '}', indent)
}

function detailedContent(content: NonNullable<ExportedValue['value']>, indent: string): string {
  const inner = `${indent}  `
  if (isList(content))
    return block(
      '[',
      content.map((element) => toDetailedText(element, inner)),
      ']',
      indent,
    )
  if (!isObject(content)) return formatJson(content as Json, { escapeHtml: true })
  const members = sortedKeys(content).map(
    (key) => `${formatJson(key, { escapeHtml: true })}: ${toDetailedText(content[key] as ExportedValue, inner)}`,
  )
  return block('{', members, '}', indent)
}

function detailedTrace({ def, base }: ExportedValue['trace'], indent: string): string {
  const members = [`"def": ${rangeText(def, `${indent}  `)}`]
  if (base !== undefined) members.push(`"base": ${toDetailedText(base, `${indent}  `)}`)
  return block('{', members, '}', indent)
}

type Definition = ExportedValue['trace']['def']

/** Writes the same as `formatJson`, but knows the members: one stands at every value. */
function rangeText({ environment, begin, end }: Definition, indent: string): string {
  const name =
    environment === undefined ? '' : `\n${indent}  "environment": ${formatJson(environment, { escapeHtml: true })},`
  return `{${name}\n${indent}  "begin": ${positionText(begin, indent)},\n${indent}  "end": ${positionText(end, indent)}\n${indent}}`
}

function positionText({ line, column, byte }: Definition['begin'], indent: string): string {
  const inner = `\n${indent}    `
  return `{${inner}"line": ${line},${inner}"column": ${column},${inner}"byte": ${byte}\n${indent}  }`
}

function block(open: string, members: readonly string[], close: string, indent: string): string {
  if (members.length === 0) return open + close
  spend(10)
  for (const member of members) produceText(member.length >>> 1)
  return `${open}\n${members.map((member) => `${indent}  ${member}`).join(',\n')}\n${indent}${close}`
}

/** A variable of a program's environment. */
export interface Variable {
  readonly name: string
  readonly value: string
  readonly secret: boolean
}

/**
 * The scalars of the top-level object `environmentVariables` (or `files`), by name; lists
 * and objects are left out.
 */
export function variablesOf(
  properties: ExportedMap | undefined,
  member: 'environmentVariables' | 'files',
  rendering: Rendering,
): Variable[] {
  const object = properties !== undefined && Object.hasOwn(properties, member) ? properties[member] : undefined
  if (object === undefined || !isObject(object.value)) return []
  const entries = object.value
  return sortedKeys(entries).flatMap((name): Variable[] => {
    const value = entries[name] as ExportedValue
    if (isList(value.value) || isObject(value.value)) return []
    return [{ name, value: formatAsText(value, rendering), secret: value.secret === true || object.secret === true }]
  })
}

/**
 * Lines that set variables, in the order given. `shell` and `posix` export them; only `posix` is
 * safe to evaluate in a shell. In `dotenv`, what ends with a backslash comes last: some readers
 * take `\'` for no end, and look for it in the lines behind.
 */
export function variableLines(variables: readonly Variable[], format: 'dotenv' | 'shell' | 'posix'): string {
  if (format === 'dotenv') {
    const lines = variables.map(({ name, value }) => `${name}=${dotenvText(value).text}\n`)
    const isOpen = (line: string) => /\\['"]\n$/.test(line)
    return [...lines.filter((line) => !isOpen(line)), ...lines.filter(isOpen)].join('')
  }
  return variables
    .map(({ name, value }) => {
      if (format === 'shell') return `export ${name}=${quote(value)}\n`
      return POSIX_NAME.test(name) ? `export ${name}=${posixQuote(value)}\n` : ''
    })
    .join('')
}

/** The part of a value at a path; undefined when there is none. */
export function valueAt(root: ExportedValue, path: PropertyPath): ExportedValue | undefined {
  let value: ExportedValue | undefined = root
  for (const key of path) {
    const content: ExportedValue['value'] = value.value
    if (isList(content)) value = typeof key === 'number' ? content[key] : undefined
    else if (isObject(content))
      value = typeof key === 'string' && Object.hasOwn(content, key) ? content[key] : undefined
    else value = undefined
    if (value === undefined) return undefined
  }
  return value
}

const NOWHERE = { line: 0, column: 0, byte: 0 }

/** All values of an environment as one object, which stands nowhere in particular. */
export function rootValue(properties: ExportedMap): ExportedValue {
  return { value: properties, trace: { def: { begin: NOWHERE, end: NOWHERE } } }
}

function sortedKeys(object: ExportedMap): string[] {
  return Object.keys(object).sort(compareKeys)
}
