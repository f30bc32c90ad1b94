import { builtin, builtinOfKey } from '../../language/index.ts'
import type { Schema, SchemaObject } from '../../schema/index.ts'
import type { Position } from '../../yaml/index.ts'
import { own } from '../schemas/validate.ts'
import type { ExportedEnvironment, ExportedExpr, ExportedRange } from './exported.ts'

/**
 * True when a position lies in a range. The byte decides where it can; otherwise
 * lines and columns, roughly.
 */
export function containsPosition({ begin, end }: ExportedRange, position: Position): boolean {
  if (position.byte >= begin.byte && position.byte < end.byte) return true
  if (position.line < begin.line || position.line > end.line) return false
  return begin.line !== end.line || (position.column >= begin.column && position.column < end.column)
}

/**
 * A step from an expression into a part of it: an index, a key, or a
 * builtin's name for its argument.
 */
export interface ExpressionStep {
  readonly receiver: ExportedExpr
  readonly key: string | number
}

export interface FoundExpression {
  readonly expression: ExportedExpr
  /** The steps by which it was reached from the top-level expression. */
  readonly path: readonly ExpressionStep[]
}

/** The smallest expression of an evaluated environment at a position in its text. */
export function expressionAt(environment: ExportedEnvironment, position: Position): FoundExpression | undefined {
  for (const expression of Object.values(environment.exprs ?? {}))
    if (containsPosition(expression.range, position)) return smallest(expression, position)
  return undefined
}

function smallest(top: ExportedExpr, position: Position): FoundExpression {
  const path: ExpressionStep[] = []
  for (let expression = top; ; ) {
    const part = parts(expression).find(([, inner]) => containsPosition(inner.range, position))
    if (part === undefined) return { expression, path }
    path.push({ receiver: expression, key: part[0] })
    expression = part[1]
  }
}

function parts(expression: ExportedExpr): readonly (readonly [string | number, ExportedExpr])[] {
  if (expression.list?.length) return expression.list.map((item, i) => [i, item] as const)
  if (expression.object && Object.keys(expression.object).length > 0) return Object.entries(expression.object)
  return expression.builtin ? [[expression.builtin.name, expression.builtin.arg]] : []
}

/**
 * Describes the place in a sentence: what a builtin does, the type of a reference, or
 * what a provider says of the input under the cursor. Undefined: nothing.
 */
export function describeAt(environment: ExportedEnvironment, position: Position): string | undefined {
  const found = expressionAt(environment, position)
  if (found === undefined) return undefined
  const { expression, path } = found
  if (expression.builtin) {
    const name = builtinOfKey(expression.builtin.name)
    return name === undefined ? undefined : builtin(name).description
  }
  if (expression.symbol) {
    const { schema } = expression
    return typeof schema === 'object' ? schema.type : schema === undefined || schema ? 'any' : undefined
  }
  const enclosing = path.findLastIndex(({ receiver }) => receiver.builtin !== undefined)
  const call = path[enclosing]?.receiver.builtin
  if (call === undefined) return undefined
  const keys = path.slice(enclosing + 1).map(({ key }) => key)
  const under = Object.entries(expression.keyRanges ?? {}).find(([, range]) => containsPosition(range, position))
  if (under) keys.push(under[0])
  const schema = keys.reduce<Schema | undefined>(partOf, call.argSchema)
  return typeof schema === 'object' ? schema.description : undefined
}

function partOf(schema: Schema | undefined, key: string | number): Schema | undefined {
  if (typeof schema !== 'object') return undefined
  const inside: SchemaObject = schema
  return typeof key === 'number'
    ? (inside.prefixItems?.[key] ?? inside.items)
    : (own(inside.properties, key) ?? inside.additionalProperties)
}
