import { basename, dirname, join } from 'node:path'
import {
  codeOf,
  type FileSystem,
  ioError,
  listIfPresent,
  statusOf,
  syncFolder,
  temporaryPath,
  temporaryPrefix,
} from '../../files/index.ts'
import { removeTree } from '../tree.ts'

/**
 * Names of a swap that may be under way; other temporary names in a project's folder mean nothing.
 */
export const swapPrefix = `${temporaryPrefix}swap-`

/**
 * Returns the place where the successor of an environment's folder is built. Nobody reads it there.
 */
export function successorFolder(folder: string): string {
  return join(dirname(folder), `${swapPrefix}${basename(folder)}.new`)
}

/** The environment that a name in a project's folder belongs to when it is part of a swap. */
export function swappedName(entry: string): string | undefined {
  return entry.startsWith(swapPrefix) ? entry.slice(swapPrefix.length).replace(/\.(?:new|old)$/, '') : undefined
}

function predecessorFolder(folder: string): string {
  return join(dirname(folder), `${swapPrefix}${basename(folder)}.old`)
}

/**
 * Puts the successor in the place of an environment's folder. Everything in the successor must be
 * on the disk. For the holder of the environment's locks.
 *
 * There is no call that exchanges two folders, so for a moment the environment has neither. Whoever
 * finds it so, whether after a crash or in that moment, completes the swap (`finishSwap`). A loss
 * of power leaves the old or the new one: both names change in one folder, which is synced once.
 */
export function swapIn(files: FileSystem, folder: string): void {
  const project = dirname(folder)
  const old = predecessorFolder(folder)
  try {
    // Left by a crash after another swap, which is done: it must not come back
    // in the place of this one.
    if (statusOf(files, old) !== undefined) discard(files, old)
    files.rename(folder, old)
    try {
      moveIn(files, folder)
    } catch (error) {
      if (statusOf(files, folder) === undefined) files.rename(old, folder)
      throw error
    }
    syncFolder(files, project)
  } catch (error) {
    throw ioError(error, `cannot replace ${folder}`)
  }
  try {
    discard(files, old)
  } catch {
    // The new one is in place; what is left of the old one is removed by the next writer.
  }
}

/** Completes a swap that was interrupted between its two renames. False: there is none. */
export function finishSwap(files: FileSystem, folder: string): boolean {
  if (statusOf(files, folder) !== undefined) return true
  if (statusOf(files, predecessorFolder(folder)) === undefined) return false
  if (statusOf(files, successorFolder(folder)) === undefined) return statusOf(files, folder) !== undefined
  try {
    moveIn(files, folder)
    syncFolder(files, dirname(folder))
  } catch (error) {
    throw ioError(error, `cannot complete the change of ${folder}`)
  }
  return true
}

/**
 * Leftovers of swaps in a project's folder, each with the environment's own name; one
 * of them may be under way.
 */
export function interruptedSwaps(
  files: FileSystem,
  project: string,
): { readonly name: string; readonly file: string }[] {
  return listIfPresent(files, project).flatMap((entry) => {
    const name = swappedName(entry)
    return name === undefined ? [] : [{ name, file: join(project, entry) }]
  })
}

/**
 * Removes what a finished or abandoned swap has left. For the holder of the
 * environment's long lock.
 */
export function cleanUpSwap(files: FileSystem, folder: string): void {
  if (!finishSwap(files, folder)) return
  for (const leftover of [successorFolder(folder), predecessorFolder(folder)]) {
    if (statusOf(files, leftover) !== undefined) discard(files, leftover)
  }
}

/** Somebody who found the gap may have been faster. */
function moveIn(files: FileSystem, folder: string): void {
  try {
    files.rename(successorFolder(folder), folder)
  } catch (error) {
    const code = codeOf(error)
    const done = code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST'
    if (!done || statusOf(files, folder) === undefined) throw error
  }
}

/**
 * First to a name without meaning, in one step: half a folder must never be taken for a whole one.
 */
function discard(files: FileSystem, folder: string): void {
  const garbage = temporaryPath(dirname(folder))
  files.rename(folder, garbage)
  removeTree(files, garbage)
}
