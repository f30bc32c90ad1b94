import { join } from 'node:path'
import { type FileSystem, removeQuietly, statusOf, syncFolder, temporaryPrefix } from '../files/index.ts'

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

/**
 * Gives the files of an environment that are not made anew, such as events and notes, a second name
 * in its successor. That will do: they are appended to or replaced, never rewritten. `except`:
 * paths that are left out.
 */
export function linkOthers(
  files: FileSystem,
  { from, to, except }: { readonly from: string; readonly to: string; readonly except: readonly string[] },
): void {
  for (const name of files.list(from)) {
    const path = join(from, name)
    if (except.includes(path) || name.startsWith(temporaryPrefix)) continue
    if (statusOf(files, path)?.kind === 'folder') {
      files.makeFolder(join(to, name))
      linkOthers(files, { from: path, to: join(to, name), except })
    } else files.link(path, join(to, name))
  }
  syncFolder(files, to)
}
