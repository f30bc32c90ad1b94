import { relative, sep } from 'node:path'
import { complaint, describeNotFollowed, machineGit, type RunGit } from '../../git/index.ts'
import { rich, type Text } from '../../rich-text.ts'
import { editHint } from '../edit-hint.ts'
import { layout } from '../layout.ts'
import { isStray } from '../needed-files.ts'
import { chunks, uncommitted } from './uncommitted.ts'

export interface ChangeToCommit {
  /** The store's folder. */
  readonly folder: string
  /**
   * Files and folders that the change touched, absolute; ones that are gone
   * are committed as removed.
   */
  readonly paths: readonly string[]
  /**
   * Files and folders that the change needs wherever the commit is checked out, absolute: committed
   * too if they are not yet.
   */
  readonly needed?: readonly string[]
  /**
   * Files and folders that the change needs only if git has none of them at all: an edit of them
   * may be unfinished. Absolute.
   */
  readonly neededOnce?: readonly string[]
  /**
   * Environments, as their folders, whose `environment.yaml` holds an edit that was not saved, and
   * may hold secrets in clear.
   */
  readonly edited?: readonly string[]
  readonly message: string
  /** True when the hooks in the git folder run. Default: true, as for who asks for the commit. */
  readonly hooks?: boolean
  readonly runGit?: RunGit
}

/**
 * `unchanged`: there was nothing to commit. `failed`: the change itself is safe in the
 * store, only not committed.
 */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly commit: string; readonly warning?: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly warning: string; readonly hint: Text }

/**
 * More files than this are named to git by the folders that they are in:
 * command lines have a limit.
 */
const mostNamed = 4000

/**
 * Commits what one change has written and what it needs, and nothing else: what the user has staged
 * stays staged, and uncommitted. A change that git would leave out in part is not committed at all.
 * Runs after the change; never throws, for the change cannot be undone by it.
 */
export async function commitChange({
  folder,
  paths,
  needed = [],
  neededOnce = [],
  edited = [],
  message,
  hooks = true,
  runGit = machineGit,
}: ChangeToCommit): Promise<CommitOutcome> {
  const git = (...args: string[]) => runGit(args, { cwd: folder })
  // Git does not find an absolute path in its work tree when a link led to the store.
  const below = (absolute: readonly string[]) => absolute.map((path) => relative(folder, path) || '.')
  const withheld = new Set(edited.map(layout.definition))
  const asked = [...new Set(below([...paths, ...needed].filter((path) => !withheld.has(path))))]
  const commitYourself = `commit it yourself: git add ${listed([...paths, ...needed])} && git commit`
  const failed = (reason: string, hint: Text = commitYourself): CommitOutcome => ({
    kind: 'failed',
    warning: `the change was saved, but not committed to git: ${reason}`,
    hint,
  })
  const found = await uncommitted(git, asked)
  if (typeof found === 'string') return failed(found)
  const { ignored, overlooked } = found
  const changed = found.changed.filter((path) => !found.untracked.has(path) || !isStray(path))
  if (ignored.length > 0) {
    const hint = `"git check-ignore -v ${ignored[0]}" in ${folder} says which rule; take it out, and commit the files yourself`
    return failed(`git ignores ${named(ignored)}, so no clone would have the change`, hint)
  }
  if (overlooked.length > 0) {
    const hint = `in ${folder}, run "git update-index --no-assume-unchanged --no-skip-worktree" with the files, and commit them yourself`
    return failed(`git was told to overlook changes of ${named(overlooked)}`, hint)
  }
  if (changed.length === 0) return { kind: 'unchanged' }
  const torn = edited.find((environment) => {
    const [revisions] = below([layout.revisions(environment)])
    return changed.some((path) => path.startsWith(`${revisions}/`))
  })
  if (torn !== undefined) {
    const name = relative(folder, torn)
    const hint = rich`look at the edit, ${editHint(name)}, and commit the files yourself`
    return failed(`${layout.definition(torn)} holds an edit that was not saved, and its revisions need it`, hint)
  }
  const once = neededOnce.length === 0 ? undefined : await uncommitted(git, below(neededOnce))
  if (typeof once === 'string') return failed(once)
  if (once !== undefined && once.ignored.length > 0)
    return failed(`git ignores ${named(once.ignored)}, and no clone is a store without`)
  const added = once?.untracked ?? []
  // Files that do not exist and never did would make git refuse all of them.
  const files = [...new Set([...changed, ...added])]
  for (const some of chunks(files, mostNamed)) {
    // A partial commit takes the work tree's files, but only ones that git knows of.
    const staged = await git('add', '--all', '--', ...some)
    if (staged.status !== 0) return failed(complaint(staged))
  }
  const committing = files.length <= mostNamed ? files : holding(asked, files)
  const committed = await runGit(['commit', '--quiet', '--message', message, '--', ...committing], {
    cwd: folder,
    hooks,
  })
  if (committed.status !== 0) return failed(complaint(committed))
  const head = await git('rev-parse', 'HEAD')
  const commit = head.stdout.toString().trim()
  const { notFollowed } = committed
  const skipped = notFollowed?.settings.some((setting) => /hook/.test(setting))
  if (notFollowed === undefined || !skipped) return { kind: 'committed', commit }
  return { kind: 'committed', commit, warning: `committed without hooks: ${describeNotFollowed(notFollowed)}` }
}

/** Those paths that are, or have in them, one of the files; and the files that are in none. */
function holding(paths: readonly string[], files: readonly string[]): string[] {
  const found = new Set<string>()
  for (const file of files) found.add(paths.find((path) => file === path || file.startsWith(`${path}${sep}`)) ?? file)
  return [...found]
}

function named(files: readonly string[]): string {
  const rest = files.length > 3 ? ` and ${files.length - 3} more` : ''
  return `${files.slice(0, 3).join(', ')}${rest}`
}

function listed(paths: readonly string[]): string {
  return paths.map((path) => relative(process.cwd(), path) || '.').join(' ')
}
