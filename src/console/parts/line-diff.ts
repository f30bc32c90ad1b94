/** A line of two texts that are compared. */
export interface ComparedLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

/** Lines that are compared at most; more of a text is shown as replaced whole. */
const most = 3000

/**
 * Compares two texts line by line: by the longest common subsequence of what is between the lines
 * that both begin and end with.
 */
export function compareLines(before: string, after: string): ComparedLine[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const same = (lines: readonly string[]) => lines.map((text) => ({ kind: 'same', text }) as const)
  return [
    ...same(a.slice(0, start)),
    ...between(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function between(a: readonly string[], b: readonly string[]): ComparedLine[] {
  const removed = a.map((text) => ({ kind: 'removed', text }) as const)
  const added = b.map((text) => ({ kind: 'added', text }) as const)
  if (a.length === 0 || b.length === 0 || a.length * b.length > most * most) return [...removed, ...added]
  // lengths[i][j]: of the longest common subsequence of what begins at line i and line j.
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  const length = (i: number, j: number) => lengths[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = a[i] === b[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1))
  const lines: ComparedLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i++] ?? '' })
      j++
    } else if (i < a.length && (j === b.length || length(i + 1, j) >= length(i, j + 1)))
      lines.push({ kind: 'removed', text: a[i++] ?? '' })
    else lines.push({ kind: 'added', text: b[j++] ?? '' })
  }
  return lines
}
