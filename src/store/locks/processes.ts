import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * The process that holds a lock: enough to prove later that it is gone, even when its pid has been
 * given to another process.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Changes with every boot (Linux). */
  readonly boot?: string
  /**
   * Pids mean something only inside their namespace: containers share a kernel, not pids (Linux).
   */
  readonly pidSpace?: string
  /** Start time in the kernel's clock ticks since boot (Linux). */
  readonly started?: string
}

export interface Processes {
  self(): ProcessIdentity
  /** True only when the process provably runs no more. */
  isGone(identity: ProcessIdentity): boolean
}

/** Made once: Node copies options that are given as a text for each call. */
const asText = { encoding: 'utf8', flag: 'r' } as const

let self: ProcessIdentity | undefined

/**
 * Processes of this machine, by `/proc` on Linux; elsewhere by pid alone, where a
 * reused pid counts as alive.
 */
export const machineProcesses: Processes = {
  self() {
    if (self === undefined) {
      const boot = readText('/proc/sys/kernel/random/boot_id')
      const pidSpace = readLink('/proc/self/ns/pid')
      const started = readStatus(process.pid)?.started
      self = {
        pid: process.pid,
        host: readText('/proc/sys/kernel/hostname') ?? hostname(),
        boot,
        pidSpace,
        started,
      }
    }
    return self
  },

  isGone(identity) {
    const here = machineProcesses.self()
    if (identity.host !== here.host) return false
    if (identity.boot !== here.boot) return identity.boot !== undefined && here.boot !== undefined
    if (identity.pidSpace !== here.pidSpace) return false
    if (here.started !== undefined) {
      const status = readStatus(identity.pid)
      if (status === undefined) return !exists(identity.pid)
      // A zombie has ended; only its parent has not asked yet.
      return status.state === 'Z' || status.state === 'X' || status.started !== identity.started
    }
    return !exists(identity.pid)
  },
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH'
  }
}

/**
 * Fields 3 and 22 of `/proc/<pid>/stat` (proc(5)); the command name before them may itself
 * hold spaces and brackets.
 */
function readStatus(pid: number): { readonly state: string; readonly started: string } | undefined {
  const text = readText(`/proc/${pid}/stat`)
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? []
  const [state, started] = [fields[0], fields[19]]
  return state === undefined || started === undefined ? undefined : { state, started }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, asText).trim()
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
