import { spend } from '../budget.ts'
import type { Expression, Interpolation, PropertyAccess, SymbolReference } from '../language/index.ts'
import { inlineEnvironment } from '../language/index.ts'
import { present } from '../present.ts'
import { itemSchema, propertySchema, type Schema } from '../schema/index.ts'
import { quote } from '../yaml/index.ts'
import type { Scope } from './evaluation.ts'
import { type Definition, nowhere, Value } from './values/value.ts'

const nameOnArray = 'cannot access an array element using a property name'
const indexOnObject = 'cannot access an object property using an integer index'
const noReceiver = 'receiver must be an array or an object'

/**
 * The value that a reference leads to. `accessed` receives the definition each accessor came to,
 * for traces. After a mistake, which is reported, the value is unknown.
 */
export function resolveAccess(
  scope: Scope,
  referring: SymbolReference | Interpolation,
  access: PropertyAccess,
  accept: Schema,
  accessed: (Definition | undefined)[],
): Value {
  return new Resolution(scope, referring, access, accept, accessed).resolve()
}

class Resolution {
  readonly #scope: Scope
  readonly #referring: SymbolReference | Interpolation
  readonly #access: PropertyAccess
  readonly #accept: Schema
  readonly #accessed: (Definition | undefined)[]

  constructor(
    scope: Scope,
    referring: SymbolReference | Interpolation,
    access: PropertyAccess,
    accept: Schema,
    accessed: (Definition | undefined)[],
  ) {
    this.#scope = scope
    this.#referring = referring
    this.#access = access
    this.#accept = accept
    this.#accessed = accessed
  }

  resolve(): Value {
    const first = this.#access.accessors[0]?.key
    if (first === 'imports' || first === 'context') {
      this.#accessed[0] = nowhere
      return this.#inValue(first === 'imports' ? this.#scope.importsValue : this.#scope.contextValue, 1)
    }
    if (first === 'environments') return this.#inEnvironment()
    return this.#inExpression(this.#scope.environment.root, this.#scope.base)
  }

  #self(): Definition {
    return this.#scope.definitionOf(this.#referring)
  }

  /** Reports a mistake at an accessor; it and those after it lead nowhere. */
  #fail(index: number, summary: string): Value {
    this.#scope.accessorError(summary, this.#referring, present(this.#access.accessors[index]))
    return this.#nowhere(index)
  }

  #unknownProperty(index: number, key: string, candidates: readonly string[] | ReadonlyMap<string, unknown>): Value {
    const best = this.#scope.round.suggester.suggest(key, candidates)
    return this.#fail(
      index,
      `unknown property ${quote(key)}${best === undefined ? '' : `; did you mean ${quote(best)}?`}`,
    )
  }

  #nowhere(index: number): Value {
    for (let i = index; i < this.#access.accessors.length; i++) this.#accessed[i] = this.#self()
    return this.#scope.unknown(this.#referring)
  }

  #inEnvironment(): Value {
    const accessors = this.#access.accessors
    if (accessors.length < 3) return this.#nowhere(0)
    this.#accessed[0] = this.#self()
    for (const index of [1, 2]) {
      if (typeof accessors[index]?.key === 'number') return this.#fail(index, indexOnObject)
      this.#accessed[index] = this.#self()
    }
    const name = present(inlineEnvironment(this.#access))
    const value = this.#scope.round.resolve(name, this.#self(), this.#scope)
    this.#accessed[2] = nowhere
    if (value === undefined) return this.#nowhere(3)
    return this.#inValue(value, 3)
  }

  /**
   * Walks declarations without evaluating them, so that objects may refer to parts of themselves.
   */
  #inExpression(root: Expression, rootBase: Value | undefined): Value {
    let receiver = root
    let base = rootBase
    let index = 0
    const accessors = this.#access.accessors
    for (;;) {
      spend(4)
      const accessor = accessors[index]
      if (accessor === undefined) return this.#scope.evaluate(receiver, true, base)
      const { key } = accessor
      if (receiver.kind === 'array') {
        const problem = indexProblem(key, receiver.elements.length)
        if (problem !== undefined) return this.#fail(index, problem)
        receiver = present(receiver.elements[key as number])
        base = undefined
      } else if (receiver.kind === 'object') {
        if (typeof key === 'number') return this.#fail(index, indexOnObject)
        const property = receiver.properties.get(key)
        if (property === undefined) {
          if (base?.mayBeObject) return this.#inValue(base, index)
          return this.#unknownProperty(index, key, receiver.properties)
        }
        receiver = property.value
        base = base?.property(key, property.keyNode.range)
      } else if (receiver.kind === 'call' && receiver.name === 'secret') {
        if (receiver.plaintext === undefined) {
          this.#scope.error('internal error: no receiver', this.#referring)
          return this.#nowhere(index)
        }
        receiver = receiver.plaintext
        base = undefined
        continue
      } else return this.#inValue(this.#scope.evaluate(receiver, this.#accept, base), index)
      this.#accessed[index++] = this.#scope.definitionOf(receiver)
    }
  }

  #inValue(start: Value, from: number): Value {
    const accessors = this.#access.accessors
    let value = start
    let index = from
    for (;;) {
      spend(4)
      const accessor = accessors[index]
      if (accessor === undefined) return value
      if (value.unknown) return this.#inUnknown(value, index)
      const { key } = accessor
      const content = value.content
      if (content.kind === 'array') {
        const problem = indexProblem(key, content.elements.length)
        if (problem !== undefined) return this.#fail(index, problem)
        value = present(content.elements[key as number])
      } else if (content.kind === 'map') {
        if (typeof key === 'number') return this.#fail(index, indexOnObject)
        let holder = value
        let own = holder.own(key)
        while (own === undefined) {
          spend(2)
          const base = holder.base
          if (!base?.mayBeObject) return this.#unknownProperty(index, key, holder.ownKeys)
          if (base.unknown) return this.#inUnknown(base, index)
          holder = base
          own = holder.own(key)
        }
        value = own
      } else return this.#fail(index, noReceiver)
      this.#accessed[index++] = value.definition
    }
  }

  /** Follows the schema of a value that is not known. */
  #inUnknown(receiver: Value, from: number): Value {
    let schema = receiver.schema
    const accessors = this.#access.accessors
    for (let index = from; index < accessors.length; index++) {
      spend(4)
      const { key } = present(accessors[index])
      if (typeof schema === 'object' && schema.type === 'array') {
        const length = schema.items === false ? (schema.prefixItems?.length ?? 0) : Number.POSITIVE_INFINITY
        const problem = indexProblem(key, length)
        if (problem !== undefined) return this.#fail(index, problem)
        const unlisted = schema.items === undefined && (key as number) >= (schema.prefixItems?.length ?? 0)
        schema = unlisted ? true : itemSchema(schema, key as number)
      } else if (typeof schema === 'object' && schema.type === 'object') {
        if (typeof key === 'number') return this.#fail(index, indexOnObject)
        schema = propertySchema(schema, key)
      } else if (schema !== true) return this.#fail(index, noReceiver)
      this.#accessed[index] = this.#self()
    }
    return Value.unknown(this.#self(), schema, { pending: receiver.pending })
  }
}

function indexProblem(key: string | number, length: number): string | undefined {
  if (typeof key === 'string') return nameOnArray
  if (key < 0) return 'array indices must not be negative'
  return key >= length ? `array index ${key} out-of-bounds for array of length ${length}` : undefined
}
