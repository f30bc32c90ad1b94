import { backmost, type Io } from '../terminal/index.ts'
import type { Host } from './host.ts'

interface Running {
  /** Id of the command. */
  readonly id: string
  readonly atEnd: Set<(error: unknown) => void>
}

const running = new WeakMap<Io, Running>()

/**
 * A command begins. The function returned is to be called when it has
 * ended, with what it failed of.
 */
export function begin(io: Host, id: string): (error: unknown) => void {
  const atEnd: Running['atEnd'] = new Set()
  running.set(backmost(io), { id, atEnd })
  return (error) => {
    for (const listener of atEnd) listener(error)
    atEnd.clear()
  }
}

/** The words of the command that runs, without arguments: `env open`. */
export function commandWords(io: Host): string | undefined {
  return running.get(backmost(io))?.id.replaceAll(':', ' ')
}

/** Calls `listener` when the command has ended. */
export function whenEnded(io: Host, listener: (error: unknown) => void): void {
  running.get(backmost(io))?.atEnd.add(listener)
}
