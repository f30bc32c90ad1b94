/** Runs the work and says how much processor time it took, in milliseconds: unlike a clock, that does not count the rest of the machine. */
export function cpuTime<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const before = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(before)
  return { result, ms: (user + system) / 1000 }
}
