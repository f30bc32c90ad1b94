/**
 * A text that is no YAML. `message` is what people read, for example `line 2: did not find expected key`; the line is
 * left out where it would be 0. By a tradition that users of ESC are used to, parser errors give the line before
 * the one they are about, and name the start of the construct rather than the place of the mistake when they know it.
 */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError'

  constructor(problem: string, line = 0) {
    super(line === 0 ? problem : `line ${line}: ${problem}`)
  }
}

/** A mistake found while cutting the text into tokens. Lines count from 0. */
export function scannerError(problem: string, contextLine: number, problemLine: number): YamlSyntaxError {
  const line = contextLine === 0 ? problemLine : contextLine
  return new YamlSyntaxError(problem, line === 0 ? 0 : line + 1)
}

/** A mistake found while putting tokens together. Lines count from 0. */
export function parserError(problem: string, contextLine: number, problemLine: number): YamlSyntaxError {
  return new YamlSyntaxError(problem, contextLine === 0 ? problemLine : contextLine)
}
