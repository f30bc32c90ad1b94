import { JsonNumber } from '../json.ts'
import type { Range } from '../syntax/index.ts'
import type { ExportedMap, ExportedRange, ExportedValue } from './exported.ts'
import { wellFormed } from './raw-bytes.ts'
import type { Value } from './value.ts'

const zero = { line: 0, column: 0, byte: 0 } as const
const noPlace: ExportedRange = { begin: zero, end: zero }

/** A range as the output model has it. What has no range is said to be of the environment that is exported. */
export function exportRange(range: Range | undefined, environment: string): ExportedRange {
  return range ?? rangeless(environment)
}

/** A range in no document; without a name, none at all. */
export function rangeless(environment: string): ExportedRange {
  return environment === '' ? noPlace : { environment, begin: zero, end: zero }
}

const importName = '<import>'

/** Turns values into the output model. Traces are worked out when they are read: most readers want values only. */
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
    const exported = this.#shell(value, () => exported)
    const content = value.content
    switch (content.kind) {
      case 'boolean':
        exported.value = content.boolean
        break
      case 'number':
        exported.value = new JsonNumber(content.text)
        break
      case 'string':
        exported.value = wellFormed(content.text)
        break
      case 'array':
        exported.value = content.elements.map((element) => this.export(element))
        break
      case 'map': {
        const map: Record<string, ExportedValue> = Object.create(null)
        for (const key of value.keys) map[key] = this.export(value.child(key)!)
        exported.value = map
      }
    }
    return exported
  }

  #shell(value: Value, self: () => ExportedValue): Mutable<ExportedValue> {
    let trace: ExportedValue['trace'] | undefined
    const shell: Mutable<ExportedValue> = {
      value: undefined as unknown as boolean,
      ...(value.secret && { secret: true as const }),
      ...(value.unknown && { unknown: true as const }),
      get trace() {
        trace ??= makeTrace()
        return trace
      },
    }
    delete shell.value
    const makeTrace = (): ExportedValue['trace'] => {
      const def = exportRange(value.definition.range, this.#name)
      const base = this.#exportBase(value, self())
      return base === undefined ? { def } : { def, base }
    }
    return shell
  }

  /**
   * The base of a value. A part that the value inherits is exported once, as part of the value; a part that one of its own
   * properties overlays is that property's base.
   */
  #exportBase(value: Value, exported: ExportedValue): ExportedValue | undefined {
    const { base } = value
    if (base === undefined) return undefined
    if (base.kind !== 'map' || base.unknown || value.kind !== 'map') return this.#bases.export(base)
    const shown = exported.value as ExportedMap
    const result = this.#bases.#shell(base, () => result)
    const map: Record<string, ExportedValue> = Object.create(null)
    for (const key of base.keys) {
      const lower = base.child(key)!
      const upper = value.own(key)
      if (upper === undefined) map[key] = shown[key] ?? this.#bases.export(lower)
      else if (upper.base && isSame(upper.base, lower)) map[key] = shown[key]!.trace.base!
      else map[key] = this.#bases.export(lower)
    }
    result.value = map
    return result
  }
}

/** Whether two values are the same part of one environment, perhaps with other values beneath. */
function isSame(a: Value, b: Value): boolean {
  return a === b || (a.definition === b.definition && a.content === b.content)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Inputs and states as providers and rotators get them. */
export function exportInputs(value: Value): ExportedMap {
  return new ValueExporter('').export(value).value as ExportedMap
}
