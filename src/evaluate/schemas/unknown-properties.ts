import { spend } from '../../budget.ts'
import type { Schema } from '../../schema/index.ts'
import { quote } from '../../yaml/index.ts'
import type { Scope } from '../evaluation.ts'
import type { Value } from '../values/value.ts'
import { own } from './validate.ts'

/**
 * Reports each property of a call's inputs that the provider or rotator does not have. Validation
 * refuses them without a word, as it does wherever a schema allows nothing.
 */
export function reportUnknownProperties(scope: Scope, value: Value, schema: Schema): void {
  if (typeof schema === 'boolean' || value.unknown) return
  if (value.content.kind === 'array') {
    for (const [i, element] of value.content.elements.entries()) {
      spend(2)
      const expected = schema.prefixItems?.[i] ?? schema.items
      if (expected !== undefined) reportUnknownProperties(scope, element, expected)
    }
    return
  }
  if (value.kind !== 'map') return
  const names = Object.keys(schema.properties ?? {})
  for (const [key, child] of value.entries) {
    spend(2 + (names.length >>> 2))
    const expected = own(schema.properties, key) ?? schema.additionalProperties
    if (typeof expected === 'object') reportUnknownProperties(scope, child, expected)
    else if (expected === false && own(schema.properties, key) === undefined) {
      const best = scope.round.suggester.suggest(key, names)
      const suggestion = best === undefined ? `; there are ${names.join(', ')}` : `; did you mean ${quote(best)}?`
      scope.round.report(`unknown property ${quote(key)}${suggestion}`, child.definition)
    }
  }
}
