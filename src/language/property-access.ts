import { type Range, type StringNode, subRange } from '../yaml/index.ts'

/**
 * The text that stands between `${` and `}`: a first name, then names and subscripts. Never empty.
 */
export interface PropertyAccess {
  readonly accessors: readonly Accessor[]
}

/**
 * One step of an access. `start` and `end` are offsets into the scalar's decoded
 * value, in UTF-16 code units.
 */
export interface Accessor {
  readonly kind: 'name' | 'subscript'
  /** A number only for a subscript such as `[0]`. */
  readonly key: string | number
  readonly start: number
  readonly end: number
}

export interface ScannedPart {
  readonly text: string
  readonly access: PropertyAccess | undefined
}

/** A mistake in an interpolation; offsets as in `Accessor`. */
export interface ScanError {
  readonly summary: string
  readonly start: number
  readonly end: number
}

/**
 * Returns the place where a piece of a scalar stands: a range of its own when the scalar can be
 * divided, else undefined.
 */
export function pieceRange(node: StringNode, start: number, end: number): Range | undefined {
  return subRange(node, start, end)
}

/**
 * Splits a string at its references. `$$` is a dollar sign, `${` begins a reference, everything
 * else is text. Mistakes are handed to `report`; what could be read is returned all the same.
 */
export function scanInterpolation(text: string, report: (error: ScanError) => void): readonly ScannedPart[] {
  if (!text.includes('$')) return text === '' ? [] : [{ text, access: undefined }]
  const parts: ScannedPart[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    if (dollar === -1) {
      literal += text.slice(at)
      break
    }
    literal += text.slice(at, dollar)
    const next = text[dollar + 1]
    if (next === '{') {
      const scanner = new AccessScanner(text, dollar + 2, report)
      const access = scanner.access()
      parts.push({ text: literal, access })
      literal = ''
      at = scanner.at
    } else {
      literal += '$'
      at = dollar + (next === '$' ? 2 : 1)
    }
  }
  if (literal !== '') parts.push({ text: literal, access: undefined })
  return parts
}

/**
 * The reference that begins with the `${` at an offset, and where it ends.
 * Undefined: it has a mistake.
 */
export function scanReference(
  text: string,
  dollar: number,
): { readonly access: PropertyAccess; readonly end: number } | undefined {
  let mistaken = false
  const scanner = new AccessScanner(text, dollar + 2, () => {
    mistaken = true
  })
  const access = scanner.access()
  return mistaken ? undefined : { access, end: scanner.at }
}

const maxSubscript = 2n ** 63n - 1n

class AccessScanner {
  readonly #text: string
  readonly #report: (error: ScanError) => void
  at: number

  constructor(text: string, at: number, report: (error: ScanError) => void) {
    this.#text = text
    this.at = at
    this.#report = report
  }

  access(): PropertyAccess {
    const accessors: Accessor[] = []
    for (;;) {
      const c = this.#text[this.at]
      if (c === undefined || isSpace(c)) {
        this.#fail("missing closing brace '}' in interpolation", this.at)
        if (accessors.length === 0) accessors.push({ kind: 'name', key: '', start: this.at, end: this.at })
        return { accessors }
      }
      if (c === '}') {
        if (accessors.length === 0) accessors.push({ kind: 'name', key: '', start: this.at, end: this.at + 1 })
        this.at++
        return { accessors }
      }
      if (c === '[') accessors.push(this.#subscript(accessors.length === 0))
      else accessors.push(this.#name())
    }
  }

  #name(): Accessor {
    const start = this.at
    if (this.#text[this.at] === '.') this.at++
    const from = this.at
    while (!this.#atEnd()) this.at++
    const key = this.#text.slice(from, this.at)
    if (key === '') this.#fail('property name must not be empty', start)
    return { kind: 'name', key, start, end: this.at }
  }

  #subscript(first: boolean): Accessor {
    const start = this.at++
    let key: string | number = ''
    if (this.at >= this.#text.length) {
      this.#fail("subscript is missing closing bracket ']'", start)
      return { kind: 'subscript', key, start, end: this.at }
    }
    if (this.#text[this.at] === '"') {
      key = this.#quoted(start)
    } else {
      const from = this.at
      while (!this.#atEnd() && this.#text[this.at] !== ']') this.at++
      const read = this.#text.slice(from, this.at)
      const index = parseIndex(read)
      key = index ?? read
      if (index === undefined) this.#fail('numeric subscript must be a positive base-10 integer', start + 1)
      else if (first)
        this.#fail('the first accessor must be a property name or key subscript, not a numeric subscript', start)
    }
    if (this.#text[this.at] === ']') this.at++
    else this.#fail("subscript is missing closing bracket ']'", start)
    return { kind: 'subscript', key, start, end: this.at }
  }

  #quoted(start: number): string {
    this.at++
    let key = ''
    for (;;) {
      const c = this.#text[this.at]
      if (c === undefined) {
        this.#fail("key subscript is missing closing quote '\"'", start + 1)
        return key
      }
      this.at++
      if (c === '"') {
        if (key === '') this.#fail('key subscript must not be empty', start + 1)
        return key
      }
      if (c === '\\' && this.#text[this.at] === '"') {
        key += '"'
        this.at++
      } else key += c
    }
  }

  #atEnd(): boolean {
    const c = this.#text[this.at]
    return c === undefined || c === '.' || c === '[' || c === '}' || isSpace(c)
  }

  #fail(summary: string, start: number): void {
    this.#report({ summary, start, end: this.at })
  }
}

/**
 * Latin-1 white space. Whole characters are looked at, so a name may hold `à`, one of whose
 * bytes looks like a space.
 */
function isSpace(c: string): boolean {
  const code = c.charCodeAt(0)
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x85 || code === 0xa0
}

function parseIndex(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  return value > maxSubscript || value < -maxSubscript - 1n ? undefined : Number(value)
}

/** The text form of an access, such as `a.b["c d"][0]`. */
export function formatAccess(access: PropertyAccess): string {
  let text = ''
  for (const { kind, key } of access.accessors) {
    if (typeof key === 'number') text += `[${key}]`
    else if (kind === 'subscript') text += `["${key.replaceAll('"', '\\"')}"]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}

/** A string that is read back as this text: dollar signs that would begin something are doubled. */
export function escapeReferences(text: string): string {
  return text.replace(/\$(?=[${])/g, '$$$$')
}
