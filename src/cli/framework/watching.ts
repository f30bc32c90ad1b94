import { EscError } from '../../errors.ts'
import { watch } from '../terminal/index.ts'
import { boolean, duration, maybe } from './flags.ts'
import type { Host } from './host.ts'

/** For commands whose result a person may want to watch. */
export const WATCH_FLAGS = {
  watch: boolean({ description: 'show it again and again, in place, until Ctrl-C', char: 'w' }),
  interval: maybe(
    duration({ description: 'with --watch: the time between two looks (default: 2s on a terminal)', default: '2s' }),
  ),
}

interface WatchingFlags {
  readonly watch: boolean
  readonly interval?: number
  readonly output?: string
}

const shortestSeconds = 0.1

/**
 * Shows `frame` as long as the user likes, when the flags say so. Returns whether the last frame is
 * still to be read where it was shown.
 */
export async function watching(io: Host, flags: WatchingFlags, frame: () => Promise<string>): Promise<boolean> {
  const { watch: wanted, interval, output } = flags
  if (!wanted) {
    if (interval === undefined) return false
    throw new EscError('usage', '--interval says how often --watch looks', { hint: 'give --watch too' })
  }
  if (output === 'json') throw new EscError('usage', '--watch and --output json exclude each other')
  if (interval === undefined && !io.stdoutIsTerminal) {
    throw new EscError('usage', '--watch needs a terminal', { hint: 'to print it every minute, give --interval 1m' })
  }
  if (interval !== undefined && interval < shortestSeconds) {
    throw new EscError('usage', `--interval must be at least ${shortestSeconds}s`)
  }
  const { left } = await watch(io, { intervalMs: (interval ?? 2) * 1000, frame })
  return left
}
