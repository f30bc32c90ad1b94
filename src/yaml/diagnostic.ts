import type { Text } from '../rich-text.ts'

/** A place in a document. Lines and columns count from 1 (columns in code points), bytes from 0. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly byte: number
}

/**
 * From `begin` up to, not including, `end`, in the document of the environment named `environment`.
 */
export interface Range {
  readonly environment: string
  readonly begin: Position
  readonly end: Position
}

/**
 * A mistake in a document. Diagnostics pile up, so one run reports them all; exceptions are
 * for machine and program.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  /** Absent when the mistake has no place in any document. */
  readonly range?: Range
  /**
   * The place where reading stopped, for people, when a text is no YAML. Such a mistake has no
   * range, and the line in its summary may be that of the construct it stands in.
   */
  readonly noticedAt?: { readonly environment: string; readonly line: number; readonly column: number }
  /** Document path of the blamed node, such as `values.a["b.c"][0]`; empty for the root. */
  readonly path: string
  /**
   * `rotate`: a rotator failed, and the report of its rotation says the same.
   * Absent: anything else.
   */
  readonly cause?: 'rotate'
  /** A remedy for the reader. */
  readonly hint?: Text
}

/**
 * The place to go to, as `environment:line:column`. Absent: the mistake has none in any document.
 */
export function placeOf({ range, noticedAt }: Pick<Diagnostic, 'range' | 'noticedAt'>): string | undefined {
  if (noticedAt !== undefined) return `${noticedAt.environment}:${noticedAt.line}:${noticedAt.column}`
  if (range === undefined) return undefined
  // A value that no document holds, such as one of the context, has its environment alone.
  const { line, column } = range.begin
  return line === 0 ? range.environment : `${range.environment}:${line}:${column}`
}
