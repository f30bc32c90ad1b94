import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'

/**
 * Whether Ctrl-Z, typed on a terminal, is meant to stop the program that it was made for: not when the program reads keys by itself,
 * and not when it is a shell that has put another program in front.
 */
export function suspendsOnKey(pid: number, terminal: string): boolean {
  return foregroundGroup(pid) === pid && hasSuspendKey(terminal)
}

function foregroundGroup(pid: number): number | undefined {
  try {
    // After the name in parentheses: state, parent, group, session, terminal, foreground group (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(fields[5])
  } catch {
    const { status, stdout } = spawnSync('ps', ['-o', 'tpgid=', '-p', String(pid)], { encoding: 'utf8' })
    return status === 0 ? Number(stdout) : undefined
  }
}

function hasSuspendKey(terminal: string): boolean {
  const fd = openSync(terminal, constants.O_RDWR | constants.O_NOCTTY)
  try {
    const { stdout } = spawnSync('stty', ['-a'], { stdio: [fd, 'pipe', 'ignore'], encoding: 'utf8' })
    return /\bsusp = \^Z/.test(stdout) && /(?<!-)\bisig\b/.test(stdout)
  } finally {
    closeSync(fd)
  }
}
