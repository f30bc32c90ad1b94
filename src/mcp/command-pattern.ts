/**
 * Reads a pattern of commands, such as `npm run *`: its words must match those of the command, one
 * by one. `*` in a word stands for any text within that word; `**` as the last word for any further
 * words. Returns whether a command may be run.
 */
export function commandPattern(pattern: string): (words: readonly string[]) => boolean {
  const parts = pattern.trim().split(/\s+/)
  const open = parts.at(-1) === '**'
  const expressions = (open ? parts.slice(0, -1) : parts).map(wordPattern)
  return (words) =>
    (open ? words.length >= expressions.length : words.length === expressions.length) &&
    words.length > 0 &&
    expressions.every((expression, i) => expression.test(words[i] ?? ''))
}

function wordPattern(word: string): RegExp {
  const parts = word.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`)
}
