import { join } from 'node:path'
import { type FileSystem, removeQuietly, statusOf } from '../files/index.ts'

/** Removes a folder nobody uses, with all in it; what cannot be removed is left to the next. */
export function removeTree(files: FileSystem, folder: string): void {
  try {
    for (const name of files.list(folder)) {
      const path = join(folder, name)
      if (statusOf(files, path)?.kind === 'folder') removeTree(files, path)
      else removeQuietly(files, path)
    }
    files.removeFolder(folder)
  } catch {}
}
