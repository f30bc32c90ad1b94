import { dirname, isAbsolute, join, sep } from 'node:path'
import { type FileSystem, readTextIfPresent, statusOf } from '../../files/index.ts'

/** The place where the git work tree is that a folder is in. */
export interface StoreInGit {
  readonly top: string
  /**
   * The folder that git keeps what belongs to this work tree in: `.git`, or
   * another that `.git` names.
   */
  readonly gitFolder: string
}

/** `undefined` when the folder is in no work tree. */
export function storeInGit(files: FileSystem, folder: string): StoreInGit | undefined {
  for (let top = folder, above = ''; ; top = above) {
    const git = top.endsWith(sep) ? `${top}.git` : `${top}${sep}.git`
    if (!files.exists(git)) {
      above = dirname(top)
      if (above === top) return undefined
      continue
    }
    const link =
      statusOf(files, git)?.kind === 'file' ? readTextIfPresent(files, git)?.match(/^gitdir: (.+)$/m)?.[1] : undefined
    const gitFolder = link === undefined ? git : isAbsolute(link) ? link : join(top, link)
    return { top, gitFolder }
  }
}

/**
 * The branch that is checked out, as `refs/heads/…`. Undefined: none, or git keeps its refs
 * where only git finds them.
 */
export function headBranch(files: FileSystem, { gitFolder }: StoreInGit): string | undefined {
  const branch = gitText(files, join(gitFolder, 'HEAD'))?.match(/^ref: (\S+)/)?.[1]
  return branch === 'refs/heads/.invalid' ? undefined : branch
}

/**
 * The commit that is checked out, read from where git usually keeps it. Undefined: there is
 * none, or only git finds it.
 */
export function headCommit(files: FileSystem, inGit: StoreInGit): string | undefined {
  const { gitFolder } = inGit
  const head = gitText(files, join(gitFolder, 'HEAD'))?.trim() ?? ''
  if (isCommit(head)) return head
  const branch = headBranch(files, inGit)
  if (branch === undefined || branch.includes('..')) return undefined
  const shared = gitText(files, join(gitFolder, 'commondir'))?.trim()
  const common = shared === undefined ? gitFolder : isAbsolute(shared) ? shared : join(gitFolder, shared)
  const loose = gitText(files, join(common, branch))?.trim() ?? ''
  if (isCommit(loose)) return loose
  const packed = gitText(files, join(common, 'packed-refs')) ?? ''
  const line = packed.split('\n').find((each) => each.endsWith(` ${branch}`))
  return line === undefined || !isCommit(line.split(' ')[0] as string) ? undefined : line.split(' ')[0]
}

/** A pipe or device, as in a `.git` that somebody has handed over, is not opened. */
function gitText(files: FileSystem, path: string): string | undefined {
  return statusOf(files, path)?.kind === 'file' ? readTextIfPresent(files, path) : undefined
}

function isCommit(text: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(text)
}
