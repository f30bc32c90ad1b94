import { expect } from 'chai'

/**
 * Runs the work and says how much processor time it took, in milliseconds: unlike a clock, that
 * does not count the rest of the machine.
 */
export function cpuTime<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const before = process.cpuUsage()
  const result = work()
  return { result, ms: cpuMsSince(before) }
}

/** The processor time of this process since then, in milliseconds. */
export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/**
 * Fails when work has taken more processor time than it may, in milliseconds, on the machine for
 * which bounds are written. A slower machine gets more, and so does a busy one: a processor that is
 * shared gets less done in the same processor time.
 */
export function expectWithin(most: number, ms: number, what?: string): void {
  if (ms >= most) expect(ms, what).to.be.lessThan(most * slowness())
}

/** The processor time that the work of `slowness` takes on that machine, in milliseconds. */
const REFERENCE_MS = 6

/** Returns how many times slower than that machine this one is now, at least 1. */
function slowness(): number {
  const took = Array.from({ length: 5 }, () => cpuTime(texts).ms)
  return Math.max(1, Math.min(...took) / REFERENCE_MS)
}

/** Makes, cuts and joins texts and looks them up, as a parser does. */
function texts(): number {
  const seen = new Map<string, number>()
  const text = Array.from({ length: 20_000 }, (_, i) => `key${i}: some value ${i}\n`).join('')
  for (let start = 0; start < text.length; start = text.indexOf('\n', start) + 1) {
    const line = text.slice(start, text.indexOf('\n', start))
    const [, key, value] = /^(\w+): (.*)$/.exec(line) ?? []
    seen.set(key ?? '', (value ?? '').length + (line.codePointAt(3) ?? 0))
  }
  return seen.size
}
