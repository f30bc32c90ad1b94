import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { EscError } from '../errors.ts'
import type { FileStatus, FileSystem } from './file-system.ts'

/**
 * Names that begin so are unfinished work: ignored by readers and by git,
 * removed by the next writer.
 */
export const temporaryPrefix = '.tmp-'

export function temporaryPath(folder: string): string {
  // Cheaper than `randomBytes`: Node draws the bytes of many such ids at once.
  return join(folder, `${temporaryPrefix}${process.pid}-${randomUUID().replaceAll('-', '').slice(0, 12)}`)
}

/** `undefined` when there is no such file. */
export function statusOf(files: FileSystem, path: string): FileStatus | undefined {
  try {
    return files.stat(path)
  } catch (error) {
    throw ioError(error, `cannot read ${path}`)
  }
}

/** `undefined` when there is no such file. */
export function readIfPresent(files: FileSystem, path: string): Uint8Array | undefined {
  return ifPresent(path, () => files.readFile(path))
}

/** `undefined` when there is no such file. */
export function readTextIfPresent(files: FileSystem, path: string): string | undefined {
  return ifPresent(path, () => files.readText(path))
}

function ifPresent<T>(path: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw ioError(error, `cannot read ${path}`)
  }
}

/** Empty: no such folder. */
export function listIfPresent(files: FileSystem, folder: string): string[] {
  try {
    return files.list(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw ioError(error, `cannot list ${folder}`)
  }
}

/**
 * Writes a file that nobody else sees yet. Its bytes (not yet its name) are on the disk when this
 * returns, unless `synced` is false: for files that mean nothing after a loss of power.
 */
export function writeTemporary(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number; readonly synced?: boolean } = {},
): void {
  const file = files.open(path, 'wx', options.mode)
  try {
    writeAll(files, file, bytes)
    if (options.synced !== false) files.sync(file)
  } catch (error) {
    closeQuietly(files, file)
    removeQuietly(files, path)
    throw error
  }
  files.close(file)
}

/**
 * Replaces or creates `path`, durably unless `synced` is false: readers see the old bytes or the
 * new ones, nothing in between.
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number; readonly synced?: boolean } = {},
): void {
  const temporary = temporaryPath(dirname(path))
  try {
    writeTemporary(files, temporary, bytes, options)
    files.rename(temporary, path)
    if (options.synced !== false) syncFolder(files, dirname(path))
  } catch (error) {
    removeQuietly(files, temporary)
    throw ioError(error, `cannot write ${path}`)
  }
}

/** Makes the folder and the missing ones above it, durably. */
export function makeFolders(files: FileSystem, path: string, mode?: number): void {
  if (statusOf(files, path)?.kind === 'folder') return
  const parent = dirname(path)
  if (parent !== path) makeFolders(files, parent, mode)
  try {
    files.makeFolder(path, mode)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || statusOf(files, path)?.kind !== 'folder') {
      throw ioError(error, `cannot make the folder ${path}`)
    }
  }
  syncFolder(files, parent)
}

/** The names in a folder are on the disk when this returns. */
export function syncFolder(files: FileSystem, folder: string): void {
  // Windows cannot open a folder for syncing; its file systems journal names by themselves.
  if (process.platform !== 'win32') syncOpened(files, folder, 'folder')
}

/** The bytes of a file, whoever wrote them, are on the disk when this returns. */
export function syncFile(files: FileSystem, path: string): void {
  // Windows syncs only what is open for writing, and nobody opens a revision for that.
  if (process.platform !== 'win32') syncOpened(files, path, 'file')
}

function syncOpened(files: FileSystem, path: string, kind: 'file' | 'folder'): void {
  let file: number | undefined
  try {
    file = files.open(path, 'r')
    files.sync(file)
  } catch (error) {
    throw ioError(error, `cannot sync the ${kind} ${path}`)
  } finally {
    if (file !== undefined) closeQuietly(files, file)
  }
}

/** For clean-up after the fact, where a failure changes nothing that matters. */
export function removeQuietly(files: FileSystem, path: string): void {
  try {
    files.unlink(path)
  } catch {}
}

/** The system's code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

const remedies: Record<string, string> = {
  EACCES: 'check who owns it and its permissions',
  EPERM: 'check who owns it and its permissions; the file system must support hard links',
  EROFS: 'the file system is read-only',
  ENOSPC: 'make room on the disk and try again; nothing was changed',
  EDQUOT: 'the disk quota is used up; nothing was changed',
  EMFILE: 'too many files are open',
  EXDEV: 'the store must be on one file system',
  ENOTSUP: 'the file system must support hard links',
  EOPNOTSUPP: 'the file system must support hard links',
}

/** An `io` error that says what was being done; an EscError passes through. */
export function ioError(error: unknown, doing: string): unknown {
  if (error instanceof EscError) return error
  const code = codeOf(error)
  if (code === undefined || typeof (error as { syscall?: unknown }).syscall !== 'string') return error
  const reason = (error as Error).message.replace(/^[A-Z0-9]+: /, '').replace(/, \w+ '[\s\S]*$/, '')
  return new EscError('io', `${doing}: ${reason} (${code})`, { hint: remedies[code], cause: error })
}

export function writeAll(files: FileSystem, file: number, bytes: Uint8Array): void {
  let rest = bytes
  while (rest.length > 0) rest = rest.subarray(files.write(file, rest))
}

export function closeQuietly(files: FileSystem, file: number): void {
  try {
    files.close(file)
  } catch {}
}
