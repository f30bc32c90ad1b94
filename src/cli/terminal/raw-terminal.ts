import { spawnSync } from 'node:child_process'
import { childEnvironment } from '../../child-environment.ts'

/** The terminal of this process while it passes every key on. */
export interface RawTerminal {
  /** Value before the change. */
  restore(): void
  /** Raw again, after `restore`. */
  resume(): void
}

/**
 * Makes the terminal on standard input raw: each byte that is typed arrives as it is, and
 * what is written is not changed either, which Node's own raw mode does not give. Undefined:
 * that cannot be done here.
 */
export function makeTerminalRaw(): RawTerminal | undefined {
  const before = stty(['-g'])
  if (before === undefined || !/^[\w:=,-]+$/.test(before) || stty(RAW) === undefined) return undefined
  return {
    restore: () => void stty([before]),
    resume: () => void stty(RAW),
  }
}

const RAW = ['raw', '-echo', '-iexten']

function stty(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('stty', args, {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
    env: childEnvironment(process.env),
  })
  return status === 0 ? stdout.trim() : undefined
}
