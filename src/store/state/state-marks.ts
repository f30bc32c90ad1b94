import { type FileSystem, makeFolders, replaceFile } from '../../files/index.ts'
import type { StoreState } from './state.ts'
import { stateLayout } from './state-layout.ts'

/**
 * True when the store's `.esc` was once found in git: what is left of it then is not this machine's
 * own, though git tracks it no more.
 */
export function wasFromGit(files: FileSystem, { folder }: StoreState): boolean {
  return files.exists(stateLayout.fromGit(folder))
}

export function markFromGit(files: FileSystem, { folder }: StoreState): void {
  const file = stateLayout.fromGit(folder)
  if (files.exists(file)) return
  try {
    makeFolders(files, folder, 0o700)
    replaceFile(files, file, Buffer.from('The .esc in the folder of this store has come from git.\n'), { mode: 0o600 })
  } catch {}
}
