import { availableParallelism, loadavg } from 'node:os'
import type { Ran } from '../cli/commands/esc.ts'

/** Longest time that any command may take over a hostile store, in milliseconds. */
export const limitMs = 5000

/** The same for a second try, on a machine whose processors have more to do than this. */
export function limitUnderLoadMs(): number {
  return limitMs * Math.max(1, loadavg()[0]! / availableParallelism())
}

export interface Outcome extends Ran {
  /** The command did not end by itself. */
  readonly hung: boolean
  /** Connections and look-ups of names that it tried. */
  readonly contacts: readonly string[]
}
