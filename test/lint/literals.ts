/** Text of a string or of a template, with the line that it begins in. */
export interface Literal {
  readonly text: string
  readonly line: number
}

/** The place of an expression in the text of a template. */
export const HOLE = '\u0000'

const EXPECTS_OPERAND = /(?:[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await|yield|void|new|throw))$/

/**
 * The literals of a source in TypeScript: strings, and templates with `HOLE` for each expression in
 * them, whose own literals are listed too. Escapes are left as they are written.
 */
export function literalsOf(source: string): Literal[] {
  const found: Literal[] = []
  let at = 0
  code(undefined)
  return found

  /** Reads code up to the brace that closes it, or to the end. */
  function code(end: '}' | undefined): void {
    let depth = 0
    while (at < source.length) {
      const char = source[at] as string
      if (char === '/' && source[at + 1] === '/') at = endOf('\n')
      else if (char === '/' && source[at + 1] === '*') at = endOf('*/', at + 2)
      else if (char === '/' && isRegularExpression()) regularExpression()
      else if (char === "'" || char === '"') quoted(char)
      else if (char === '`') template()
      else if (char === '}' && end !== undefined && depth === 0) return
      else {
        if (char === '{') depth++
        if (char === '}') depth--
        at++
      }
    }
  }

  function endOf(mark: string, from = at): number {
    const found = source.indexOf(mark, from)
    return found === -1 ? source.length : found + mark.length
  }

  /** A slash begins one where a value is expected; after a value it divides. */
  function isRegularExpression(): boolean {
    const before = source.slice(0, at).trimEnd()
    return before === '' || EXPECTS_OPERAND.test(before.slice(-12))
  }

  function regularExpression(): void {
    let inClass = false
    for (at++; at < source.length && source[at] !== '\n'; at++) {
      const char = source[at]
      if (char === '\\') at++
      else if (char === '[') inClass = true
      else if (char === ']') inClass = false
      else if (char === '/' && !inClass) break
    }
    at++
  }

  function quoted(quote: string): void {
    const start = at++
    while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1
    add(source.slice(start + 1, at), start)
    at++
  }

  function template(): void {
    const start = at++
    let text = ''
    while (at < source.length && source[at] !== '`') {
      if (source.startsWith('${', at)) {
        at += 2
        code('}')
        at++
        text += HOLE
      } else {
        const length = source[at] === '\\' ? 2 : 1
        text += source.slice(at, at + length)
        at += length
      }
    }
    at++
    add(text, start)
  }

  function add(text: string, start: number): void {
    found.push({ text, line: source.slice(0, start).split('\n').length })
  }
}
