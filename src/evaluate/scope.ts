import { spend } from '../budget.ts'
import { isBeyondJson } from '../json.ts'
import {
  type Accessor,
  type EnvironmentDeclaration,
  type Expression,
  expressionsIn,
  type ObjectExpression,
  operandsOf,
  pathOf,
  pieceRange,
  rangeOf,
} from '../language/index.ts'
import { present } from '../present.ts'
import { join } from '../raw-bytes.ts'
import {
  isRotateOnly,
  itemSchema,
  mentionsRotateOnly,
  propertySchema,
  type Schema,
  stringSchema,
} from '../schema/index.ts'
import { elementPath, joinPath, quote } from '../yaml/index.ts'
import { resolveAccess } from './access.ts'
import { evaluateCall } from './builtins/registry.ts'
import { declarationErrors } from './declarations.ts'
import { type Besides, type Frame, type Round, type Scope, TooDeep } from './evaluation.ts'
import { maxTextLength, textOfValue, unknownText } from './values/text.ts'
import { type Content, type Definition, nowhere, Value } from './values/value.ts'
import { recordValue } from './values/value-of-json.ts'

/** Anonymous environments do not become the root of what they import. */
const anonymous = '<yaml>'

/**
 * Larger or deeper values are refused, so that nothing that walks a value runs out of stack, or of
 * the budget far from what made it large.
 */
const maxSize = 5_000_000
const maxDepth = 600

/** The evaluation of one environment in one round. */
export class EnvironmentScope implements Scope {
  readonly round: Round
  readonly environment: EnvironmentDeclaration
  readonly isRoot: boolean
  /** The value of `${context.rootEnvironment.name}` here. */
  readonly rootName: string
  /** The depth of the stack when the environment was entered. */
  stack = 0
  /** Everything imported so far, layered. */
  base: Value | undefined
  currentImport: { readonly name: string; readonly merge: boolean; readonly definition: Definition } | undefined
  readonly #imports = new Map<string, Value>()
  #importIndex = 0
  #importsValue: Value | undefined
  #contextValue: Value | undefined
  readonly #definitions: (Definition | undefined)[]
  readonly #values: (Value | undefined)[]
  readonly #bases: (Value | undefined)[] = []
  readonly #evaluating: Uint8Array
  /** Made when the first circle is found. */
  #paths: readonly (string | undefined)[] | undefined
  readonly #accessed: (readonly (Definition | undefined)[][] | undefined)[] = []

  constructor(round: Round, environment: EnvironmentDeclaration, isRoot: boolean, inheritedRoot: string) {
    this.round = round
    this.environment = environment
    this.isRoot = isRoot
    this.rootName = inheritedRoot === '' || inheritedRoot === anonymous ? environment.name : inheritedRoot
    this.#definitions = new Array(environment.expressionCount)
    this.#values = new Array(environment.expressionCount)
    this.#evaluating = new Uint8Array(environment.expressionCount)
  }

  get name(): string {
    return this.environment.name
  }

  nextImport(): typeof this.currentImport {
    const imports = this.environment.imports ?? []
    this.currentImport = undefined
    for (;;) {
      const next = imports[this.#importIndex]
      if (next === undefined) return undefined
      this.#importIndex++
      const { name, merge } = next
      if (name === undefined) continue
      const definition = { range: name.range, path: name.path, written: undefined, late: undefined }
      this.currentImport = { name: name.value, merge, definition }
      return this.currentImport
    }
  }

  /** Takes in the value of the current import; undefined: it failed. */
  addImport(value: Value | undefined): void {
    const { name, merge } = present(this.currentImport)
    if (value === undefined) return
    const copy = value.flattenInherited()
    this.#imports.set(name, copy)
    if (merge) this.base = copy.layeredOver(this.base)
  }

  get importsValue(): Value {
    this.#importsValue ??= recordValue(this.#imports)
    return this.#importsValue
  }

  get contextValue(): Value {
    if (this.#contextValue === undefined) {
      const text = (name: string) => recordValue(new Map([['name', Value.of(nowhere, { kind: 'string', text: name })]]))
      const context = new Map(this.round.request.context)
      const { fullName } = this.round.request
      context.set('currentEnvironment', text(fullName(this.name)))
      context.set('rootEnvironment', text(fullName(this.rootName)))
      this.#contextValue = recordValue(context)
    }
    return this.#contextValue
  }

  /** Evaluates the whole environment. */
  evaluateRoot(): Value {
    this.stack = this.round.stack
    for (const { summary, node } of declarationErrors(this.environment))
      this.round.report(summary, { range: node.range, path: node.path, written: undefined, late: undefined })
    const { root } = this.environment
    const worklist: Pick<Frame, 'expression' | 'accept' | 'base'>[] = [
      { expression: root, accept: true, base: this.base },
    ]
    for (;;) {
      const { expression, accept, base } = present(worklist.at(-1))
      this.#evaluating[expression.id] = 0
      try {
        const value = this.evaluate(expression, accept, base)
        worklist.pop()
        if (worklist.length === 0) return value
      } catch (error) {
        if (!(error instanceof TooDeep) || error.frame.scope !== this) throw error
        for (const frame of this.round.unwind(this.stack)) this.#evaluating[frame.expression.id] = 0
        // What waits counts as being evaluated, so a cycle longer than the stack
        // is deep is found as well.
        for (const waiting of worklist) this.#evaluating[waiting.expression.id] = 1
        worklist.push(error.frame)
      }
    }
  }

  definitionOf(expression: Expression): Definition {
    let definition = this.#definitions[expression.id]
    if (definition === undefined) {
      definition = {
        range: rangeOf(expression),
        path: pathOf(expression),
        written: { expression, scope: this },
        late: undefined,
      }
      this.#definitions[expression.id] = definition
    }
    return definition
  }

  /** The value of an expression, if it was evaluated. */
  valueOf(expression: Expression): Value | undefined {
    return this.#values[expression.id]
  }

  adopt(expression: Expression, from: Scope): void {
    for (const each of expressionsIn(expression)) this.#values[each.id] ??= from.valueOf(each)
  }

  /** Returns the value that an expression overlays, if it was evaluated. */
  baseOf(expression: Expression): Value | undefined {
    return this.#bases[expression.id]
  }

  /** Returns what each accessor of a symbol, or of each part of an interpolation, came to. */
  accessedBy(expression: Expression): readonly (readonly (Definition | undefined)[])[] {
    return this.#accessed[expression.id] ?? []
  }

  error(summary: string, expression: Expression, more?: Besides): void {
    this.round.report(summary, this.definitionOf(expression), 'error', more)
  }

  /** Reports a mistake at a part of the string that `expression` was read from. */
  accessorError(summary: string, expression: Expression, accessor: Accessor): void {
    const { range, path } = this.definitionOf(expression)
    const node = expression.node
    const piece = node?.kind === 'string' ? pieceRange(node, accessor.start, accessor.end) : undefined
    this.round.report(summary, { range: piece ?? range, path, written: undefined, late: undefined })
  }

  unknown(expression: Expression, schema: Schema = true, pending = false): Value {
    return Value.unknown(this.definitionOf(expression), schema, { pending })
  }

  /**
   * The value of an expression. `accept` is what the context expects of it, of which only the
   * rotateOnly marks count; `base` is the value it overlays.
   */
  evaluate(expression: Expression, accept: Schema, base: Value | undefined): Value {
    const id = expression.id
    const known = this.#values[id]
    if (known !== undefined) return known
    if (this.#evaluating[id]) {
      this.error(`cyclic reference to ${this.#evaluationPath(expression)}`, expression)
      return this.unknown(expression)
    }
    const rotateOnly = isRotateOnly(accept)
    if (rotateOnly && (!this.isRoot || this.round.request.mode === 'open'))
      return Value.unknown(this.definitionOf(expression), true, { rotateOnly: true })
    if (base !== undefined) this.#bases[id] = base
    let value: Value
    if (base?.final) {
      this.round.report('cannot override final value', this.definitionOf(expression), 'warning')
      value = base
    } else if (base?.pending && this.round.finalityPending) value = this.unknown(expression, true, true)
    else {
      this.round.enter({ scope: this, expression, accept, base })
      this.#evaluating[id] = 1
      value = this.#compute(expression, accept, base)
      this.#evaluating[id] = 0
      this.round.leave()
      // The size is an upper bound, which grows too fast where many environments
      // lie on top of one another.
      const tooLarge = value.size > maxSize && this.round.scale.weigh(value).parts > maxSize
      if (tooLarge || (value.depth > maxDepth && expression !== this.environment.root)) {
        const limit = tooLarge ? 'too large' : `nested more than ${maxDepth} levels deep`
        this.error(`the value is ${limit}`, expression)
        value = this.unknown(expression)
      }
      if (rotateOnly) value = value.withFlags({ rotateOnly })
    }
    this.#values[id] = value
    return value
  }

  #compute(expression: Expression, accept: Schema, base: Value | undefined): Value {
    switch (expression.kind) {
      case 'missing':
        return this.unknown(expression).layeredOver(base)
      case 'null':
        return this.#literal(expression, { kind: 'null' }, base)
      case 'boolean':
        return this.#literal(expression, { kind: 'boolean', boolean: expression.value }, base)
      case 'number':
        if (isBeyondJson(expression.text)) {
          this.error(`${expression.text} is not a number that JSON can hold`, expression)
          return this.unknown(expression, { type: 'number' }).layeredOver(base)
        }
        return this.#literal(expression, { kind: 'number', text: expression.text }, base)
      case 'string':
        return this.#literal(expression, { kind: 'string', text: expression.value }, base)
      case 'array':
        return this.#array(expression, accept, base)
      case 'object':
        return this.#object(expression, accept, base)
      case 'symbol': {
        const accessed: (Definition | undefined)[] = []
        this.#accessed[expression.id] = [accessed]
        const target = resolveAccess(this, expression, expression.access, accept, accessed)
        return target.copy(this.definitionOf(expression)).layeredOver(base)
      }
      case 'interpolation':
        return this.#interpolation(expression, accept).layeredOver(base)
      case 'call':
        return evaluateCall(this, expression).layeredOver(base)
    }
  }

  #literal(expression: Expression, content: Content, base: Value | undefined): Value {
    return Value.of(this.definitionOf(expression), content, { base })
  }

  #array(expression: Expression & { kind: 'array' }, accept: Schema, base: Value | undefined): Value {
    const follow = mentionsRotateOnly(accept)
    const elements = expression.elements.map((element, i) =>
      this.evaluate(element, follow ? itemSchema(accept, i) : true, undefined),
    )
    return Value.of(this.definitionOf(expression), { kind: 'array', elements }, { base })
  }

  #object(expression: ObjectExpression, accept: Schema, base: Value | undefined): Value {
    const follow = mentionsRotateOnly(accept)
    const own = new Map<string, Value>()
    for (const [key, { value, keyNode }] of expression.properties) {
      const known = this.#values[value.id]
      const property =
        known ?? this.evaluate(value, follow ? propertySchema(accept, key) : true, base?.property(key, keyNode.range))
      own.set(key, property)
    }
    return Value.of(this.definitionOf(expression), { kind: 'map', own }, { base })
  }

  #interpolation(expression: Expression & { kind: 'interpolation' }, accept: Schema): Value {
    const accessed: (Definition | undefined)[][] = []
    this.#accessed[expression.id] = accessed
    const pieces: string[] = []
    let [unknown, secret, pending, length] = [false, false, false, 0]
    for (const part of expression.parts) {
      spend(10)
      pieces.push(part.text)
      length += part.text.length
      if (part.access === undefined) continue
      const found: (Definition | undefined)[] = []
      accessed.push(found)
      const value = resolveAccess(this, expression, part.access, accept, found)
      const text = textOfValue(value)
      pieces.push(text.text)
      unknown ||= text.unknown
      secret ||= text.secret
      pending ||= value.deep.pending
      length += text.text.length
    }
    const definition = this.definitionOf(expression)
    if (length > maxTextLength) {
      this.error('the text is too long', expression)
      return Value.unknown(definition, stringSchema, { secret })
    }
    spend(length >>> 4)
    const text = unknown ? unknownText : join(pieces)
    return Value.of(
      definition,
      { kind: 'string', text },
      { unknown, secret, pending: unknown && pending, schema: stringSchema },
    )
  }

  /**
   * The path a cycle is reported under: keys from the top level, or from the operand
   * of the call it stands in.
   */
  #evaluationPath(target: Expression): string {
    this.#paths ??= evaluationPaths(this.environment)
    return this.#paths[target.id] ?? quote('')
  }
}

/**
 * The evaluation path of each expression that can be reached, by id. Of an expression that stands
 * in two places, the first.
 */
function evaluationPaths(environment: EnvironmentDeclaration): readonly (string | undefined)[] {
  const paths: (string | undefined)[] = new Array(environment.expressionCount)
  spend(8 * environment.expressionCount)
  const visit = (expression: Expression, path: string): void => {
    paths[expression.id] ??= path
    if (expression.kind === 'array')
      for (const [i, element] of expression.elements.entries()) visit(element, elementPath(path, i))
    else if (expression.kind === 'object')
      for (const [key, property] of expression.properties) visit(property.value, joinPath(path, key))
    else if (expression.kind === 'call') for (const operand of operandsOf(expression)) visit(operand, '')
  }
  for (const [key, property] of environment.root.properties) visit(property.value, key)
  return paths
}
