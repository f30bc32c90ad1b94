import { allocate, spend } from '../../budget.ts'
import { isBeyondJson, JsonNumber } from '../../json.ts'
import {
  argumentSchema,
  type BuiltinOf,
  builtin,
  type Call,
  type CallOf,
  type Expression,
  operandsOf,
  type PropertyAccess,
  pieceRange,
  rangeOf,
} from '../../language/index.ts'
import { arrayOf, constant, nullSchema, record, type Schema, stringSchema } from '../../schema/index.ts'
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
    const written = exportRange(rangeOf(call.argument), this.#name)
    const argSchema = argumentSchema(call.name)
    switch (call.shape) {
      case 'argument':
        return { argSchema, arg: operand(call.argument) }
      case 'pair':
        return { argSchema, arg: { range: written, list: operandsOf(call).map(operand) } }
      case 'object': {
        const parts = Object.entries<Expression>(call.parts).map(([name, part]) => [name, operand(part)])
        return { argSchema, arg: exportedObject(written, Object.fromEntries(parts)) }
      }
      case 'secret':
        if (call.ciphertext === undefined) return { argSchema, arg: operand(call.plaintext ?? call.argument) }
        return { argSchema, arg: exportedObject(written, { ciphertext: operand(call.ciphertext) }) }
      case 'provider':
        return this.#providerArgument(scope, call)
    }
  }

  #providerArgument(scope: Evaluated, call: VendorCall): { argSchema: Schema; arg: ExportedExpr } {
    const operand = (expression: Expression) => this.export(scope, expression, undefined)
    const { inputs, state } = inputTypes(scope, call)
    const inputsExpr = operand(call.inputs)
    if (call.short && call.state === undefined) return { argSchema: inputs, arg: inputsExpr }
    const members = { inputs: inputsExpr, ...(call.state && { state: operand(call.state) }) }
    const types: Readonly<Record<string, Schema>> = call.state ? { state } : {}
    if (call.short) return { argSchema: record({ inputs, ...types }), arg: exportedObject(rangeless(''), members) }
    const provider: ExportedExpr = call.provider
      ? operand(call.provider)
      : { range: rangeless(this.#name), schema: true }
    const argSchema = record({ inputs, provider: stringSchema, ...types })
    return { argSchema, arg: exportedObject(rangeless(''), { ...members, provider }) }
  }
}

type VendorCall = CallOf<BuiltinOf<'provider'>>

function exportedObject(range: ExportedRange, members: Readonly<Record<string, ExportedExpr>>): ExportedExpr {
  return { range, object: Object.assign(Object.create(null), members) }
}

/** The declared types of a call's inputs and state; `any` where they cannot be had. */
function inputTypes(scope: Evaluated, call: VendorCall): { inputs: Schema; state: Schema } {
  const { providers, rotators } = scope.round.answers
  // A call that was overridden or skipped has not looked at its provider.
  const evaluated = scope.valueOf(call)?.definition.written?.expression === call
  const name = evaluated ? call.provider?.value : undefined
  const signature = name === undefined ? undefined : (call.state === undefined ? providers : rotators).get(name)
  if (signature === undefined || isFailure(signature)) return { inputs: true, state: true }
  const { inputs, state } = signature
  const usable = (schema: typeof inputs): Schema => (typeof schema === 'object' && isFailure(schema) ? true : schema)
  return { inputs: usable(inputs), state: usable(state) }
}

/** Returns the schema that an expression that was never evaluated is known to be. */
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
      return builtin(expression.name).result
  }
}
