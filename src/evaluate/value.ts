import { compareKeys, type Json, JsonNumber } from '../json.ts'
import { constant, mergedSchema, nullSchema, propertySchema, recordOf, type Schema, tuple } from '../schema/index.ts'
import type { Range } from '../syntax/index.ts'
import type { Definition } from './definition.ts'

/** What a value is made of. `none`: an unknown value of which nothing can be shown. Numbers are their text. */
export type Content =
  | { readonly kind: 'none' }
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly elements: readonly Value[] }
  /** Own properties, in key order. */
  | { readonly kind: 'map'; readonly own: ReadonlyMap<string, Value> }

const nothing: Content = { kind: 'none' }

export interface Flags {
  readonly unknown?: boolean
  readonly secret?: boolean
  readonly final?: boolean
  readonly rotateOnly?: boolean
  /** Unknown only because a call has no answer yet: it will be known, or finally unknown, in a later round. */
  readonly pending?: boolean
}

interface Origin {
  readonly value: Value
  /** What lies beneath the whole of `value`. */
  readonly beneath: (() => Value | undefined) | undefined
}

/**
 * A value: its content, what it overlays (its base), its flags and its schema. Values never change. A copy and a layering
 * share what they are made of and work out properties and bases when asked, so that importing an environment or referring to
 * it costs the same however large it is.
 */
export class Value {
  readonly definition: Definition
  readonly unknown: boolean
  readonly secret: boolean
  readonly final: boolean
  readonly rotateOnly: boolean
  readonly pending: boolean
  /** Whether the marks `rotateOnly` inside no longer count, because this is a copy. */
  readonly copied: boolean
  /** An upper bound for the nodes of the merged view, and for its nesting. */
  readonly size: number
  readonly depth: number
  /** How many values lie beneath one another. */
  readonly layers: number
  readonly #content: Content
  readonly #origin: Origin | undefined
  #base: Value | undefined
  #baseKnown: boolean
  #topSchema: Schema | undefined
  #schema: Schema | undefined
  #children: Map<string, Value> | undefined
  #keys: readonly string[] | undefined
  #deep: Deep | undefined

  private constructor(
    definition: Definition,
    content: Content,
    flags: Flags,
    topSchema: Schema | undefined,
    base: Value | undefined,
    origin: Origin | undefined,
    measures: Measures,
    copied: boolean,
  ) {
    this.definition = definition
    this.#content = content
    this.unknown = flags.unknown ?? false
    this.secret = flags.secret ?? false
    this.final = flags.final ?? false
    this.rotateOnly = flags.rotateOnly ?? false
    this.pending = flags.pending ?? false
    this.copied = copied
    this.#topSchema = topSchema
    this.#base = base
    this.#baseKnown = origin === undefined
    this.#origin = origin
    this.size = measures.size
    this.depth = measures.depth
    this.layers = measures.layers
  }

  /** A known value, or an unknown one of which something can be shown. `schema` defaults to the exact one. */
  static of(
    definition: Definition,
    content: Content,
    options: Flags & { schema?: Schema; base?: Value | undefined } = {},
  ): Value {
    const { schema, base } = options
    return new Value(definition, content, options, schema, base, undefined, measure(content, base), false)
  }

  static unknown(
    definition: Definition,
    schema: Schema,
    flags: Omit<Flags, 'unknown'> & { base?: Value | undefined } = {},
  ): Value {
    const unknown = { ...flags, unknown: true }
    return new Value(definition, nothing, unknown, schema, flags.base, undefined, measure(nothing, flags.base), false)
  }

  get kind(): Content['kind'] {
    return this.#content.kind
  }

  /** The content itself; of a map that is a copy or a layering, the properties of what it was made from. */
  get content(): Content {
    return this.#content
  }

  /** The value this one overlays. */
  get base(): Value | undefined {
    if (!this.#baseKnown) {
      const { value, beneath } = this.#origin!
      const lower = beneath?.()
      const upper = value.base
      this.#base = lower === undefined ? upper : upper === undefined ? lower : upper.over(() => lower)
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

  /** The same value as seen by a reference to it. */
  copy(definition: Definition): Value {
    const { unknown, secret, final, pending } = this
    const flags = { unknown, secret, final, pending }
    const origin =
      this.#origin?.beneath === undefined && this.#origin ? this.#origin : { value: this, beneath: undefined }
    return new Value(definition, this.#content, flags, this.#topSchema, undefined, origin, this, true)
  }

  /** The same content with other flags. */
  withFlags(flags: Flags): Value {
    const { unknown, secret, final, rotateOnly, pending } = this
    const merged = { unknown, secret, final, rotateOnly, pending, ...flags }
    const origin = { value: this, beneath: undefined }
    return new Value(this.definition, this.#content, merged, this.#topSchema, undefined, origin, this, this.copied)
  }

  /** This value with another one beneath everything it already overlays, and beneath its properties likewise. */
  over(beneath: () => Value | undefined, layers = 0): Value {
    const { unknown, secret, final, rotateOnly, pending } = this
    const flags = { unknown, secret, final, rotateOnly, pending }
    let lower: Value | undefined
    let asked = false
    const once = () => {
      if (!asked) [lower, asked] = [beneath(), true]
      return lower
    }
    const measures = { size: this.size, depth: this.depth, layers: this.layers + layers + 1 }
    return new Value(
      this.definition,
      this.#content,
      flags,
      undefined,
      undefined,
      { value: this, beneath: once },
      measures,
      this.copied,
    )
  }

  /** Like `over`, for a base at hand. */
  layeredOver(base: Value | undefined): Value {
    return base === undefined ? this : this.over(() => base, base.layers)
  }

  /** Whether reading a property that this value does not have goes on in it. */
  get mayBeObject(): boolean {
    if (this.kind === 'map') return true
    return this.unknown && (this.schema === true || (typeof this.schema === 'object' && this.schema.type === 'object'))
  }

  get ownKeys(): readonly string[] {
    return this.#content.kind === 'map' ? [...this.#content.own.keys()] : []
  }

  hasOwn(key: string): boolean {
    return this.#content.kind === 'map' && this.#content.own.has(key)
  }

  /** A property of a map's own, not one it inherits. */
  own(key: string): Value | undefined {
    if (this.#content.kind !== 'map') return undefined
    const plain = this.#content.own.get(key)
    if (plain === undefined || this.#origin === undefined) return plain
    const { value, beneath } = this.#origin
    if (beneath === undefined) return value.own(key)
    let child = this.#children?.get(key)
    if (child === undefined) {
      const upper = value.own(key)!
      child = value.#isSeenThrough() ? upper.over(() => beneath()?.property(key)) : upper
      this.#children ??= new Map()
      this.#children.set(key, child)
    }
    return child
  }

  /** Whether what is laid beneath this map shows through all that it overlays. */
  #isSeenThrough(): boolean {
    for (let lower = this.base; lower !== undefined; lower = lower.base)
      if (!lower.unknown && lower.kind !== 'map') return false
    return true
  }

  /**
   * A property of the merged view. On an unknown value it is an unknown value too, defined at `at`: the place of the key
   * that asked for it.
   */
  property(key: string, at?: Range): Value | undefined {
    if (this.unknown) {
      const late = { receiver: this, key }
      const definition: Definition = { range: at, path: '', written: undefined, late }
      const schema = propertySchema(this.schema, key)
      return Value.unknown(definition, schema, { pending: this.pending, base: this.base?.property(key, at) })
    }
    if (this.kind !== 'map') return undefined
    return this.own(key) ?? this.base?.property(key, at)
  }

  /** A property of the merged view as it can be listed: unknown values have none but those they show. */
  child(key: string): Value | undefined {
    const own = this.own(key)
    if (own !== undefined) return own
    const base = this.base
    return base === undefined || base.unknown ? undefined : base.child(key)
  }

  /** The content by itself, without what lies beneath it. */
  get ownContent(): Content {
    if (this.#content.kind !== 'map' || this.#origin === undefined) return this.#content
    return { kind: 'map', own: new Map(this.ownKeys.map((key) => [key, this.own(key)!])) }
  }

  /** The keys of the merged view, in order. */
  get keys(): readonly string[] {
    if (this.#keys === undefined) {
      const base = this.kind === 'map' ? this.base : undefined
      const inherited = base === undefined || base.unknown ? [] : base.keys
      this.#keys = inherited.length === 0 ? this.ownKeys : mergeSorted(this.ownKeys, inherited)
    }
    return this.#keys
  }

  /** The flags of the value or of anything inside it. */
  get deep(): Deep {
    this.#deep ??= this.#inspect()
    return this.#deep
  }

  #inspect(): Deep {
    let deep: Deep = this
    const include = (inner: Deep) => {
      if ((inner.unknown && !deep.unknown) || (inner.secret && !deep.secret) || (inner.pending && !deep.pending))
        deep = {
          unknown: deep.unknown || inner.unknown,
          secret: deep.secret || inner.secret,
          pending: deep.pending || inner.pending,
        }
    }
    if (this.#content.kind === 'array') for (const element of this.#content.elements) include(element.deep)
    else if (this.#content.kind === 'map') {
      for (const key of this.keys) include(this.child(key)!.deep)
      // A base that is still to come may bring properties that no one can see yet.
      if (this.base?.deep.pending) include({ unknown: false, secret: false, pending: true })
    }
    return deep === this ? { unknown: this.unknown, secret: this.secret, pending: this.pending } : deep
  }
}

export interface Deep {
  readonly unknown: boolean
  readonly secret: boolean
  readonly pending: boolean
}

interface Measures {
  readonly size: number
  readonly depth: number
  readonly layers: number
}

function measure(content: Content, base: Value | undefined): Measures {
  let size = 1
  let depth = 0
  const include = (inner: Value) => {
    size += inner.size
    if (inner.depth >= depth) depth = inner.depth + 1
  }
  if (content.kind === 'array') content.elements.forEach(include)
  else if (content.kind === 'map') {
    content.own.forEach(include)
    if (base?.kind === 'map') {
      size += base.size
      depth = Math.max(depth, base.depth)
    }
  }
  return { size, depth, layers: base === undefined ? 0 : base.layers + 1 }
}

function mergeSorted(a: readonly string[], b: readonly string[]): readonly string[] {
  const merged: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const order = i === a.length ? 1 : j === b.length ? -1 : compareKeys(a[i]!, b[j]!)
    merged.push(order <= 0 ? a[i]! : b[j]!)
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return merged
}

/** The schema that describes a value and nothing else. */
function exactSchema(value: Value): Schema {
  const content = value.content
  switch (content.kind) {
    case 'none':
      return true
    case 'null':
      return nullSchema
    case 'boolean':
      return constant('boolean', content.boolean)
    case 'number':
      return constant('number', new JsonNumber(content.text))
    case 'string':
      return constant('string', content.text)
    case 'array':
      return tuple(content.elements.map((element) => element.schema))
    case 'map':
      return recordOf(value.ownKeys.map((key) => [key, value.own(key)!.schema]))
  }
}

/** A map's properties in key order, from JSON-like entries in any order. */
export function sortedMap(entries: readonly (readonly [string, Value])[]): ReadonlyMap<string, Value> {
  return new Map([...entries].sort((a, b) => compareKeys(a[0], b[0])))
}

/** A value made of JSON, all of it defined at one place. */
export function valueOfJson(json: Json, definition: Definition, flags: Flags = {}): Value {
  const of = (content: Content) => Value.of(definition, content, flags)
  if (json === null) return of({ kind: 'null' })
  if (typeof json === 'boolean') return of({ kind: 'boolean', boolean: json })
  if (typeof json === 'number') return of({ kind: 'number', text: String(json) })
  if (typeof json === 'string') return of({ kind: 'string', text: json })
  if (json instanceof JsonNumber) return of({ kind: 'number', text: json.text })
  if (Array.isArray(json))
    return of({ kind: 'array', elements: json.map((item) => valueOfJson(item, definition, flags)) })
  const entries = Object.entries(json).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, valueOfJson(item, definition, flags)] as const],
  )
  return of({ kind: 'map', own: sortedMap(entries) })
}
