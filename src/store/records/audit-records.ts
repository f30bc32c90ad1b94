/** The end of a log: the number and digest of its newest line; 0 and empty before the first. */
export interface LogEnd {
  readonly sequence: number
  readonly digest: string
}

/** A line for its place in a log. It may be made several times, for one place after the other. */
export type WriteLogLine = (end: LogEnd) => { readonly text: string; readonly digest: string }

/** The one audit log of all servers of a store. What its lines say is not known here. */
export interface AuditRecords {
  /**
   * Appends lines, each for the place after the one before. They are kept when this resolves, and
   * no other server has put anything between them.
   * @throws EscError `io`.
   */
  append(lines: readonly WriteLogLine[]): Promise<void>
  /** The end of the log as whoever appended last has left it. */
  end(): Promise<LogEnd>
  /** The text of each line, in the order of their numbers. */
  lines(): Promise<readonly string[]>
}
