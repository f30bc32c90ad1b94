import { basename, posix } from 'node:path'
import { temporaryPrefix } from '../../files/index.ts'
import { complaint, type GitResult } from '../../git/index.ts'

type Git = (...args: string[]) => Promise<GitResult>

/**
 * Files that differ from the last commit. All paths are relative to the
 * folder that git was asked in.
 */
export interface Uncommitted {
  /** New, changed or removed. */
  readonly changed: readonly string[]
  /** Those of them that git does not know. */
  readonly untracked: ReadonlySet<string>
  /**
   * Files that a `.gitignore`, or the user's own list of ignored files, keeps out of every commit.
   */
  readonly ignored: readonly string[]
  /**
   * Files that git was told not to look at
   * (`git update-index --assume-unchanged`, a sparse checkout).
   */
  readonly overlooked: readonly string[]
}

/** Command lines have a limit, so git is asked about so many paths at once. */
const atOnce = 1000

/**
 * Asks git which of some files and folders a commit would change, and which it would leave out
 * without a word. Returns its complaint if it fails.
 */
export async function uncommitted(git: Git, paths: readonly string[]): Promise<Uncommitted | string> {
  const prefix = await git('rev-parse', '--show-prefix')
  if (prefix.status !== 0) return complaint(prefix)
  // Status names files from the top of the work tree, other commands from where they run.
  const here = `/${prefix.stdout.toString().trimEnd()}`
  const found = {
    changed: new Set<string>(),
    untracked: new Set<string>(),
    ignored: new Set<string>(),
    overlooked: new Set<string>(),
  }
  for (const some of chunks(paths, atOnce)) {
    const listing = ['--porcelain', '-z', '--no-renames', '--untracked-files=all', '--ignored=matching']
    const status = await git('status', ...listing, '--', ...some)
    if (status.status !== 0) return complaint(status)
    for (const line of lines(status)) {
      const path = posix.relative(here, `/${line.slice(3).replace(/\/$/, '')}`)
      if (line.startsWith('??')) found.untracked.add(path)
      if (!line.startsWith('!!')) found.changed.add(path)
      else if (!basename(path).startsWith(temporaryPrefix)) found.ignored.add(path)
    }
    const listed = await git('ls-files', '-v', '-z', '--', ...some)
    if (listed.status !== 0) return complaint(listed)
    for (const line of lines(listed)) if (/^[a-zS]/.test(line)) found.overlooked.add(line.slice(2))
  }
  const { changed, ignored, overlooked, untracked } = found
  return { changed: [...changed], untracked, ignored: [...ignored], overlooked: [...overlooked] }
}

export function* chunks(paths: readonly string[], size: number): Generator<readonly string[]> {
  for (let start = 0; start < paths.length; start += size) yield paths.slice(start, start + size)
}

function lines({ stdout }: GitResult): string[] {
  return stdout
    .toString()
    .split('\0')
    .filter((line) => line !== '')
}
