import type { Reconciled } from './rotator.ts'

/** Returns the result of reconciling a rotation that was taken back. */
export function undone(rotator: string, reason: string): Reconciled<never> {
  return { kind: 'undone', reason: `${rotator}: ${reason}` }
}
