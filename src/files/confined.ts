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
export function confined(files: FileSystem, { root, limit }: Confinement): FileSystem {
  const prefix = root.endsWith(sep) ? root : root + sep
  const folders = new Map<string, number>()
  const isBelow = (path: string) => path.startsWith(prefix)

  /** The status of a path below the root. That it is a folder is believed for a while. */
  const look = (path: string): FileStatus | undefined => {
    const status = files.lstat(path)
    if (status?.kind === 'folder') folders.set(path, Date.now() + believedMs)
    return status
  }

  /** Looks at a path that should be a folder, unless that was done a moment ago. */
  const enter = (folder: string): void => {
    if ((folders.get(folder) ?? 0) > Date.now()) return
    const status = look(folder)
    // What is no folder but a plain file, or absent, makes the call fail by itself.
    if (status !== undefined) refuseSpecial(folder, status)
  }

  /** Looks at all folders between the root and a path. */
  const enterParents = (path: string): void => {
    for (let end = path.indexOf(sep, prefix.length); end !== -1; end = path.indexOf(sep, end + 1)) {
      enter(path.slice(0, end))
    }
  }

  const checkWritten = (path: string): void => {
    if (isBelow(path)) enterParents(path)
  }

  const checkFile = (path: string, most: number): void => {
    enterParents(path)
    const status = files.lstat(path)
    if (status === undefined) return
    refuseSpecial(path, status)
    if (status.kind === 'file' && status.size > most) throw tooLarge(path, status.size, most)
  }

  const checkRead = (path: string): void => {
    if (isBelow(path)) checkFile(path, limit(path))
  }

  /**
   * A link at the top that leads to no folder, such as a README, is looked over as a file
   * there is: it is no project.
   */
  const isAside = (path: string): boolean => {
    if (path.startsWith('.', prefix.length) || path.includes(sep, prefix.length)) return false
    return files.lstat(path)?.kind === 'link' && files.stat(path)?.kind !== 'folder'
  }

  return {
    realPath: (path) => files.realPath(path),
    write: (file, bytes) => files.write(file, bytes),
    sync: (file) => files.sync(file),
    syncAside: (file) => files.syncAside(file),
    close: (file) => files.close(file),
    stat(path) {
      if (!isBelow(path)) return files.stat(path)
      enterParents(path)
      return look(path)
    },
    lstat(path) {
      if (!isBelow(path)) return files.lstat(path)
      enterParents(path)
      return look(path)
    },
    exists(path) {
      checkWritten(path)
      return files.exists(path)
    },
    readFile(path) {
      checkRead(path)
      return files.readFile(path)
    },
    readText(path) {
      checkRead(path)
      return files.readText(path)
    },
    list(path) {
      if (isBelow(path) && !isAside(path)) enterParents(path + sep)
      return files.list(path)
    },
    open(path, flags, mode) {
      if (isBelow(path)) {
        if (flags === 'wx') enterParents(path)
        else checkFile(path, Number.POSITIVE_INFINITY)
      }
      return files.open(path, flags, mode)
    },
    link(existing, added) {
      if (isBelow(existing)) checkFile(existing, Number.POSITIVE_INFINITY)
      checkWritten(added)
      files.link(existing, added)
    },
    rename(from, to) {
      if (isBelow(from)) checkFile(from, Number.POSITIVE_INFINITY)
      checkWritten(to)
      folders.clear()
      files.rename(from, to)
    },
    unlink(path) {
      // Takes the name away, whatever it leads to.
      checkWritten(path)
      files.unlink(path)
    },
    makeFolder(path, mode) {
      checkWritten(path)
      files.makeFolder(path, mode)
    },
    removeFolder(path) {
      checkWritten(path)
      folders.clear()
      files.removeFolder(path)
    },
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
