import type { Plain, PlainObject } from '../../../plain.ts'

/** Values by the names that templates have for them. */
export type TemplateValues = Readonly<Record<string, string>>

const placeholder = /\{\{([^{}]*)\}\}/g

/** The names in a template, such as `id` in `keys/{{id}}`. */
export function namesIn(template: string): readonly string[] {
  return [...template.matchAll(placeholder)].map(([, name = '']) => name.trim())
}

/** The template with each `{{name}}` replaced. `write`: how a value is written there. */
export function fill(template: string, values: TemplateValues, write = (value: string) => value): string {
  return template.replace(placeholder, (whole, name: string) => {
    const value = values[name.trim()]
    return value === undefined ? whole : write(value)
  })
}

/** Every text of a body filled in; names of members stay. */
export function fillAll(body: PlainObject, values: TemplateValues): PlainObject {
  const filled = (value: Plain | undefined): Plain => {
    if (typeof value === 'string') return fill(value, values)
    if (Array.isArray(value)) return value.map(filled)
    return isObject(value) ? fillAll(value, values) : (value ?? null)
  }
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, filled(value)]))
}

/** Every text of a body. */
export function textsIn(value: Plain | undefined): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each))
  return isObject(value) ? Object.values(value).flatMap(textsIn) : []
}

function isObject(value: Plain | undefined): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
