import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { childEnvironment } from '../../child-environment.ts'

/** On Linux, whose `/proc` is asked about it. */
const SIGTSTP = 20

/**
 * True when Ctrl-Z, typed on a terminal, is meant to stop the program that it was made for: not
 * when the program reads keys by itself, and not when it is a shell, which either waits for a
 * command or has put another program in front.
 */
export function suspendsOnKey(pid: number, terminal: string): boolean {
  return foregroundGroup(pid) === pid && !ignoresSuspension(pid) && hasSuspendKey(terminal)
}

function foregroundGroup(pid: number): number | undefined {
  try {
    // After the name in parentheses: state, parent, group, session, terminal,
    // foreground group (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(fields[5])
  } catch {
    const { status, stdout } = spawnSync('ps', ['-o', 'tpgid=', '-p', String(pid)], {
      encoding: 'utf8',
      env: childEnvironment(process.env),
    })
    return status === 0 ? Number(stdout) : undefined
  }
}

/** As shells do. Where this cannot be told, the answer is no. */
function ignoresSuspension(pid: number): boolean {
  try {
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'
    return ((BigInt(`0x${ignored}`) >> BigInt(SIGTSTP - 1)) & 1n) === 1n
  } catch {
    return false
  }
}

function hasSuspendKey(terminal: string): boolean {
  const fd = openSync(terminal, constants.O_RDWR | constants.O_NOCTTY)
  try {
    const { stdout } = spawnSync('stty', ['-a'], {
      stdio: [fd, 'pipe', 'ignore'],
      encoding: 'utf8',
      env: childEnvironment(process.env),
    })
    return /\bsusp = \^Z/.test(stdout) && /(?<!-)\bisig\b/.test(stdout)
  } finally {
    closeSync(fd)
  }
}
