import { dirname, isAbsolute, join } from 'node:path'
import { type FileSystem, readTextIfPresent, statusOf } from '../files/index.ts'

/** Where the git work tree is that a folder is in. */
export interface GitPlace {
  readonly top: string
  /** The folder that git keeps what belongs to this work tree in: `.git`, or another that `.git` names. */
  readonly gitFolder: string
}

/** Undefined: the folder is in no work tree. */
export function gitPlace(files: FileSystem, folder: string): GitPlace | undefined {
  for (let top = folder; ; top = dirname(top)) {
    const git = join(top, '.git')
    if (!files.exists(git)) {
      if (dirname(top) === top) return undefined
      continue
    }
    const link =
      statusOf(files, git)?.kind === 'file' ? readTextIfPresent(files, git)?.match(/^gitdir: (.+)$/m)?.[1] : undefined
    const gitFolder = link === undefined ? git : isAbsolute(link) ? link : join(top, link)
    return { top, gitFolder }
  }
}
