import { join } from 'node:path'
import { type FileSystem, listIfPresent, statusOf, temporaryPrefix } from '../../files/index.ts'
import { environmentNames } from '../environments.ts'
import { layout } from '../layout.ts'

/** Contents of files by their paths below a store, with `/`. */
export type FilesOfStore = ReadonlyMap<string, Uint8Array>

/**
 * Reads all files that make a store: those of its environments and removed ones, and those at its
 * top, such as `esc.yaml`. Not those that this machine alone needs, nor its audit log.
 */
export function filesOfStore(files: FileSystem, store: string): FilesOfStore {
  const found = new Map<string, Uint8Array>()
  for (const name of listIfPresent(files, store).sort()) {
    const path = join(store, name)
    if (!name.startsWith(temporaryPrefix) && statusOf(files, path)?.kind === 'file')
      found.set(name, files.readFile(path))
  }
  for (const name of environmentNames(files, store)) addFolder(files, layout.environment(store, name), name, found)
  const removed = layout.removed(store)
  for (const name of listIfPresent(files, removed).sort()) {
    if (!name.startsWith(temporaryPrefix)) addFolder(files, join(removed, name), `.removed/${name}`, found)
  }
  return found
}

function addFolder(files: FileSystem, folder: string, path: string, found: Map<string, Uint8Array>): void {
  for (const name of listIfPresent(files, folder).sort()) {
    if (name.startsWith(temporaryPrefix)) continue
    const below = join(folder, name)
    if (statusOf(files, below)?.kind === 'folder') addFolder(files, below, `${path}/${name}`, found)
    else found.set(`${path}/${name}`, files.readFile(below))
  }
}
