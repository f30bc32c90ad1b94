/** A text that was read, and what it says. */
interface Parsed<T> {
  readonly text: string
  readonly content: T
}

/** Texts that are remembered of each kind: a store has more environments than are open at once. */
const mostParsed = 1000

/**
 * Returns a reader of texts that remembers what each file said last, and returns the same again for
 * the same text: a server reads the same over and over. Nobody changes what it returns.
 */
export function rememberParsed<T>(parse: (text: string, file: string) => T): (text: string, file: string) => T {
  const parsed = new Map<string, Parsed<T>>()
  return (text, file) => {
    const known = parsed.get(file)
    if (known?.text === text) return known.content
    const content = parse(text, file)
    if (parsed.size >= mostParsed) parsed.clear()
    parsed.set(file, { text, content })
    return content
  }
}
