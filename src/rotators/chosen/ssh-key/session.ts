import { posix } from 'node:path'
import type { SFTPWrapper, Stats } from 'ssh2'
import { EscError } from '../../../errors.ts'
import type { RotatorContext } from '../../rotator.ts'
import { VendorError } from '../../vendor-error.ts'
import type { KeeperSession } from '../kit/index.ts'
import { type FileText, isKeyOf, type KeyLine, keysIn, withKey, withoutKeys } from './authorized-keys.ts'
import { type Asking, type SshConnection, type SshTiming, sftpCodes } from './connection.ts'
import type { KeptKey, SshKeyInputs, SshKeyPending } from './types.ts'

/** More than any file of keys. */
const mostBytes = 4 << 20
const mostTries = 5
/** As much as every server takes in one request. */
const chunkBytes = 32_000
/** A lock that has stayed for so long was left by a rotation that was killed. */
const staleMs = 30_000
const pollMs = 250

export interface KeyFile {
  readonly path: string
  readonly options: string
  /** Such as `user "app" on db.example.org:22`. */
  readonly owner: string
}

type KeptState = { readonly current: KeptKey; readonly previous?: KeptKey }

/**
 * The keys in one file, changed as a whole: a new file is written beside it and takes its place in
 * one step, so that the server never reads half of it.
 */
export class SshKeeper implements KeeperSession<KeptKey, SshKeyPending, SshKeyInputs, KeptState> {
  readonly #connection: SshConnection
  readonly #sftp: SFTPWrapper
  readonly #file: KeyFile
  readonly #timing: SshTiming
  readonly #context: RotatorContext

  constructor(
    connection: SshConnection,
    sftp: SFTPWrapper,
    about: { readonly file: KeyFile; readonly timing: SshTiming; readonly context: RotatorContext },
  ) {
    this.#connection = connection
    this.#sftp = sftp
    this.#file = about.file
    this.#timing = about.timing
    this.#context = about.context
  }

  /** The keys that there are. @throws EscError where the file could not be changed. */
  async requireUsable(): Promise<readonly KeyLine[]> {
    const { path, owner } = this.#file
    const text = await this.#textOf(path)
    if (text !== undefined) return keysIn(text)
    throw new EscError('invalid_input', `ssh-key: there is no file ${path} for ${owner}`, {
      hint: 'check `file`; if the account has no keys yet, create it empty, with its folder, for the account alone',
    })
  }

  async has({ publicKey }: KeptKey): Promise<boolean> {
    return keysIn((await this.#read()).text).some((key) => isKeyOf(key, publicKey))
  }

  add({ publicKey }: KeptKey): Promise<void> {
    return this.#change((text) => withKey(text, { publicKey, options: this.#file.options }))
  }

  async remove(credentials: readonly KeptKey[]): Promise<void> {
    const publicKeys = credentials.map(({ publicKey }) => publicKey)
    // A file that is gone lets nobody in.
    if (await this.#exists()) await this.#change((text) => withoutKeys(text, publicKeys))
  }

  async listForeign(state: KeptState | undefined): Promise<readonly string[]> {
    const ours = [state?.current, state?.previous].flatMap((each) => each?.publicKey ?? [])
    const foreign = keysIn((await this.#read()).text).filter((key) => !ours.some((each) => isKeyOf(key, each)))
    return foreign.map((key) => `${describeKey(key)} of ${this.#file.owner}`)
  }

  close(): void {
    this.#connection.close()
  }

  /** One of us at a time: who has made the lock may replace the file. */
  async #change(edit: (text: FileText) => FileText): Promise<void> {
    const path = await this.#ask<string>('finding', (done) => this.#sftp.realpath(this.#file.path, done))
    const suffix = Buffer.from(this.#context.random(8)).toString('hex')
    const beside = (end: string) => posix.join(posix.dirname(path), `.${posix.basename(path)}.esc-${end}`)
    const lock = beside('lock')
    await this.#lock(lock, suffix, beside)
    try {
      for (let tries = 1; !(await this.#replace(path, beside(suffix), edit)); tries++) {
        if (tries >= mostTries) throw this.#busy(path)
      }
    } finally {
      await this.#unlink(lock)
    }
  }

  /** Returns false where somebody has changed the file meanwhile, and would lose that. */
  async #replace(path: string, fresh: string, edit: (text: FileText) => FileText): Promise<boolean> {
    const before = await this.#read()
    const text = edit(before.text)
    if (text === before.text) return true
    const handle = await this.#create(fresh)
    let replaced = false
    try {
      await this.#write(handle, text, before.stats)
      if ((await this.#read()).text !== before.text) return false
      await this.#ask<undefined>('replacing', (done) =>
        this.#sftp.ext_openssh_rename(fresh, path, (error) => done(error, undefined)),
      )
      replaced = true
      return true
    } finally {
      await this.#close(handle)
      if (!replaced) await this.#unlink(fresh)
    }
  }

  /** The lock names the file that is written under it, which goes with a lock that was left. */
  async #lock(lock: string, suffix: string, beside: (end: string) => string): Promise<void> {
    for (let waitedMs = 0, seen = ''; ; waitedMs += pollMs) {
      try {
        const handle = await this.#create(lock)
        await this.#writeAll(handle, Buffer.from(suffix))
        return await this.#close(handle)
      } catch (error) {
        // OpenSSH says no more than that it failed.
        if (!(error instanceof VendorError) || error.vendorCode !== sftpCodes.failure) throw error
        const held = await this.#textOf(lock)
        if (held === undefined && seen === 'gone') throw error
        if (held !== seen) waitedMs = 0
        seen = held ?? 'gone'
        if (held !== undefined && waitedMs >= staleMs) {
          if (/^[0-9a-f]{16}$/.test(held)) await this.#unlink(beside(held))
          await this.#unlink(lock)
        } else await this.#context.sleep(pollMs)
      }
    }
  }

  #create(path: string): Promise<Buffer> {
    return this.#ask<Buffer>('writing beside', (done) => this.#sftp.open(path, 'wx', { mode: 0o600 }, done))
  }

  /** Written to the disk, with the mode and the owner of the file that it replaces. */
  async #write(handle: Buffer, text: FileText, { mode, uid, gid }: Stats): Promise<void> {
    await this.#writeAll(handle, Buffer.from(text, 'latin1'))
    const set = (what: object) =>
      this.#ask<undefined>('keeping the mode and owner of', (done) =>
        this.#sftp.fsetstat(handle, what, (error) => done(error, undefined)),
      )
    await set({ mode: mode & 0o7777 })
    const made = await this.#ask<Stats>('reading', (done) => this.#sftp.fstat(handle, done))
    if (made.uid !== uid || made.gid !== gid) await set({ uid, gid })
    try {
      await this.#ask<undefined>('syncing', (done) =>
        this.#sftp.ext_openssh_fsync(handle, (error) => done(error, undefined)),
      )
    } catch (error) {
      // Not every server can.
      if (!(error instanceof VendorError) || error.vendorCode === 'timeout') throw error
    }
  }

  async #writeAll(handle: Buffer, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const size = Math.min(chunkBytes, bytes.length - at)
      await this.#ask<undefined>('writing beside', (done) =>
        this.#sftp.write(handle, bytes, at, size, at, (error) => done(error, undefined)),
      )
    }
  }

  /** `undefined` when there is no such file. */
  async #textOf(path: string): Promise<string | undefined> {
    try {
      return (await this.#read(path)).text
    } catch (error) {
      if (error instanceof VendorError && error.vendorCode === sftpCodes.noSuchFile) return undefined
      throw error
    }
  }

  async #read(path = this.#file.path): Promise<{ readonly text: FileText; readonly stats: Stats }> {
    const handle = await this.#ask<Buffer>('reading', (done) => this.#sftp.open(path, 'r', done))
    try {
      const stats = await this.#ask<Stats>('reading', (done) => this.#sftp.fstat(handle, done))
      if (!stats.isFile() || stats.size > mostBytes) throw this.#noFile(path)
      const bytes = Buffer.alloc(stats.size)
      let at = 0
      while (at < stats.size) {
        const read = await this.#readSome(handle, bytes, at)
        if (read === 0) break
        at += read
      }
      return { text: bytes.subarray(0, at).toString('latin1'), stats }
    } finally {
      await this.#close(handle)
    }
  }

  async #readSome(handle: Buffer, bytes: Buffer, at: number): Promise<number> {
    const length = Math.min(chunkBytes, bytes.length - at)
    return this.#ask<number>('reading', (done) =>
      this.#sftp.read(handle, bytes, at, length, at, (error, read) => done(error, read)),
    )
  }

  async #exists(): Promise<boolean> {
    return (await this.#textOf(this.#file.path)) !== undefined
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#ask<undefined>('tidying beside', (done) => this.#sftp.unlink(path, (error) => done(error, undefined)))
    } catch (error) {
      if (!(error instanceof VendorError) || error.vendorCode !== sftpCodes.noSuchFile) throw error
    }
  }

  async #close(handle: Buffer): Promise<void> {
    await this.#ask<undefined>('closing', (done) => this.#sftp.close(handle, (error) => done(error, undefined)))
  }

  #ask<Result>(verb: string, ask: Asking<Result>): Promise<Result> {
    const { path, owner } = this.#file
    return this.#connection.request(this.#timing.requestMs, `${verb} ${path} for ${owner}`, ask)
  }

  #busy(path: string): VendorError {
    return new VendorError(`${path} changes whenever it is to be replaced, for ${this.#file.owner}`, {
      rotator: 'ssh-key',
      code: 'BUSY',
      refused: true,
      hint: 'let nothing else write the file meanwhile',
    })
  }

  #noFile(path: string): EscError {
    return new EscError('invalid_input', `ssh-key: ${path} for ${this.#file.owner} is not a file of keys`, {
      hint: 'check `file`: it must be a regular file of at most 4 MiB',
    })
  }
}

/** Such as `another key (ssh-rsa, "ada@laptop")`. */
function describeKey({ type, comment }: KeyLine): string {
  return `another key (${type}${comment === '' ? '' : `, ${JSON.stringify(comment)}`})`
}
