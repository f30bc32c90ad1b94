/**
 * How long this rotator waits for AWS, which makes a change visible in one place after
 * another. All in milliseconds.
 */
export interface AwsIamTiming {
  /**
   * Waits between tries of a key that is not known yet: `firstWaitMs`, doubled up to
   * `longestWaitMs`, `totalWaitMs` in all.
   */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  readonly totalWaitMs: number
  /** One success at one endpoint proves little: so many in a row, this far apart. */
  readonly successes: number
  readonly successWaitMs: number
  /** A key that is not listed so long after it may have been created was not created. */
  readonly absenceMs: number
  /** From listing the keys to the last CreateAccessKey that may be sent. */
  readonly creationMs: number
}

// New keys usually work after 2 s, sometimes after 10 to 15.
export const awsIamTiming: AwsIamTiming = {
  firstWaitMs: 1_000,
  longestWaitMs: 10_000,
  totalWaitMs: 60_000,
  successes: 3,
  successWaitMs: 200,
  absenceMs: 15_000,
  creationMs: 60_000,
}
