import { allocate, spend } from '../../budget.ts'
import type { Expression } from '../../language/index.ts'
import { present } from '../../present.ts'
import { mergedSchema, propertySchema, type Schema } from '../../schema/index.ts'
import type { Range } from '../../yaml/index.ts'
import type { Answers } from '../calls.ts'
import { type ContentOf, type Measures, measure, measureOver } from './content.ts'
import { exactSchema } from './exact-schema.ts'
import { type Deep, inspect, type ValueFlags } from './flags.ts'
import { mergeSorted } from './merge-sorted.ts'

/** The origin of a value: what traces point to and diagnostics blame. */
export interface Definition {
  /** `undefined` when rangeless. */
  readonly range: Range | undefined
  readonly path: string
  /** The expression, and the evaluation it took part in. Undefined for what is written nowhere. */
  readonly written: { readonly expression: Expression; readonly scope: Evaluated } | undefined
  /** For a property of a value that is not known. */
  readonly late: LateAccess | undefined
}

/** A property read from an unknown value, to be resolved when the value is known. */
export interface LateAccess {
  readonly receiver: Value
  readonly key: string
}

/** Facts about the expressions of an environment, as its evaluation finds them. */
export interface Evaluated {
  readonly round: { readonly answers: Answers }
  definitionOf(expression: Expression): Definition
  /** The value of an expression, if it was evaluated. */
  valueOf(expression: Expression): Value | undefined
  /** The value that an expression overlays, if it was evaluated. */
  baseOf(expression: Expression): Value | undefined
  /** The value of each accessor of a symbol, or of each part of an interpolation. */
  accessedBy(expression: Expression): readonly (readonly (Definition | undefined)[])[]
}

/** Definition of values that no document defines: the execution context, the record of imports. */
export const nowhere: Definition = { range: undefined, path: '', written: undefined, late: undefined }

/** The content of a value. */
export type Content = ContentOf<Value>

const nothing: Content = { kind: 'none' }

/** Bytes of a value with its definition and flags, by measurement. */
const valueBytes = 300

interface Origin {
  readonly value: Value
  /** Returns what lies beneath the whole of `value`. */
  readonly beneath: (() => Value | undefined) | undefined
  /** A copy lists what it inherits even where the original does not. */
  readonly flatten?: boolean
}

/**
 * A value: its content, what it overlays (its base), its flags and its schema. Values never change.
 * A copy and a layering share what they are made of and work out properties and bases when asked,
 * so that importing an environment or referring to it costs the same however large it is.
 */
export class Value {
  readonly definition: Definition
  readonly unknown: boolean
  readonly secret: boolean
  readonly final: boolean
  readonly rotateOnly: boolean
  readonly pending: boolean
  /** True when the marks `rotateOnly` inside no longer count, because this is a copy. */
  readonly copied: boolean
  /** An upper bound for the nodes of the merged view, and for its nesting. */
  readonly size: number
  readonly depth: number
  /** An upper bound for the characters of the merged view, keys included. */
  readonly text: number
  /** The number of values that lie beneath one another. */
  readonly layers: number
  /** True when this map, or one in it, does not list what it inherits, see `ownKeysOnly`. */
  readonly hidesInherited: boolean
  readonly #ownKeysOnly: boolean
  readonly #content: Content
  readonly #origin: Origin | undefined
  #base: Value | undefined
  #baseKnown: boolean
  #topSchema: Schema | undefined
  #schema: Schema | undefined
  #children: Map<string, Value> | undefined
  #keys: readonly string[] | undefined
  #ownKeys: readonly string[] | undefined
  #deep: Deep | undefined
  #seenThrough: boolean | undefined

  private constructor(init: {
    readonly definition: Definition
    readonly content: Content
    readonly flags: ValueFlags
    readonly schema?: Schema
    readonly base?: Value
    readonly origin?: Origin
    readonly measures: Measures
    readonly copied?: boolean
    readonly ownKeysOnly?: boolean
  }) {
    const { flags, measures } = init
    spend(8)
    allocate(valueBytes)
    this.definition = init.definition
    this.unknown = flags.unknown ?? false
    this.secret = flags.secret ?? false
    this.final = flags.final ?? false
    this.rotateOnly = flags.rotateOnly ?? false
    this.pending = flags.pending ?? false
    this.copied = init.copied ?? false
    this.size = measures.size
    this.depth = measures.depth
    this.text = measures.text
    this.layers = measures.layers
    this.hidesInherited = measures.hidesInherited
    this.#content = init.content
    this.#topSchema = init.schema
    this.#base = init.base
    this.#origin = init.origin
    this.#baseKnown = init.origin === undefined
    this.#ownKeysOnly = init.ownKeysOnly ?? false
  }

  /**
   * A known value, or an unknown one of which something can be shown. `schema` defaults to the
   * exact one. With `ownKeysOnly`, it and the maps in it list nothing that they come to inherit,
   * though it can be read: so it is with results of calls that look at all of a value before it
   * is laid over another one.
   */
  static of(
    definition: Definition,
    content: Content,
    options: ValueFlags & { schema?: Schema; base?: Value; ownKeysOnly?: boolean } = {},
  ): Value {
    const { schema, base, ownKeysOnly = false } = options
    if (content.kind === 'string') {
      spend(content.text.length >>> 4)
      allocate(2 * content.text.length)
    }
    const measures = measure(content, base, ownKeysOnly)
    return new Value({ definition, content, flags: options, schema, base, measures, ownKeysOnly })
  }

  static unknown(
    definition: Definition,
    schema: Schema,
    options: Omit<ValueFlags, 'unknown'> & { base?: Value } = {},
  ): Value {
    const { base } = options
    const flags = { ...options, unknown: true }
    return new Value({ definition, content: nothing, flags, schema, base, measures: measure(nothing, base, false) })
  }

  get kind(): Content['kind'] {
    return this.#content.kind
  }

  /**
   * The content itself; of a map that is a copy or a layering, the properties
   * of what it was made from.
   */
  get content(): Content {
    return this.#content
  }

  /** The value this one overlays. */
  get base(): Value | undefined {
    if (!this.#baseKnown) {
      const { value, beneath, flatten } = present(this.#origin)
      const lower = beneath?.()
      const upper = value.base
      if (flatten) this.#base = upper?.flattenInherited()
      else this.#base = upper === undefined ? lower : upper.layeredOver(lower)
      this.#baseKnown = true
    }
    return this.#base
  }

  get schema(): Schema {
    this.#schema ??= mergedSchema(this.base?.schema, this.#ownSchema())
    return this.#schema
  }

  /** The schema without what the base adds. */
  #ownSchema(): Schema {
    this.#topSchema ??= this.#origin ? this.#origin.value.#ownSchema() : exactSchema(this)
    return this.#topSchema
  }

  #flags(): ValueFlags {
    const { unknown, secret, final, rotateOnly, pending } = this
    return { unknown, secret, final, rotateOnly, pending }
  }

  /** The same value as seen by a reference to it. */
  copy(definition: Definition): Value {
    const own = this.#origin
    const origin =
      own !== undefined && own.beneath === undefined
        ? own
        : { value: this, beneath: undefined, flatten: this.hidesInherited }
    return new Value({
      definition,
      content: this.#content,
      flags: { ...this.#flags(), rotateOnly: false },
      schema: this.#topSchema,
      origin,
      measures: this,
      copied: true,
    })
  }

  /** The value as it is listed once it was copied. */
  flattenInherited(): Value {
    return this.hidesInherited ? this.copy(this.definition) : this
  }

  /** The same content with other flags. */
  withFlags(flags: ValueFlags): Value {
    return new Value({
      definition: this.definition,
      content: this.#content,
      flags: { ...this.#flags(), ...flags },
      schema: this.#topSchema,
      origin: { value: this, beneath: undefined },
      measures: this,
      copied: this.copied,
      ownKeysOnly: this.#ownKeysOnly,
    })
  }

  /**
   * This value with another one beneath everything it already overlays, and beneath
   * its properties likewise.
   */
  layeredOver(base: Value | undefined): Value {
    if (base === undefined) return this
    return this.#over(() => base, measureOver(this, base), this.#ownKeysOnly)
  }

  #over(beneath: () => Value | undefined, measures: Measures, ownKeysOnly: boolean): Value {
    let lower: Value | undefined
    let asked = false
    const once = () => {
      if (!asked) [lower, asked] = [beneath(), true]
      return lower
    }
    return new Value({
      definition: this.definition,
      content: this.#content,
      flags: this.#flags(),
      origin: { value: this, beneath: once },
      measures,
      copied: this.copied,
      ownKeysOnly,
    })
  }

  /** True when reading a property that this value does not have goes on in it. */
  get mayBeObject(): boolean {
    if (this.kind === 'map') return true
    return this.unknown && (this.schema === true || (typeof this.schema === 'object' && this.schema.type === 'object'))
  }

  get ownKeys(): readonly string[] {
    this.#ownKeys ??= this.#content.kind === 'map' ? [...this.#content.own.keys()] : []
    return this.#ownKeys
  }

  /** The properties of a map's own, in the order of `ownKeys`. */
  get ownEntries(): readonly (readonly [key: string, child: Value])[] {
    return this.ownKeys.map((key) => [key, present(this.own(key))])
  }

  /** A property of a map's own, not one it inherits. */
  own(key: string): Value | undefined {
    if (this.#content.kind !== 'map') return undefined
    const plain = this.#content.own.get(key)
    if (plain === undefined || this.#origin === undefined) return plain
    const { value, beneath, flatten } = this.#origin
    if (beneath === undefined && !flatten) return value.own(key)
    let child = this.#children?.get(key)
    if (child === undefined) {
      const upper = present(value.own(key))
      if (beneath === undefined) child = upper.flattenInherited()
      else if (!value.#isSeenThrough()) child = upper
      else
        child = upper.#over(
          () => beneath()?.property(key, upper.definition.range),
          upper,
          this.#ownKeysOnly || upper.#ownKeysOnly,
        )
      this.#children ??= new Map()
      this.#children.set(key, child)
    }
    return child
  }

  /** True when what is laid beneath this map shows through all that it overlays. */
  #isSeenThrough(): boolean {
    spend(1)
    if (this.#seenThrough === undefined) {
      const { base } = this
      this.#seenThrough = base === undefined || ((base.unknown || base.kind === 'map') && base.#isSeenThrough())
    }
    return this.#seenThrough
  }

  /**
   * A property of the merged view. On an unknown value it is an unknown value too, defined at `at`:
   * the place of the key that asked for it.
   */
  property(key: string, at?: Range): Value | undefined {
    spend(4)
    if (this.unknown) {
      const late = { receiver: this, key }
      const definition: Definition = { range: at, path: '', written: undefined, late }
      const schema = propertySchema(this.schema, key)
      return Value.unknown(definition, schema, { pending: this.pending, base: this.base?.property(key, at) })
    }
    if (this.kind !== 'map') return undefined
    return this.own(key) ?? this.base?.property(key, at)
  }

  /**
   * A property of the merged view as it can be listed: unknown values have
   * none but those they show.
   */
  child(key: string): Value | undefined {
    spend(4)
    const own = this.own(key)
    if (own !== undefined) return own
    const base = this.base
    return base === undefined || base.unknown ? undefined : base.child(key)
  }

  /** The properties of the merged view as they can be listed, in key order. */
  get entries(): readonly (readonly [key: string, child: Value])[] {
    const keys = this.keys
    spend(2 * keys.length)
    allocate(64 * keys.length)
    if (this.#content.kind === 'map' && this.#origin === undefined && this.base === undefined) {
      spend(keys.length)
      return [...this.#content.own]
    }
    const found = new Map<string, Value>()
    let wanted: ReadonlySet<string> | undefined
    // From above to below, which takes as long as the layers have properties. Key by key, each
    // layer would be looked into for each key.
    for (let holder: Value | undefined = this; holder !== undefined && found.size < keys.length; ) {
      spend(holder.ownKeys.length)
      for (const key of holder.ownKeys) {
        if (found.has(key)) continue
        wanted ??= holder === this ? undefined : new Set(keys)
        if (wanted === undefined || wanted.has(key)) found.set(key, present(holder.own(key)))
      }
      const base: Value | undefined = holder.base
      holder = base?.unknown ? undefined : base
    }
    return keys.map((key) => [key, present(found.get(key))])
  }

  /** The content by itself, without what lies beneath it. */
  get ownContent(): Content {
    if (this.#content.kind !== 'map' || this.#origin === undefined) return this.#content
    allocate(48 * this.ownKeys.length)
    return { kind: 'map', own: new Map(this.ownEntries) }
  }

  /** The keys of the merged view, in order. */
  get keys(): readonly string[] {
    if (this.#keys === undefined) {
      if (this.#ownKeysOnly && this.#origin) return this.#origin.value.keys
      const base = this.kind === 'map' ? this.base : undefined
      const inherited = base === undefined || base.unknown ? [] : base.keys
      if (inherited.length === 0) this.#keys = this.ownKeys
      else {
        spend(this.ownKeys.length + inherited.length)
        allocate(16 * (this.ownKeys.length + inherited.length))
        this.#keys = mergeSorted(this.ownKeys, inherited)
      }
    }
    return this.#keys
  }

  /** The flags of the value or of anything inside it. */
  get deep(): Deep {
    this.#deep ??= inspect(this)
    return this.#deep
  }
}
