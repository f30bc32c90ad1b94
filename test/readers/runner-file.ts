/**
 * Reads a file of variables as the runner of GitHub Actions does (`FileCommandManager`):
 * `NAME=value`, or `NAME<<DELIMITER`, the lines of the value, and the delimiter on a line of its
 * own.
 */
export function readRunnerFile(text: string): Record<string, string> {
  const read: Record<string, string> = {}
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at)
    const line = text.slice(at, end)
    at = end + 1
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      read[line.slice(0, equals)] = line.slice(equals + 1)
      continue
    }
    if (heredoc <= 0) throw new Error(`Invalid format '${line}'`)
    const delimiter = line.slice(heredoc + 2)
    const begins = at
    let ends = at
    for (;;) {
      if (at > text.length) throw new Error(`Matching delimiter not found '${delimiter}'`)
      const next = lineEnd(text, at)
      const here = text.slice(at, next)
      at = next + 1
      if (here === delimiter) break
      ends = next
    }
    read[line.slice(0, heredoc)] = ends > begins ? text.slice(begins, ends) : ''
  }
  return read
}

function lineEnd(text: string, at: number): number {
  const found = text.indexOf('\n', at)
  return found === -1 ? text.length : found
}
