/**
 * The times to wait for a vendor that makes a change visible in one place after
 * another. All in milliseconds.
 */
export interface IssuedTiming {
  /**
   * Waits between tries of a credential that is not known yet: `firstWaitMs`, doubled up to
   * `longestWaitMs`, `totalWaitMs` in all.
   */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  readonly totalWaitMs: number
  /** One success at one replica proves little: so many in a row, this far apart. */
  readonly successes: number
  readonly successWaitMs: number
  /** A credential that is not listed so long after it may have been created was not created. */
  readonly absenceMs: number
  /** From the first request to create until the last one may be sent. */
  readonly creationMs: number
  /**
   * The time that request may take beyond: its own time-out, and the seconds that dates are rounded
   * to.
   */
  readonly requestMs: number
}

export const issuedTiming: IssuedTiming = {
  firstWaitMs: 1_000,
  longestWaitMs: 10_000,
  totalWaitMs: 60_000,
  successes: 3,
  successWaitMs: 200,
  absenceMs: 30_000,
  creationMs: 30_000,
  requestMs: 25_000,
}
