import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { EscError } from '../errors.ts'
import { codeOf, ioError, makeFolders, readIfPresent, removeQuietly, temporaryPath } from '../files/index.ts'
import type { ProcessIdentity } from './processes.ts'
import type { CompleteWorld } from './world.ts'

export interface Lock {
  /** Idempotent; never throws. A process that dies releases its locks by being gone. */
  release(): void
}

interface Holder extends ProcessIdentity {
  /** Unique for each time a lock was taken. */
  readonly token: string
  readonly purpose: string
  /** RFC 3339. */
  readonly since: string
}

interface LockRequest {
  /** What is locked, for messages: `environment 'rotators/ci'`. */
  readonly what: string
  /** What for, for others' messages: `rotate`. */
  readonly purpose: string
  /** How long to wait for another holder, in milliseconds. */
  readonly waitMs: number
}

/** Locks of this process, released when it ends in an orderly way. */
const held = new Set<FileLock>()
process.on('exit', () => {
  for (const lock of held) lock.release()
})

/**
 * A lock file that says who holds it, created by `link()`, so that it is never seen half-written. It is broken only
 * when its holder is provably gone.
 */
export class FileLock implements Lock {
  readonly #world: CompleteWorld
  readonly #path: string
  readonly #token: string

  private constructor(world: CompleteWorld, path: string, token: string) {
    this.#world = world
    this.#path = path
    this.#token = token
  }

  /** @throws EscError `locked`, naming the holder and its purpose. */
  static async acquire(world: CompleteWorld, path: string, request: LockRequest): Promise<FileLock> {
    const token = randomBytes(12).toString('hex')
    const since = new Date().toISOString()
    const holder: Holder = { ...world.processes.self(), token, purpose: request.purpose, since }
    try {
      makeFolders(world.files, dirname(path), 0o700)
      let pauseMs = 1
      for (let waitedMs = 0; ; ) {
        if (place(world, path, holder)) {
          const lock = new FileLock(world, path, token)
          held.add(lock)
          return lock
        }
        const other = readHolder(world, path)
        if (other === 'absent') continue
        if (other !== 'unreadable' && world.processes.isGone(other) && breakLock(world, path, other, holder)) continue
        if (waitedMs >= request.waitMs) throw lockedError(path, request, other)
        await world.sleep(pauseMs)
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
      const holder = readHolder(this.#world, this.#path)
      if (typeof holder === 'object' && holder.token === this.#token) this.#world.files.unlink(this.#path)
    } catch {
      // The file names this process: whoever comes next breaks it once we have ended.
    }
  }
}

/** False: somebody has it. */
function place(world: CompleteWorld, path: string, holder: Holder): boolean {
  const temporary = temporaryPath(dirname(path))
  const file = world.files.open(temporary, 'wx', 0o600)
  try {
    const bytes = Buffer.from(JSON.stringify(holder))
    if (world.files.write(file, bytes) < bytes.length) throw new EscError('io', `cannot write ${temporary}`)
  } finally {
    world.files.close(file)
  }
  try {
    world.files.link(temporary, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    removeQuietly(world.files, temporary)
  }
}

/**
 * Removes the lock of a holder that is gone, and no other. Two that both found the same dead holder must not both
 * remove: the slower one would remove the lock the faster one has just taken. So the right to remove the file of a
 * given token is itself a lock, named by that token, which can have only one living holder; having it, we look again.
 * False: somebody else is at it.
 */
function breakLock(world: CompleteWorld, path: string, dead: Holder, self: Holder): boolean {
  const right = join(dirname(path), `break-${dead.token}`)
  if (!place(world, right, self)) {
    const other = readHolder(world, right)
    return typeof other === 'object' && world.processes.isGone(other) && breakLock(world, right, other, self)
  }
  try {
    const now = readHolder(world, path)
    if (typeof now === 'object' && now.token === dead.token) world.files.unlink(path)
    return true
  } finally {
    removeQuietly(world.files, right)
  }
}

function readHolder(world: CompleteWorld, path: string): Holder | 'absent' | 'unreadable' {
  const bytes = readIfPresent(world.files, path)
  if (bytes === undefined) return 'absent'
  try {
    const holder = JSON.parse(Buffer.from(bytes).toString())
    return typeof holder.token === 'string' && /^[0-9a-f]+$/.test(holder.token) ? holder : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

function lockedError(path: string, request: LockRequest, holder: Holder | 'unreadable'): EscError {
  if (holder === 'unreadable') {
    return new EscError('locked', `${request.what} is locked by ${path}, which cannot be read`, {
      hint: 'make sure that no other esc is running, and delete that file',
    })
  }
  const place = `process ${holder.pid} on ${holder.host}`
  return new EscError('locked', `${request.what} is locked by ${place} (${holder.purpose}, since ${holder.since})`, {
    hint: `wait until it has finished; if it no longer runs, delete ${path}`,
  })
}
