/** The numbers of deliveries that one call has sent, and of those that wait. */
export interface Delivered {
  readonly delivered: number
  /** Given up: no further attempt. */
  readonly failed: number
  /** Those that wait for another attempt. */
  readonly waiting: number
  /** The time when the next is due. */
  readonly next?: Date
  /** Another process is sending; nothing was done here. */
  readonly busy?: boolean
}
