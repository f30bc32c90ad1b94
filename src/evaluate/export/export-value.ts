import { allocate, spend } from '../../budget.ts'
import { JsonNumber } from '../../json.ts'
import type { Range } from '../../yaml/index.ts'
import type { Value } from '../values/value.ts'
import type { ExportedMap, ExportedRange, ExportedValue } from './exported.ts'

const zero = { line: 0, column: 0, byte: 0 } as const
const noPlace: ExportedRange = { begin: zero, end: zero }

/**
 * A range as the output model has it. What has no range is said to be of the
 * environment that is exported.
 */
export function exportRange(range: Range | undefined, environment: string): ExportedRange {
  return range ?? rangeless(environment)
}

/** A range in no document; without a name, none at all. */
export function rangeless(environment: string): ExportedRange {
  return environment === '' ? noPlace : { environment, begin: zero, end: zero }
}

const importName = '<import>'

/**
 * Turns values into the output model. Traces are worked out when they are read: most
 * readers want values only.
 */
export class ValueExporter {
  readonly #name: string
  readonly #exported = new Map<Value, ExportedValue>()
  readonly #bases: ValueExporter

  /** `name` is the environment that rangeless values are said to be defined in; empty: none. */
  constructor(name: string, bases?: ValueExporter) {
    this.#name = name
    this.#bases = bases ?? (name === importName ? this : new ValueExporter(importName))
  }

  export(value: Value): ExportedValue {
    let exported = this.#exported.get(value)
    if (exported === undefined) {
      exported = this.#make(value)
      this.#exported.set(value, exported)
    }
    return exported
  }

  #make(value: Value): ExportedValue {
    spend(10)
    allocate(250)
    const content = value.content
    switch (content.kind) {
      case 'none':
      case 'null':
        return this.#shell(value, undefined)
      case 'boolean':
        return this.#shell(value, content.boolean)
      case 'number':
        return this.#shell(value, new JsonNumber(content.text))
      case 'string':
        return this.#shell(value, content.text)
      case 'array':
        return this.#shell(
          value,
          content.elements.map((element) => this.export(element)),
        )
      case 'map': {
        const map: Record<string, ExportedValue> = Object.create(null)
        for (const [key, child] of value.entries) map[key] = this.export(child)
        return this.#shell(value, map)
      }
    }
  }

  #shell(value: Value, content: ExportedValue['value']): ExportedValue {
    const exporter = this
    let trace: ExportedValue['trace'] | undefined
    // Own getters, so that a trace is also there for whoever lists or serialises the value.
    const exported: ExportedValue =
      content !== undefined && !value.secret && !value.unknown
        ? {
            value: content,
            get trace() {
              trace ??= exporter.#trace(value, exported)
              return trace
            },
          }
        : {
            ...(content !== undefined && { value: content }),
            ...(value.secret && { secret: true as const }),
            ...(value.unknown && { unknown: true as const }),
            get trace() {
              trace ??= exporter.#trace(value, exported)
              return trace
            },
          }
    return exported
  }

  #trace(value: Value, exported: ExportedValue): ExportedValue['trace'] {
    const def = exportRange(value.definition.range, this.#name)
    const base = this.#exportBase(value, exported)
    return base === undefined ? { def } : { def, base }
  }

  /**
   * The base of a value. A part that the value inherits is exported once, as part of the value; a
   * part that one of its own properties overlays is that property's base.
   */
  #exportBase(value: Value, exported: ExportedValue): ExportedValue | undefined {
    const { base } = value
    if (base === undefined) return undefined
    if (base.kind !== 'map' || base.unknown || value.kind !== 'map') return this.#bases.export(base)
    const shown = exported.value as ExportedMap
    const map: Record<string, ExportedValue> = Object.create(null)
    for (const [key, lower] of base.entries) {
      spend(4)
      const upper = value.own(key)
      if (upper === undefined) map[key] = shown[key] ?? this.#bases.export(lower)
      else if (upper.base && isSame(upper.base, lower)) map[key] = shown[key]?.trace.base ?? this.#bases.export(lower)
      else map[key] = this.#bases.export(lower)
    }
    return this.#bases.#shell(base, map)
  }
}

/** True when two values are the same part of one environment, perhaps with other values beneath. */
function isSame(a: Value, b: Value): boolean {
  return a === b || (a.definition === b.definition && a.content === b.content)
}

/** Inputs and states as providers and rotators get them. */
export function exportInputs(value: Value): ExportedMap {
  return new ValueExporter('').export(value).value as ExportedMap
}
