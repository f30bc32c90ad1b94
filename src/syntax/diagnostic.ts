/** A place in a document. Lines and columns count from 1 (columns in code points), bytes from 0. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly byte: number
}

/** From `begin` up to, not including, `end`, in the document of the environment named `environment`. */
export interface Range {
  readonly environment: string
  readonly begin: Position
  readonly end: Position
}

/**
 * A mistake in a document. Diagnostics pile up, so one run reports them all; exceptions are for machine and program.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  /** Absent: the mistake has no place in any document. */
  readonly range?: Range
  /** Document path of the blamed node, such as `values.a["b.c"][0]`; empty for the root. */
  readonly path: string
}
