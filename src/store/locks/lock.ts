import { createHash, hash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { EscError } from '../../errors.ts'
import {
  codeOf,
  ioError,
  machineFiles,
  makeFolders,
  readIfPresent,
  readTextIfPresent,
  removeQuietly,
  temporaryPrefix,
  writeTemporary,
} from '../../files/index.ts'
import { timestamp } from '../../timestamp.ts'
import type { CompleteHost } from '../host.ts'
import type { Lock } from '../records/records.ts'
import { machineProcesses, type ProcessIdentity } from './processes.ts'

interface Holder extends ProcessIdentity {
  /** Unique for each time a lock was taken. */
  readonly token: string
  readonly purpose: string
  /** RFC 3339. */
  readonly since: string
}

type LockHost = Pick<CompleteHost, 'files' | 'processes' | 'sleep'>

interface FileLockRequest {
  /** The thing that is locked, for messages: `environment 'rotators/ci'`. */
  readonly what: string
  /** The purpose, for others' messages: `rotate`. */
  readonly purpose: string
  /** The time to wait for another holder, in milliseconds. */
  readonly waitMs: number
}

/** Locks of this process, released when it ends in an orderly way. */
const held = new Set<FileLock>()
process.on('exit', () => {
  for (const lock of held) lock.release()
})

/**
 * A lock file that says who holds it, created by `link()`, so that it is never seen half-written.
 * It is broken only when its holder is provably gone.
 */
export class FileLock implements Lock {
  readonly #host: LockHost
  readonly #path: string
  readonly #token: string

  private constructor(host: LockHost, path: string, token: string) {
    this.#host = host
    this.#path = path
    this.#token = token
  }

  /** @throws EscError `locked`, naming the holder and its purpose. */
  static async acquire(host: LockHost, path: string, request: FileLockRequest): Promise<FileLock> {
    const tries = FileLock.#tries(host, path, request)
    for (;;) {
      const next = tries.next()
      if (next.done) return next.value
      await host.sleep(next.value)
    }
  }

  /**
   * As `acquire`, for locks that are held for a moment: this process does
   * nothing else while it waits.
   */
  static acquireNow(host: LockHost, path: string, request: FileLockRequest): FileLock {
    const tries = FileLock.#tries(host, path, request)
    for (;;) {
      const next = tries.next()
      if (next.done) return next.value
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, next.value)
    }
  }

  /** Yields how many milliseconds to wait before the next try. */
  static *#tries(host: LockHost, path: string, request: FileLockRequest): Generator<number, FileLock> {
    const since = timestamp(new Date())
    const self = host.processes.self()
    const token = newToken(self)
    const holder: Holder = { ...self, token, purpose: request.purpose, since }
    try {
      makeFolders(host.files, dirname(path), 0o700)
      let pauseMs = 1
      for (let waitedMs = 0; ; ) {
        if (place(host, path, holder)) {
          const lock = new FileLock(host, path, token)
          held.add(lock)
          return lock
        }
        const other = readLock(host, path)
        if (other === undefined) continue
        if (isGone(host, other) && breakLock(host, path, other, holder)) continue
        if (waitedMs >= request.waitMs) throw lockedError(path, request, other.holder)
        yield pauseMs
        waitedMs += pauseMs
        pauseMs = Math.min(pauseMs * 2, 20)
      }
    } catch (error) {
      throw ioError(error, `cannot lock ${request.what}`)
    }
  }

  release(): void {
    if (!held.delete(this)) return
    try {
      if (readTextIfPresent(this.#host.files, this.#path)?.includes(this.#token)) this.#host.files.unlink(this.#path)
    } catch {
      // The file names this process: whoever comes next breaks it once we have ended.
    }
  }
}

/**
 * Takes a lock of this machine, to be held for a moment. @throws EscError `locked`, naming
 * the holder and its purpose.
 */
export function lockNow(path: string, request: FileLockRequest): Lock {
  return FileLock.acquireNow({ files: machineFiles, processes: machineProcesses, sleep: neverAsked }, path, request)
}

async function neverAsked(): Promise<never> {
  throw new Error('a lock that is taken at once does not sleep')
}

/**
 * Tells whether a lock file stands for somebody. `broken`: its holder is gone, or it does not say.
 */
export function lockState(host: LockHost, path: string): 'free' | 'held' | 'broken' {
  const found = readLock(host, path)
  if (found === undefined) return 'free'
  return isGone(host, found) ? 'broken' : 'held'
}

/**
 * 24 hex digits that no other lock has, which is no secret; `readLock` of every version takes a
 * lock with any other token for a broken one. Every start hashes, and would ask for random bytes
 * here alone.
 */
function newToken(self: ProcessIdentity): string {
  const text = JSON.stringify([self, Date.now(), process.hrtime.bigint().toString(), Math.random()])
  return hash('sha256', text, 'hex').slice(0, 24)
}

/**
 * The number of lock files that this process has tried to place: makes the names of its
 * temporary files its own.
 */
let placed = 0

/** False when somebody has it. */
function place(host: LockHost, path: string, holder: Holder): boolean {
  const temporary = join(dirname(path), `${temporaryPrefix}${holder.pid}-${holder.token}-${placed++}`)
  writeTemporary(host.files, temporary, Buffer.from(JSON.stringify(holder)), { mode: 0o600, synced: false })
  try {
    host.files.link(temporary, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    removeQuietly(host.files, temporary)
  }
}

/**
 * Removes the lock of a holder that is gone, and no other. Two that both found the same dead holder
 * must not both remove: the slower one would remove the lock the faster one has just taken. So the
 * right to remove the file of a given token is itself a lock, named by that token, which can have
 * only one living holder; having it, we look again. False: somebody else is at it.
 */
function breakLock(host: LockHost, path: string, dead: FoundLock, self: Holder): boolean {
  const right = join(dirname(path), `break-${dead.token}`)
  if (!place(host, right, self)) {
    const other = readLock(host, right)
    return other !== undefined && isGone(host, other) && breakLock(host, right, other, self)
  }
  try {
    if (readLock(host, path)?.token === dead.token) host.files.unlink(path)
    return true
  } finally {
    removeQuietly(host.files, right)
  }
}

interface FoundLock {
  readonly token: string
  /**
   * `undefined` when the file does not say. Lock files appear whole, so the machine lost power
   * after this one was made.
   */
  readonly holder: Holder | undefined
}

/** `undefined` when there is no such file. */
function readLock(host: LockHost, path: string): FoundLock | undefined {
  const bytes = readIfPresent(host.files, path)
  if (bytes === undefined) return undefined
  try {
    const holder: Holder = JSON.parse(Buffer.from(bytes).toString())
    if (typeof holder.pid === 'number' && /^[0-9a-f]{24}$/.test(holder.token)) return { token: holder.token, holder }
  } catch {}
  const token = createHash('sha256')
    .update(`${basename(path)}\0`)
    .update(bytes)
    .digest('hex')
  return { token, holder: undefined }
}

function isGone(host: LockHost, { holder }: FoundLock): boolean {
  return holder === undefined || host.processes.isGone(holder)
}

function lockedError(path: string, request: FileLockRequest, holder: Holder | undefined): EscError {
  const place = holder === undefined ? 'an unknown process' : `process ${holder.pid} on ${holder.host}`
  const purpose = holder === undefined ? '' : ` (${holder.purpose}, since ${holder.since})`
  return new EscError('locked', `${request.what} is locked by ${place}${purpose}`, {
    hint: `wait until it has finished; if it no longer runs, delete ${path}`,
  })
}
