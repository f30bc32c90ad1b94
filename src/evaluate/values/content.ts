/**
 * The content of a value. `none`: an unknown value of which nothing can be
 * shown. Numbers are their text.
 */
export type ContentOf<Value> =
  | { readonly kind: 'none' }
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly elements: readonly Value[] }
  /** Own properties, in key order. */
  | { readonly kind: 'map'; readonly own: ReadonlyMap<string, Value> }

/** Bounds of a value, which tell what it costs to look at all of it. */
export interface Measures {
  /** An upper bound for the nodes of the merged view, and for its nesting. */
  readonly size: number
  readonly depth: number
  /** An upper bound for the characters of the merged view, keys included. */
  readonly text: number
  /** The number of values that lie beneath one another. */
  readonly layers: number
  /** True when this map, or one in it, does not list what it inherits. */
  readonly hidesInherited: boolean
}

/** The bounds of a value with this content that overlays `base`. */
export function measure(
  content: ContentOf<Measures>,
  base: (Measures & { readonly kind: string }) | undefined,
  ownKeysOnly: boolean,
): Measures {
  let size = 1
  let depth = 0
  let text = content.kind === 'string' || content.kind === 'number' ? content.text.length : 0
  let hidesInherited = ownKeysOnly || (base?.hidesInherited ?? false)
  const include = (inner: Measures) => {
    size += inner.size
    text += inner.text
    if (inner.depth >= depth) depth = inner.depth + 1
    hidesInherited ||= inner.hidesInherited
  }
  if (content.kind === 'array') content.elements.forEach(include)
  else if (content.kind === 'map') {
    for (const [key, inner] of content.own) {
      text += key.length
      include(inner)
    }
    if (base?.kind === 'map') {
      size += base.size
      text += base.text
      depth = Math.max(depth, base.depth)
    }
  }
  return { size, depth, text, layers: base === undefined ? 0 : base.layers + 1, hidesInherited }
}

/** The bounds of a value that is laid over another one with all that it overlays. */
export function measureOver(upper: Measures, lower: Measures): Measures {
  return {
    size: upper.size + lower.size,
    depth: Math.max(upper.depth, lower.depth),
    text: upper.text + lower.text,
    layers: upper.layers + lower.layers + 1,
    hidesInherited: upper.hidesInherited || lower.hidesInherited,
  }
}
