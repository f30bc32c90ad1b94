import { allocate, spend } from '../../budget.ts'
import { isBeyondJson, JsonNumber } from '../../json.ts'
import { type Call, type Expression, type PropertyAccess, pieceRange, rangeOf } from '../../language/index.ts'
import {
  arrayOf,
  constant,
  nullSchema,
  record,
  type Schema,
  schemaOfSchemas,
  stringSchema,
  tuple,
} from '../../schema/index.ts'
import { isFailure } from '../calls.ts'
import type { Definition, Evaluated, LateAccess, Value } from '../values/value.ts'
import { exportRange, rangeless } from './export-value.ts'
import type { ExportedAccessor, ExportedExpr, ExportedRange } from './exported.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Turns the expressions of an evaluated environment into the output model. */
export class ExpressionExporter {
  readonly #name: string
  readonly #exported = new Map<Expression, ExportedExpr>()

  /** `name` is the environment that is exported: what rangeless expressions are said to be in. */
  constructor(name: string) {
    this.#name = name
  }

  /** `base` is what the expression overlays. */
  export(scope: Evaluated, expression: Expression, base: Value | undefined): ExportedExpr {
    const known = this.#exported.get(expression)
    if (known !== undefined) return known
    spend(20)
    allocate(400)
    const exported: Mutable<ExportedExpr> = {
      range: exportRange(rangeOf(expression), this.#name),
      schema: scope.valueOf(expression)?.schema ?? declaredSchema(expression),
    }
    if (base !== undefined) exported.base = this.#definition(base)
    this.#exported.set(expression, exported)
    this.#content(scope, expression, base, exported)
    return exported
  }

  #content(scope: Evaluated, expression: Expression, base: Value | undefined, out: Mutable<ExportedExpr>): void {
    switch (expression.kind) {
      case 'boolean':
      case 'string':
        out.literal = expression.value
        return
      case 'number':
        if (!isBeyondJson(expression.text)) out.literal = new JsonNumber(expression.text)
        return
      case 'symbol':
        out.symbol = this.#accessors(expression, expression.access, scope.accessedBy(expression)[0])
        return
      case 'interpolation': {
        const accessed = scope.accessedBy(expression)
        out.interpolate = expression.parts.map(({ text, access }, i) => ({
          ...(text !== '' && { text }),
          ...(access && { value: this.#accessors(expression, access, accessed[i]) }),
        }))
        return
      }
      case 'array':
        if (expression.elements.length > 0)
          out.list = expression.elements.map((element) => this.export(scope, element, undefined))
        return
      case 'object':
        this.#object(scope, expression, base, out)
        return
      case 'call':
        out.builtin = {
          name: expression.key,
          nameRange: exportRange(expression.keyNode.range, this.#name),
          ...this.#argument(scope, expression),
        }
    }
  }

  #object(
    scope: Evaluated,
    expression: Expression & { kind: 'object' },
    base: Value | undefined,
    out: Mutable<ExportedExpr>,
  ): void {
    const keyRanges: Record<string, ExportedRange> = Object.create(null)
    const object: Record<string, ExportedExpr> = Object.create(null)
    for (const { key, keyNode, valid } of expression.entries)
      if (valid) keyRanges[key] = exportRange(keyNode.range, this.#name)
    for (const [key, { value, keyNode }] of expression.properties)
      object[key] = this.export(scope, value, base?.property(key, keyNode.range))
    if (expression.properties.size === 0) return
    out.keyRanges = keyRanges
    out.object = object
  }

  #definition(value: Value): ExportedExpr {
    const { written, late, range } = value.definition
    if (written) return this.export(written.scope, written.expression, written.scope.baseOf(written.expression))
    if (late) return this.#late(value, late)
    return { range: exportRange(range, this.#name), schema: value.schema }
  }

  #late(value: Value, late: LateAccess): ExportedExpr {
    const accessors: { key: string; range: ExportedRange }[] = []
    let innermost: { value: Value; late: LateAccess } = { value, late }
    for (;;) {
      spend(1 + accessors.length)
      accessors.unshift({ key: innermost.late.key, range: rangeless(this.#name) })
      const { receiver } = innermost.late
      if (receiver.definition.late === undefined) break
      innermost = { value: receiver, late: receiver.definition.late }
    }
    return {
      range: exportRange(innermost.value.definition.range, this.#name),
      schema: innermost.value.schema,
      access: { receiver: exportRange(innermost.late.receiver.definition.range, this.#name), accessors },
    }
  }

  #accessors(
    expression: Expression,
    access: PropertyAccess,
    accessed: readonly (Definition | undefined)[] | undefined,
  ): readonly ExportedAccessor[] {
    const node = expression.node
    spend(10 * access.accessors.length)
    allocate(300 * access.accessors.length)
    return access.accessors.map(({ key, start, end }, i) => {
      const definition = accessed?.[i]
      return {
        ...(typeof key === 'number' ? { index: key } : { key }),
        range: exportRange(node?.kind === 'string' ? pieceRange(node, start, end) : undefined, this.#name),
        value: definition === undefined ? rangeless('') : exportRange(definition.range, this.#name),
      }
    })
  }

  #argument(scope: Evaluated, call: Call): { argSchema: Schema; arg: ExportedExpr } {
    const operand = (expression: Expression) => this.export(scope, expression, undefined)
    const place = exportRange(rangeOf(call.argument), this.#name)
    const object = (members: Record<string, ExportedExpr>, range: ExportedRange): ExportedExpr => ({
      range,
      object: Object.assign(Object.create(null), members),
    })
    switch (call.name) {
      case 'secret':
        if (call.plaintext) return { argSchema: true, arg: operand(call.plaintext) }
        return { argSchema: true, arg: object({ ciphertext: operand(call.ciphertext!) }, place) }
      case 'open': {
        const inputs = operand(call.inputs)
        const types = inputTypes(scope, call)
        if (call.short) return { argSchema: types.inputs, arg: inputs }
        const argSchema = record({ inputs: types.inputs, provider: stringSchema })
        return { argSchema, arg: object({ inputs, provider: this.#provider(scope, call) }, rangeless('')) }
      }
      case 'rotate': {
        const { inputs, state } = inputTypes(scope, call)
        const members = { inputs: operand(call.inputs), state: operand(call.state) }
        if (call.short) return { argSchema: record({ inputs, state }), arg: object(members, rangeless('')) }
        const argSchema = record({ inputs, provider: stringSchema, state })
        return { argSchema, arg: object({ ...members, provider: this.#provider(scope, call) }, rangeless('')) }
      }
      case 'join':
        return {
          argSchema: tuple([stringSchema, arrayOf(stringSchema)]),
          arg: { range: place, list: [operand(call.delimiter), operand(call.values)] },
        }
      case 'split':
        return {
          argSchema: tuple([stringSchema, stringSchema]),
          arg: { range: place, list: [operand(call.delimiter), operand(call.string)] },
        }
      case 'validate':
        return {
          argSchema: record({ schema: schemaOfSchemas(), value: true }),
          arg: object({ schema: operand(call.schema), value: operand(call.value) }, place),
        }
      case 'concat':
        return { argSchema: arrayOf(arrayOf(true)), arg: operand(call.argument) }
      case 'toBase64':
      case 'fromBase64':
        return { argSchema: stringSchema, arg: operand(call.argument) }
      default:
        return { argSchema: true, arg: operand(call.argument) }
    }
  }

  #provider(scope: Evaluated, call: Call & { name: 'open' | 'rotate' }): ExportedExpr {
    return call.provider ? this.export(scope, call.provider, undefined) : { range: rangeless(this.#name), schema: true }
  }
}

/** The declared types of a call's inputs and state; `any` where they cannot be had. */
function inputTypes(scope: Evaluated, call: Call & { name: 'open' | 'rotate' }): { inputs: Schema; state: Schema } {
  const { providers, rotators } = scope.round.answers
  // A call that was overridden or skipped has not looked at its provider.
  const evaluated = scope.valueOf(call)?.definition.written?.expression === call
  const name = evaluated ? call.provider?.value : undefined
  const signature = name === undefined ? undefined : (call.name === 'open' ? providers : rotators).get(name)
  if (signature === undefined || isFailure(signature)) return { inputs: true, state: true }
  const { inputs, state } = signature
  const usable = (schema: typeof inputs): Schema => (typeof schema === 'object' && isFailure(schema) ? true : schema)
  return { inputs: usable(inputs), state: usable(state) }
}

/** What an expression that was never evaluated is known to be. */
function declaredSchema(expression: Expression): Schema {
  switch (expression.kind) {
    case 'null':
      return nullSchema
    case 'boolean':
      return constant('boolean', expression.value)
    case 'number':
      return constant('number', new JsonNumber(expression.text))
    case 'string':
      return constant('string', expression.value)
    case 'interpolation':
      return stringSchema
    case 'array':
      return arrayOf(true)
    case 'object':
      return { type: 'object', additionalProperties: true }
    case 'symbol':
    case 'missing':
      return true
    case 'call':
      return declaredResult(expression.name)
  }
}

function declaredResult(name: Call['name']): Schema {
  switch (name) {
    case 'secret':
    case 'join':
    case 'toJSON':
    case 'toYAML':
    case 'toString':
    case 'toBase64':
    case 'fromBase64':
      return stringSchema
    case 'concat':
      return arrayOf(true)
    case 'split':
      return arrayOf(stringSchema)
    default:
      return true
  }
}
