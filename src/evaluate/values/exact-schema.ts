import { allocate, spend } from '../../budget.ts'
import { JsonNumber } from '../../json.ts'
import { constant, nullSchema, recordOf, type Schema, tuple } from '../../schema/index.ts'
import type { ContentOf } from './content.ts'

/** A value as far as its schema depends on it. */
interface Described {
  readonly content: ContentOf<{ readonly schema: Schema }>
  readonly ownKeys: readonly string[]
  readonly ownEntries: readonly (readonly [key: string, child: { readonly schema: Schema }])[]
}

/** The schema that describes a value and nothing else. */
export function exactSchema(value: Described): Schema {
  const content = value.content
  switch (content.kind) {
    case 'none':
      return true
    case 'null':
      return nullSchema
    case 'boolean':
      return constant('boolean', content.boolean)
    case 'number':
      return constant('number', new JsonNumber(content.text))
    case 'string':
      return constant('string', content.text)
    case 'array':
      spend(2 * content.elements.length)
      allocate(32 * content.elements.length)
      return tuple(content.elements.map((element) => element.schema))
    case 'map':
      spend(4 * value.ownKeys.length)
      allocate(64 * value.ownKeys.length)
      return recordOf(value.ownEntries.map(([key, child]) => [key, child.schema]))
  }
}
