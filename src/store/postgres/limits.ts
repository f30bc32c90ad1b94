/** The time for which a statement waits for a row that another transaction holds. */
export const lockTimeout = '15s'

/**
 * Statements at the start of a transaction. A replica that is cut off from the network in one must
 * not hold the row for long, and a commit is one when it is on the disk.
 */
export const limits = `set local lock_timeout to '${lockTimeout}'; set local idle_in_transaction_session_timeout to '30s'; set local synchronous_commit to on`
