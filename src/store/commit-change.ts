import { relative } from 'node:path'
import { complaint, describeNotFollowed, machineGit, type RunGit } from '../git/index.ts'

export interface ChangeToCommit {
  /** The store's folder. */
  readonly folder: string
  /** Files and folders that the change touched, absolute; ones that are gone are committed as removed. */
  readonly paths: readonly string[]
  readonly message: string
  /** Whether the hooks in the git folder run. Default: true, as for who asks for the commit. */
  readonly hooks?: boolean
  readonly runGit?: RunGit
}

/** `unchanged`: there was nothing to commit. `failed`: the change itself is safe in the store, only not committed. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly commit: string; readonly warning?: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly warning: string; readonly hint: string }

/**
 * Commits what one change has written, and nothing else: what the user has staged stays staged, and uncommitted. Runs
 * after the change; never throws, for the change cannot be undone by it.
 */
export async function commitChange({
  folder,
  paths,
  message,
  hooks = true,
  runGit = machineGit,
}: ChangeToCommit): Promise<CommitOutcome> {
  const git = (...args: string[]) => runGit(args, { cwd: folder })
  const failed = (reason: string): CommitOutcome => ({
    kind: 'failed',
    warning: `the change was saved, but not committed to git: ${reason}`,
    hint: `commit it yourself: git add ${listed(paths)} && git commit`,
  })
  // Git does not find an absolute path in its work tree when a link led to the store.
  const below = paths.map((path) => relative(folder, path) || '.')
  // Files that do not exist and never did would make git refuse all of them.
  const known: string[] = []
  for (const path of below) {
    const status = await git('status', '--porcelain', '--untracked-files=all', '--', path)
    if (status.status !== 0) return failed(complaint(status))
    if (status.stdout.length > 0) known.push(path)
  }
  if (known.length === 0) return { kind: 'unchanged' }
  // A partial commit takes the work tree's files, but only ones that git knows of.
  const added = await git('add', '--all', '--', ...known)
  if (added.status !== 0) return failed(complaint(added))
  const committed = await runGit(['commit', '--quiet', '--message', message, '--', ...known], { cwd: folder, hooks })
  if (committed.status !== 0) return failed(complaint(committed))
  const head = await git('rev-parse', 'HEAD')
  const commit = head.stdout.toString().trim()
  const { notFollowed } = committed
  const skipped = notFollowed?.settings.some((setting) => /hook/.test(setting))
  if (notFollowed === undefined || !skipped) return { kind: 'committed', commit }
  return { kind: 'committed', commit, warning: `committed without hooks: ${describeNotFollowed(notFollowed)}` }
}

function listed(paths: readonly string[]): string {
  return paths.map((path) => relative(process.cwd(), path) || '.').join(' ')
}
