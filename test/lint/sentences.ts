/** A sentence of a page. */
export interface Sentence {
  readonly text: string
  /** Where its paragraph begins. */
  readonly line: number
  readonly words: number
}

/**
 * Returns the sentences of paragraphs, list items and table cells of a page. Code blocks, headings
 * and comments have none. A code mark counts as one word.
 */
export function sentencesOf(page: string): Sentence[] {
  return blocksOf(page).flatMap(({ text, line }) =>
    text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .split(/(?<=[.!?:;])["”)*]*\s+(?=[*“"(]*[A-Z`])/)
      .map((sentence) => ({ text: sentence.trim(), line, words: wordsOf(sentence) }))
      .filter(({ words }) => words > 0),
  )
}

function wordsOf(sentence: string): number {
  return sentence
    .replace(/`[^`]*`/g, 'code')
    .split(/\s+/)
    .filter((word) => /[A-Za-z0-9]/.test(word)).length
}

interface Block {
  readonly text: string
  readonly line: number
}

function blocksOf(page: string): Block[] {
  const blocks: { text: string; line: number }[] = []
  let fence: string | undefined
  let isComment = false
  let goesOn = false
  for (const [index, line] of page.split('\n').entries()) {
    const [mark] = /^\s*`{3,}/.exec(line) ?? []
    if (mark !== undefined && (fence === undefined || mark.trim() === fence))
      fence = fence === undefined ? mark.trim() : undefined
    if (line.startsWith('<!--')) isComment = true
    const isText = fence === undefined && mark === undefined && !isComment && line.trim() !== '' && !/^#/.test(line)
    if (line.includes('-->')) isComment = false
    if (!isText) {
      goesOn = false
      continue
    }
    if (line.startsWith('|')) {
      const cells = line.split(/(?<!\\)\|/).filter((cell) => !/^[\s:-]*$/.test(cell))
      blocks.push(...cells.map((text) => ({ text, line: index + 1 })))
      goesOn = false
      continue
    }
    const item = /^\s*(?:[-*]|\d+\.)\s+/.exec(line)
    const last = blocks.at(-1)
    if (goesOn && item === null && last !== undefined) last.text += ` ${line.trim()}`
    else blocks.push({ text: line.slice(item?.[0].length ?? 0).trim(), line: index + 1 })
    goesOn = true
  }
  return blocks
}
