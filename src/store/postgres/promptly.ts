/** Far less than what is left of a lease that was renewed as it should be. */
const lateMs = 5_000

/**
 * Makes a change that requires a lease, and makes it again when the answer came late: a process
 * that was stopped meanwhile, with its machine perhaps, may have lost the lease since, and must not
 * act on an answer that was true then.
 *
 * @param clocksMs of which the one that has gone furthest counts: some stand still while a machine
 *   sleeps, others are set back.
 */
export async function promptly(clocksMs: readonly (() => number)[], change: () => Promise<void>): Promise<void> {
  for (;;) {
    const before = clocksMs.map((clock) => clock())
    await change()
    const took = clocksMs.map((clock, index) => clock() - (before[index] ?? 0))
    if (Math.max(...took) <= lateMs) return
  }
}
