import { allocate, produceText, spend } from '../../budget.ts'
import type { ExportedMap, ExportedValue } from '../../evaluate/index.ts'
import { compareKeys, JsonNumber } from '../../json.ts'
import { itemSchema, propertySchema, refTarget, type Schema, type SchemaObject } from '../../schema/index.ts'
import { isObject } from '../opening/value-format.ts'

/** The names that a type of values uses, and that a program imports. */
export type ImportedType = 'Plain' | 'PlainObject' | 'Secret'

/** The type of values, as TypeScript. */
export interface WrittenType {
  readonly text: string
  /** The imported types that the text uses, in their order. */
  readonly uses: readonly ImportedType[]
}

/**
 * Writes the TypeScript type of values that were checked: what they are, never which. A secret is
 * a `Secret`, and nothing of what it holds is told but whether it is a text, a number or so on.
 * The same values give the same text.
 */
export function typeOfValues(values: ExportedMap, schema: Schema | undefined): WrittenType {
  const writer = new TypeWriter()
  const text = writer.map(values, schema, '')
  return { text, uses: [...writer.uses].sort() }
}

/** The type of one value, as a program sees it. */
export function typeOfValue(value: ExportedValue, schema: Schema | undefined): string {
  return new TypeWriter().value(value, schema, '')
}

/** Schemas may refer to themselves, and say more than anybody reads. */
const MOST_LEVELS = 12

class TypeWriter {
  readonly uses = new Set<ImportedType>()

  value(value: ExportedValue, schema: Schema | undefined, indent: string): string {
    spend(20)
    allocate(100)
    if (value.unknown) return this.#unknown(value, schema, indent)
    const { value: content } = value
    if (value.secret) return this.#secret(shapeOf(content))
    if (Array.isArray(content)) {
      const items = (content as readonly ExportedValue[]).map((each, i) =>
        this.value(each, itemSchema(schema, i), indent),
      )
      return listOf(items.length === 0 ? this.#use('Plain') : unionOf(items))
    }
    if (isObject(content)) return this.map(content, schema, indent)
    return shapeOf(content)
  }

  map(map: ExportedMap, schema: Schema | undefined, indent: string): string {
    const keys = Object.keys(map).sort(compareKeys)
    const inner = `${indent}  `
    return this.#object(
      keys.map((key) => {
        const type = this.value(map[key] as ExportedValue, propertySchema(schema, key), inner)
        return `${inner}readonly ${propertyName(key)}: ${type}`
      }),
      indent,
    )
  }

  #object(lines: readonly string[], indent: string): string {
    if (lines.length === 0) return this.#use('PlainObject')
    const text = `{\n${lines.join('\n')}\n${indent}}`
    produceText(text.length)
    return text
  }

  #use(name: ImportedType): ImportedType {
    this.uses.add(name)
    return name
  }

  #secret(type: string): string {
    this.#use('Secret')
    return type === 'Plain' ? 'Secret' : `Secret<${type}>`
  }

  /** A value that only opening tells: its type is what is declared, such as by a provider. */
  #unknown(value: ExportedValue, schema: Schema | undefined, indent: string): string {
    if (value.secret) return this.#secret(this.#revealed(schema))
    const type = this.#declared(schema, indent, 0)
    // What is made of what a provider gives is a secret when that is one.
    return type === 'string' || type === 'number' || type === 'boolean' ? unionOf([type, this.#secret(type)]) : type
  }

  #revealed(schema: Schema | undefined): string {
    const type = typeof schema === 'object' ? schema.type : undefined
    if (type === 'string' || type === 'number' || type === 'boolean') return type
    return type === 'object' ? this.#use('PlainObject') : 'Plain'
  }

  #declared(schema: Schema | undefined, indent: string, depth: number): string {
    spend(20)
    allocate(100)
    if (typeof schema !== 'object' || depth > MOST_LEVELS) return this.#use('Plain')
    if (schema.secret) return this.#secret(this.#revealed(schema))
    const target = refTarget(schema)
    if (target !== undefined) return this.#declared(target, indent, depth + 1)
    switch (schema.type) {
      case 'null':
      case 'boolean':
      case 'number':
      case 'string':
        return schema.type
      case 'array':
        return this.#declaredList(schema, indent, depth)
      case 'object':
        return this.#declaredObject(schema, indent, depth)
      default: {
        const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
        if (forms.length === 0) return this.#use('Plain')
        return unionOf(forms.map((form) => this.#declared(form, indent, depth + 1)))
      }
    }
  }

  #declaredList({ prefixItems = [], items = true }: SchemaObject, indent: string, depth: number): string {
    const first = prefixItems.map((each) => this.#declared(each, indent, depth + 1))
    const rest = items === false ? [] : [this.#declared(items, indent, depth + 1)]
    return first.length + rest.length === 0 ? listOf(this.#use('Plain')) : listOf(unionOf([...first, ...rest]))
  }

  #declaredObject(schema: SchemaObject, indent: string, depth: number): string {
    const { properties = {}, required = [], additionalProperties: others } = schema
    const inner = `${indent}  `
    const keys = Object.keys(properties).sort(compareKeys)
    if (keys.length === 0 && typeof others === 'object') {
      return `{ readonly [name: string]: ${unionOf([this.#declared(others, indent, depth + 1), 'undefined'])} }`
    }
    // What is imported has all members required, as the language merges types; a rotator has no
    // previous credential before it has rotated twice.
    const isSure = (key: string) => required.includes(key) && !(key === 'previous' && keys.includes('current'))
    const lines = keys.map((key) => {
      const type = this.#declared(properties[key], inner, depth + 1)
      return `${inner}readonly ${propertyName(key)}${isSure(key) ? '' : '?'}: ${type}`
    })
    const declared = this.#object(lines, indent)
    const isOpen = keys.length > 0 && others !== undefined && others !== false
    return isOpen ? `${declared} & ${this.#use('PlainObject')}` : declared
  }
}

/** The kind of content that is known. The names within an object may be a secret too. */
function shapeOf(content: ExportedValue['value']): string {
  if (content === undefined) return 'null'
  if (content instanceof JsonNumber) return 'number'
  return typeof content === 'object' ? 'Plain' : typeof content
}

/** Each type once, in the order in which they come. */
function unionOf(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

function listOf(type: string): string {
  return /[|&]/.test(type) && !type.startsWith('{') ? `readonly (${type})[]` : `readonly ${type}[]`
}

/** A name as it stands in a type: in quotes where it is no identifier. */
function propertyName(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : JSON.stringify(key)
}
