import { dirname, join } from 'node:path'
import { EscError } from '../../errors.ts'
import { codeOf, type FileSystem, syncFolder, writeTemporary } from '../../files/index.ts'
import { layout } from '../layout.ts'
import { removeTree } from '../tree.ts'

/** All of a new environment's files. */
export interface StagedEnvironment {
  readonly settings: string
  /** In order from 1, each read when it is written. */
  readonly revisions: Iterable<Uint8Array>
  /** Is told the folder once all revisions are in it. */
  readonly afterwards?: (folder: string) => void
  /** Returns the content of `environment.yaml`: asked for after the last revision. */
  readonly definition: () => string
  /** Contents of other files, by name. */
  readonly others?: ReadonlyMap<string, Uint8Array>
}

/**
 * Builds an environment under a name nobody reads; everything in it is on the disk when this
 * returns. Removed again when it fails.
 */
export function stage(files: FileSystem, folder: string, content: StagedEnvironment): void {
  try {
    files.makeFolder(folder)
    files.makeFolder(layout.revisions(folder))
    let number = 0
    for (const bytes of content.revisions) writeTemporary(files, layout.revision(folder, ++number), bytes)
    syncFolder(files, layout.revisions(folder))
    content.afterwards?.(folder)
    writeTemporary(files, layout.definition(folder), Buffer.from(content.definition()))
    for (const [name, bytes] of content.others ?? []) writeTemporary(files, join(folder, name), bytes)
    writeTemporary(files, layout.settings(folder), Buffer.from(content.settings))
    syncFolder(files, folder)
  } catch (error) {
    removeTree(files, folder)
    throw error
  }
}

/** Gives a staged environment its name. Throws `already_exists` when something is there. */
export function publish(files: FileSystem, staged: string, folder: string): void {
  try {
    files.rename(staged, folder)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error
    throw new EscError('already_exists', `${folder} exists already and is not an environment`, {
      hint: 'move it away, or choose another name',
    })
  }
  syncFolder(files, dirname(folder))
}
