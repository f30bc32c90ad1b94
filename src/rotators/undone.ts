import type { Settled } from './rotator.ts'

/** Returns the result of settling a rotation that was taken back. */
export function undone(rotator: string, reason: string): Settled<never> {
  return { kind: 'undone', reason: `${rotator}: ${reason}` }
}
