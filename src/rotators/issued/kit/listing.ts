/** A credential as its vendor lists it: never with its secret. */
export interface Listed {
  readonly id: string
  /** The name it was created under, where the vendor keeps one. */
  readonly name?: string
  /** By the clock of the vendor. */
  readonly createdAt?: Date
  /**
   * The reason why it would not work, such as `disabled`. It is never taken for the one that is in
   * use.
   */
  readonly problem?: string
}

export interface Listing {
  readonly listed: readonly Listed[]
  /** The clock of the vendor. */
  readonly at: Date
}

/** A list, and when it was asked for: by the clock of this machine, in milliseconds. */
export interface TimedListing extends Listing {
  readonly askedMs: number
}

/** Asks for the list, and keeps the time. */
export async function timed(now: () => Date, list: () => Promise<Listing>): Promise<TimedListing> {
  const askedMs = now().getTime()
  return { ...(await list()), askedMs }
}
