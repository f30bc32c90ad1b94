// Apart from what is needed for reading: most commands change nothing.
import { dirname } from 'node:path'
import {
  closeQuietly,
  codeOf,
  ioError,
  readIfPresent,
  removeQuietly,
  replaceFile,
  syncFolder,
  temporaryPath,
  writeAll,
  writeTemporary,
} from './durable.ts'
import type { FileSystem } from './file-system.ts'

/**
 * Creates `path` whole or not at all, durably. False: it exists already, and is untouched. The
 * temporary name may be in another folder of the same file system (`temporaryIn`), so that a large
 * folder never has to be swept.
 */
export function createFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number; readonly temporaryIn?: string } = {},
): boolean {
  const temporary = temporaryPath(options.temporaryIn ?? dirname(path))
  try {
    writeTemporary(files, temporary, bytes, { mode: options.mode })
    try {
      files.link(temporary, path)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      removeQuietly(files, temporary)
    }
    syncFolder(files, dirname(path))
    return true
  } catch (error) {
    throw ioError(error, `cannot create ${path}`)
  }
}

/**
 * Changes the text of a file that is there, durably; one that stays the same is not written.
 * Returns the text as it is then.
 */
export function changeText(files: FileSystem, path: string, change: (text: string) => string): string {
  const before = files.readText(path)
  const text = change(before)
  if (text !== before) replaceFile(files, path, Buffer.from(text))
  return text
}

/**
 * As `replaceFile`, while others go on. Durable once the caller has synced the folder: for those
 * who change many names in it. Two at once must not have the same path.
 */
export async function replaceFileAside(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = temporaryPath(dirname(path))
  try {
    const file = files.open(temporary, 'wx', options.mode)
    try {
      writeAll(files, file, bytes)
      await files.syncAside(file)
    } finally {
      closeQuietly(files, file)
    }
    files.rename(temporary, path)
  } catch (error) {
    removeQuietly(files, temporary)
    throw ioError(error, `cannot write ${path}`)
  }
}

/**
 * Appends one line, durably. A line that an earlier crash cut short is closed first, so
 * that it spoils no other.
 */
export function appendLine(files: FileSystem, path: string, line: string): void {
  try {
    const before = readIfPresent(files, path)
    const torn = before !== undefined && before.length > 0 && before[before.length - 1] !== 0x0a
    const file = files.open(path, 'a')
    try {
      writeAll(files, file, Buffer.from(`${torn ? '\n' : ''}${line}\n`))
      files.sync(file)
    } finally {
      files.close(file)
    }
    if (before === undefined) syncFolder(files, dirname(path))
  } catch (error) {
    throw ioError(error, `cannot append to ${path}`)
  }
}

/** Removes a file: for good once the caller has synced the folder. False: it was absent already. */
export function removeFile(files: FileSystem, path: string): boolean {
  try {
    files.unlink(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw ioError(error, `cannot remove ${path}`)
  }
}

/** As `syncFolder`, while others go on. */
export async function syncFolderAside(files: FileSystem, folder: string): Promise<void> {
  if (process.platform === 'win32') return
  let file: number | undefined
  try {
    file = files.open(folder, 'r')
    await files.syncAside(file)
  } catch (error) {
    throw ioError(error, `cannot sync the folder ${folder}`)
  } finally {
    if (file !== undefined) closeQuietly(files, file)
  }
}
