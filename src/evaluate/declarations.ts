import { type EnvironmentDeclaration, type Expression, operandsOf, reservedKeys } from '../language/index.ts'
import { quote, type StringNode } from '../yaml/index.ts'

export interface DeclarationError {
  readonly summary: string
  readonly node: StringNode
}

const found = new WeakMap<EnvironmentDeclaration, readonly DeclarationError[]>()

/**
 * Reserved and repeated keys, in document order. They are mistakes whether or not what
 * they stand for is evaluated.
 */
export function declarationErrors(environment: EnvironmentDeclaration): readonly DeclarationError[] {
  let errors = found.get(environment)
  if (errors === undefined) {
    errors = [...declarations(environment)]
    found.set(environment, errors)
  }
  return errors
}

function* declarations(environment: EnvironmentDeclaration): Generator<DeclarationError> {
  const seen = new Set<string>()
  for (const { key, keyNode, value } of environment.values ?? []) {
    if (reservedKeys.has(key)) yield { summary: `${quote(key)} is a reserved key`, node: keyNode }
    else if (seen.has(key)) yield { summary: `duplicate key ${quote(key)}`, node: keyNode }
    else {
      seen.add(key)
      yield* inside(value)
    }
  }
}

function* inside(outer: Expression): Generator<DeclarationError> {
  const pending: (Expression | DeclarationError)[] = [outer]
  for (;;) {
    const next = pending.pop()
    if (next === undefined) return
    if ('summary' in next) yield next
    else for (const part of contents(next).reverse()) pending.push(part)
  }
}

function contents(expression: Expression): (Expression | DeclarationError)[] {
  if (expression.kind === 'array') return [...expression.elements]
  if (expression.kind === 'call') return [...operandsOf(expression)]
  if (expression.kind !== 'object') return []
  const seen = new Set<string>()
  const inner: (Expression | DeclarationError)[] = []
  for (const { key, keyNode, value, valid } of expression.entries) {
    if (!valid) continue
    if (seen.has(key)) inner.push({ summary: `duplicate key ${quote(key)}`, node: keyNode })
    else inner.push(value)
    seen.add(key)
  }
  return inner
}
