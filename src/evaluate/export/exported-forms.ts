import { type Json, JsonNumber } from '../../json.ts'
import { quote } from '../../yaml/index.ts'
import { listOf, mapOf } from '../values/convert.ts'
import { secretText, unknownText } from '../values/text.ts'
import type { ExportedMap, ExportedValue } from './exported.ts'

export interface Form {
  /** Shows `[secret]` in the place of every value that is marked secret itself. */
  readonly redact: boolean
}

/** The value as plain JSON. What is unknown is the text `[unknown]`. */
export function toJson(value: ExportedValue, form: Form): Json {
  if (value.secret && form.redact) return secretText
  if (value.unknown) return unknownText
  const list = listOf(value)
  if (list) return list.map((item) => toJson(item, form))
  const map = mapOf(value)
  if (map) return mapToJson(map, form)
  return (value.value ?? null) as Json
}

/** The same for a map of values, such as an environment's properties. */
export function mapToJson(map: ExportedMap, form: Form): { readonly [key: string]: Json } {
  const json: Record<string, Json> = Object.create(null)
  for (const [key, value] of Object.entries(map)) json[key] = toJson(value, form)
  return json
}

/** The value as text: scalars as they are, null as nothing, collections as quoted parts. */
export function toText(value: ExportedValue, form: Form): string {
  if (value.secret && form.redact) return secretText
  if (value.unknown) return unknownText
  const list = listOf(value)
  if (list) return list.map((item) => quote(toText(item, form))).join(',')
  const map = mapOf(value)
  if (map)
    return Object.entries(map)
      .map(([key, item]) => `${quote(key)}=${quote(toText(item, form))}`)
      .join(',')
  const content = value.value
  if (content === undefined) return ''
  return content instanceof JsonNumber ? content.text : String(content)
}

/** A text for the process, such as the value of an environment variable. */
export interface ProcessText {
  readonly text: string
  readonly secret: boolean
}

/**
 * Returns the variables that the property `environmentVariables` asks for: each scalar entry as
 * text; lists and objects are left out.
 */
export function environmentVariables(properties: ExportedMap | undefined): ReadonlyMap<string, ProcessText> {
  return textsOf(properties, 'environmentVariables')
}

/**
 * Returns the files that the property `files` asks for: contents by the name of the variable that
 * is to hold the file's path.
 */
export function files(properties: ExportedMap | undefined): ReadonlyMap<string, ProcessText> {
  return textsOf(properties, 'files')
}

function textsOf(properties: ExportedMap | undefined, name: string): ReadonlyMap<string, ProcessText> {
  const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined
  const texts = new Map<string, ProcessText>()
  for (const [key, value] of Object.entries((property && mapOf(property)) ?? {}))
    if (!listOf(value) && !mapOf(value))
      texts.set(key, { text: toText(value, { redact: false }), secret: value.secret ?? false })
  return texts
}
