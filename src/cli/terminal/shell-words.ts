/**
 * Splits a command line such as `$EDITOR` or `$PAGER` into words: white space separates, quotes
 * group, `\"` is a quote. No expansion of any kind.
 */
export function shellWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string
    if (char === '\\' && i + 1 < line.length && quote !== "'" && /["'\\ ]/.test(line[i + 1] as string)) {
      word = (word ?? '') + line[++i]
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (word !== undefined) words.push(word)
  return words
}
