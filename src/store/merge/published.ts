import type { RunGit } from '../../git/index.ts'
import type { MergeCommits } from './side.ts'

/** Two commits that have different revisions of one number. */
export interface Fork {
  readonly store: string
  readonly commits: MergeCommits
  /** File of the first revision in which they differ, relative to the store. */
  readonly file: string
}

/**
 * Tells which side of a merge keeps the numbers of its revisions: the one that others have already.
 * That is the one on the default branch of a remote; else on the upstream branch; else on any
 * branch of a remote; else the one that was just fetched. Ours, where nothing tells.
 */
export async function sideToKeep(runGit: RunGit, { store, commits, file }: Fork): Promise<'ours' | 'theirs'> {
  const git = async (...args: string[]) => {
    const { status, stdout } = await runGit(args, { cwd: store })
    return status === 0 ? stdout.toString().trim() : ''
  }
  const blob = (commit: string) => git('rev-parse', '--verify', '--quiet', `${commit}:./${file}`)
  const [ours, theirs] = [await blob(commits.ours), await blob(commits.theirs)]
  const defaults = await git('for-each-ref', '--format=%(symref)', 'refs/remotes/*/HEAD')
  const upstream = await git('rev-parse', '--symbolic-full-name', '@{upstream}')
  for (const ref of [...defaults.split('\n'), upstream]) {
    const there = ref === '' ? '' : await blob(ref)
    if (there !== '' && there === ours) return 'ours'
    if (there !== '' && there === theirs) return 'theirs'
  }
  const published = (commit: string) => isPublished(runGit, { store, commit })
  if (await published(commits.ours)) return 'ours'
  if (await published(commits.theirs)) return 'theirs'
  // A pull from an address that is no remote of this clone leaves no branch behind.
  const fetched = await git('rev-parse', '--verify', '--quiet', 'FETCH_HEAD^{commit}')
  const local = await git('for-each-ref', '--points-at', commits.theirs, 'refs/heads')
  return fetched === commits.theirs && local === '' ? 'theirs' : 'ours'
}

/** True when a branch of some remote has a commit, as far as this clone knows. */
export async function isPublished(
  runGit: RunGit,
  { store, commit }: { readonly store: string; readonly commit: string },
): Promise<boolean> {
  const refs = await runGit(['for-each-ref', '--count=1', '--contains', commit, 'refs/remotes'], { cwd: store })
  return refs.status === 0 && refs.stdout.length > 0
}
