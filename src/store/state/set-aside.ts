import { basename, dirname, join } from 'node:path'
import { makeFolders, syncFolder } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { stateLayout } from './state-layout.ts'

/**
 * Moves an entry's file out of the journal into `forgotten/` of the state folder, still
 * encrypted. Returns its new path. Nothing of a credential is destroyed: whoever was
 * wrong moves the file back.
 */
export function setEntryAside(
  { files, now }: Pick<CompleteHost, 'files' | 'now'>,
  { machine, id, file }: { readonly machine: string; readonly id: string; readonly file: string },
): string {
  const folder = stateLayout.forgotten(machine, id)
  makeFolders(files, folder, 0o700)
  const stamp = new Date(now()).toISOString().replace(/[:.]/g, '-')
  let to = join(folder, `${stamp}.${basename(file)}`)
  for (let count = 2; files.exists(to); count++) to = join(folder, `${stamp}-${count}.${basename(file)}`)
  files.rename(file, to)
  syncFolder(files, folder)
  syncFolder(files, dirname(file))
  return to
}
