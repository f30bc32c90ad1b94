import { join } from 'node:path'
import { type FileSystem, listIfPresent, removeQuietly, statusOf, temporaryPrefix } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { swapPrefix } from '../revisions/swap.ts'
import { removeTree } from '../tree.ts'

/**
 * A temporary file lives for milliseconds; one that is older than this belongs to a
 * process that was killed.
 */
const leftoverAgeMs = 10 * 60_000

/** Temporary files and folders in a folder, by path, that no living process can still need. */
export function oldTemporaries(host: Pick<CompleteHost, 'files' | 'now'>, folder: string): string[] {
  return listIfPresent(host.files, folder)
    .filter((name) => name.startsWith(temporaryPrefix) && !name.startsWith(swapPrefix))
    .map((name) => join(folder, name))
    .filter((path) => {
      const status = statusOf(host.files, path)
      return status !== undefined && host.now() - status.modifiedMs > leftoverAgeMs
    })
}

/** For folders that no lock guards as a whole. */
export function removeOldTemporaries(host: Pick<CompleteHost, 'files' | 'now'>, folder: string): void {
  for (const path of oldTemporaries(host, folder)) removeAny(host.files, path)
}

/** For the holder of the lock under which such things are made: all of them are leftovers. */
export function removeTemporaries(files: FileSystem, folder: string): void {
  for (const name of listIfPresent(files, folder)) {
    if (name.startsWith(temporaryPrefix) && !name.startsWith(swapPrefix)) removeAny(files, join(folder, name))
  }
}

function removeAny(files: FileSystem, path: string): void {
  if (statusOf(files, path)?.kind === 'folder') removeTree(files, path)
  else removeQuietly(files, path)
}
