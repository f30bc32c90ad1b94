/** Line and column, both counting from 0. */
export interface LineAndColumn {
  readonly line: number
  readonly column: number
}

/**
 * A text that is no YAML. `message` is what people read, for example
 * `line 2: did not find expected key`; the line is left out where it would be 0. By a tradition
 * that users of ESC are used to, parser errors give the line before the one they are about, and
 * name the start of the construct rather than the place of the mistake when they know it.
 */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError'
  /**
   * The place where reading stopped: exact, unlike the line in the message. Absent: the text is not
   * made of printable characters.
   */
  readonly at: LineAndColumn | undefined

  constructor(problem: string, at?: LineAndColumn, line = 0) {
    super(line === 0 ? problem : `line ${line}: ${problem}`)
    this.at = at === undefined ? undefined : { line: at.line, column: at.column }
  }
}

/**
 * A mistake found while cutting the text into tokens; `contextLine` is where the token
 * starts, counting from 0.
 */
export function scannerError(problem: string, contextLine: number, at: LineAndColumn): YamlSyntaxError {
  const line = contextLine === 0 ? at.line : contextLine
  return new YamlSyntaxError(problem, at, line === 0 ? 0 : line + 1)
}

/**
 * A mistake found while putting tokens together; `contextLine` is where the collection
 * starts, counting from 0.
 */
export function parserError(problem: string, contextLine: number, at: LineAndColumn): YamlSyntaxError {
  return new YamlSyntaxError(problem, at, contextLine === 0 ? at.line : contextLine)
}
