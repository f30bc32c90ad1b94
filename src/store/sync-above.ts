import { dirname } from 'node:path'
import { EscError } from '../errors.ts'
import { codeOf, type FileSystem, syncFolder } from '../files/index.ts'

/** So many levels above the state folder may have been made by esc: `~/.local/state/esc`. */
const levels = 3

/**
 * The names of a folder and of those above it are on the disk when this returns. A
 * process that was killed while it made them may have left them unsynced; a loss of power
 * would take all in them away.
 * @param machine the state folder, which `folder` is below.
 */
export function syncAbove(files: FileSystem, folder: string, machine: string): void {
  const last = dirname(machine)
  let above = dirname(folder)
  for (; above !== last; above = dirname(above)) syncFolder(files, above)
  for (let level = 0; level < levels && above !== dirname(above); level++, above = dirname(above)) {
    try {
      syncFolder(files, above)
    } catch (error) {
      // Those that belong to the system were there before.
      if (!isRefusal(error)) throw error
    }
  }
}

function isRefusal(error: unknown): boolean {
  const code = codeOf(error instanceof EscError ? error.cause : error)
  return code === 'EACCES' || code === 'EPERM' || code === 'EINVAL' || code === 'EROFS'
}
