import type { StringNode } from '../yaml/index.ts'
import type { Call, Expression, ObjectExpression, ObjectProperty, StringLiteral } from './expression.ts'

/**
 * A parsed environment: what the evaluator works on. Never changed once made, so it can be
 * evaluated any number of times.
 */
export interface EnvironmentDeclaration {
  /** The name it was loaded under, which every range in it carries. */
  readonly name: string
  readonly description: StringLiteral | undefined
  /** `undefined` when the document has none. */
  readonly imports: readonly Import[] | undefined
  /** In document order. Undefined: the document has none. */
  readonly values: readonly ObjectProperty[] | undefined
  /** The values as one object, without the reserved names; what references start at. */
  readonly root: ObjectExpression
  /** The number of expressions: their ids are 0 up to this. */
  readonly expressionCount: number
}

/** Top-level names that mean something else in references, so that values cannot have them. */
export const reservedKeys: ReadonlySet<string> = new Set(['imports', 'context', 'environments'])

export interface Import {
  /** `undefined` when the element is malformed and is skipped. */
  readonly name: StringNode | undefined
  /** True when its values are merged under those of the environment. */
  readonly merge: boolean
  /** The metadata mapping. Undefined: there is none. */
  readonly metadata: ImportMetadata | undefined
}
export interface ImportMetadata {
  /** As written. Undefined: not given. */
  readonly merge: boolean | undefined
}

/** Every expression of an environment, outer ones first. */
export function* expressionsOf({ values = [] }: EnvironmentDeclaration): Generator<Expression> {
  for (const { value } of values) yield* expressionsIn(value)
}

/** An expression and every one inside it, outer ones first. */
export function* expressionsIn(outermost: Expression): Generator<Expression> {
  const pending = [outermost]
  for (let expression = pending.pop(); expression !== undefined; expression = pending.pop()) {
    yield expression
    pushChildren(expression, pending)
  }
}

/** Adds what is directly inside an expression, the last first. */
function pushChildren(expression: Expression, pending: Expression[]): void {
  switch (expression.kind) {
    case 'array': {
      const { elements } = expression
      for (let at = elements.length - 1; at >= 0; at--) pending.push(elements[at] as Expression)
      return
    }
    case 'object': {
      const { entries } = expression
      for (let at = entries.length - 1; at >= 0; at--) pending.push((entries[at] as ObjectProperty).value)
      return
    }
    case 'call':
      pending.push(expression.argument)
  }
}

/** The expressions a call evaluates. */
export function operandsOf(call: Call): readonly Expression[] {
  switch (call.shape) {
    case 'argument':
      return [call.argument]
    case 'pair':
    case 'object':
      return Object.values(call.parts)
    case 'secret':
      return call.plaintext ? [call.plaintext] : []
    case 'provider':
      return call.state ? [call.inputs, call.state] : [call.inputs]
  }
}
