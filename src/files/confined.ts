import { sep } from 'node:path'
import { EscError } from '../errors.ts'
import type { FileStatus, FileSystem } from './file-system.ts'

/** Folder with content that somebody else may have written, and how large its files may be. */
export interface Confinement {
  /** Absolute path of the folder. It may itself be a link, or lie behind one. */
  readonly root: string
  /** The most bytes of a file below `root` that are read. */
  readonly limit: (path: string) => number
}

/**
 * A folder that was found to be one is believed to be one for so long: another process may change
 * the tree, as `git pull` does.
 */
const believedMs = 1000

/**
 * A file system in which everything below a folder is a regular file or a folder: no link is
 * followed, no pipe or device is opened, and no file is read that is larger than the limit.
 * Git brings links, and a link can lead to any file of the machine. What is not below the
 * folder is as in `files`.
 *
 * Throws EscError `store_damaged`, which names the file and the remedy, beside what `files` throws.
 */
export function confined(files: FileSystem, confinement: Confinement): FileSystem {
  const border = new Border(files, confinement)
  return {
    realPath: (path) => files.realPath(path),
    write: (file, bytes) => files.write(file, bytes),
    sync: (file) => files.sync(file),
    syncAside: (file) => files.syncAside(file),
    close: (file) => files.close(file),
    stat(path) {
      if (!border.isBelow(path)) return files.stat(path)
      border.enterParents(path)
      return border.look(path)
    },
    lstat(path) {
      if (!border.isBelow(path)) return files.lstat(path)
      border.enterParents(path)
      return border.look(path)
    },
    exists(path) {
      border.checkWritten(path)
      return files.exists(path)
    },
    readFile(path) {
      border.checkRead(path)
      return files.readFile(path)
    },
    readText(path) {
      border.checkRead(path)
      return files.readText(path)
    },
    list(path) {
      if (border.isBelow(path) && !border.isAside(path)) border.enterParents(path + sep)
      return files.list(path)
    },
    open(path, flags, mode) {
      if (border.isBelow(path)) {
        if (flags === 'wx') border.enterParents(path)
        else border.checkFile(path, Number.POSITIVE_INFINITY)
      }
      return files.open(path, flags, mode)
    },
    link(existing, added) {
      if (border.isBelow(existing)) border.checkFile(existing, Number.POSITIVE_INFINITY)
      border.checkWritten(added)
      files.link(existing, added)
    },
    rename(from, to) {
      if (border.isBelow(from)) border.checkFile(from, Number.POSITIVE_INFINITY)
      border.checkWritten(to)
      border.forget()
      files.rename(from, to)
    },
    unlink(path) {
      // Takes the name away, whatever it leads to.
      border.checkWritten(path)
      files.unlink(path)
    },
    makeFolder(path, mode) {
      border.checkWritten(path)
      files.makeFolder(path, mode)
    },
    removeFolder(path) {
      border.checkWritten(path)
      border.forget()
      files.removeFolder(path)
    },
  }
}

/** Looks at what lies below the root before it is used. */
class Border {
  readonly #files: FileSystem
  readonly #limit: Confinement['limit']
  readonly #prefix: string
  /** Until when each folder that was found to be one is believed to be one. */
  readonly #folders = new Map<string, number>()

  constructor(files: FileSystem, { root, limit }: Confinement) {
    this.#files = files
    this.#limit = limit
    this.#prefix = root.endsWith(sep) ? root : root + sep
  }

  isBelow(path: string): boolean {
    return path.startsWith(this.#prefix)
  }

  /** Returns the status of a path below the root. That it is a folder is believed for a while. */
  look(path: string): FileStatus | undefined {
    const status = this.#files.lstat(path)
    if (status?.kind === 'folder') this.#folders.set(path, Date.now() + believedMs)
    return status
  }

  /** Looks at a path that should be a folder, unless that was done a moment ago. */
  #enter(folder: string): void {
    if ((this.#folders.get(folder) ?? 0) > Date.now()) return
    const status = this.look(folder)
    // What is no folder but a plain file, or absent, makes the call fail by itself.
    if (status !== undefined) refuseSpecial(folder, status)
  }

  /** Looks at all folders between the root and a path. Where the last was, those above it were. */
  enterParents(path: string): void {
    const last = path.lastIndexOf(sep)
    if (last < this.#prefix.length || (this.#folders.get(path.slice(0, last)) ?? 0) > Date.now()) return
    for (let end = path.indexOf(sep, this.#prefix.length); end !== -1; end = path.indexOf(sep, end + 1)) {
      this.#enter(path.slice(0, end))
    }
  }

  checkWritten(path: string): void {
    if (this.isBelow(path)) this.enterParents(path)
  }

  checkFile(path: string, most: number): void {
    this.enterParents(path)
    const status = this.#files.lstat(path)
    if (status === undefined) return
    refuseSpecial(path, status)
    if (status.kind === 'file' && status.size > most) throw tooLarge(path, status.size, most)
  }

  checkRead(path: string): void {
    if (this.isBelow(path)) this.checkFile(path, this.#limit(path))
  }

  /**
   * True for a link at the top that leads to no folder, such as a README: it is looked over as a
   * file there is, and is no project.
   */
  isAside(path: string): boolean {
    if (path.startsWith('.', this.#prefix.length) || path.includes(sep, this.#prefix.length)) return false
    return this.#files.lstat(path)?.kind === 'link' && this.#files.stat(path)?.kind !== 'folder'
  }

  /** Believes of no folder any more that it is one. */
  forget(): void {
    this.#folders.clear()
  }
}

/** Names the kind of a file that is neither a regular file nor a folder. */
export function specialKind({ kind }: FileStatus): string | undefined {
  if (kind === 'link') return 'a symbolic link'
  return kind === 'other' ? 'a pipe, socket or device' : undefined
}

function refuseSpecial(path: string, status: FileStatus): void {
  const special = specialKind(status)
  if (special === undefined) return
  throw new EscError('store_damaged', `${path} is ${special}: a store holds only regular files and folders`, {
    hint: specialRemedy(path),
  })
}

export function specialRemedy(path: string): string {
  return `find out who made it (git log -- ${path}), then remove it or restore the file from the git history`
}

function tooLarge(path: string, size: number, most: number): EscError {
  return new EscError('store_damaged', largeProblem(path, size, most), { hint: specialRemedy(path) })
}

export function largeProblem(path: string, size: number, most: number): string {
  return `${path} has ${size} bytes, more than the ${most} that esc reads of such a file`
}
