import { machineGit, type RunGit } from '../../git/index.ts'
import { type CommitOutcome, commitChange, neededOfEnvironment, neededOfStore } from '../../store/index.ts'
import type { CommitManner } from './session-parts.ts'
import type { Workspace } from './workspace.ts'

/** More than this many environments are counted, not named. */
const mostNamed = 5

interface CommitRequest extends CommitManner {
  readonly wanted: boolean | undefined
  readonly doing: string
  /** Files that a process before this one has changed, and not committed. */
  readonly alsoChanged?: readonly string[]
}

/**
 * Commits to git what was changed through this workspace and what its environments need in a clone,
 * and nothing else: when `wanted`, or by the store's own rule when that is undefined. `doing`: the
 * command, without anything that could be a secret. Undefined: not wanted, or nothing was changed.
 */
export function commitChanges(workspace: Workspace, request: CommitRequest): Promise<CommitOutcome | undefined> {
  const { folder } = workspace.store
  const done = (lastCommits.get(folder) ?? Promise.resolve()).then(() => commit(workspace, request))
  const ended = done.then(
    () => {},
    () => {},
  )
  lastCommits.set(folder, ended)
  return done
}

/** The last commit of each store that this process makes: git allows one at a time. */
const lastCommits = new Map<string, Promise<void>>()

async function commit(
  workspace: Workspace,
  { wanted, hooks = wanted === true, doing, alsoChanged = [] }: CommitRequest,
): Promise<CommitOutcome | undefined> {
  const { store } = workspace
  if (store.kind !== 'folder' || !(wanted ?? store.configuration.commitsChanges)) return undefined
  const { paths: changed, environments } = workspace.changes()
  const paths = [...new Set([...changed, ...alsoChanged])]
  if (paths.length === 0) return undefined
  // The record of a change belongs to it; a record alone, as of an open, is no change.
  const recorded = workspace.audit.files
  const which =
    environments.length <= mostNamed ? environments.join(', ') : `${environments.length} environments of the store`
  const revisions = environments.flatMap((name) =>
    store.has(name) ? [`${name}: revision ${store.environment(name).current().number}`] : [`${name}: removed`],
  )
  const message = `${[doing, which].filter(Boolean).join(' ')}\n\n${revisions.join('\n')}`
  const { name, email } = await workspace.author()
  // What git itself is set to still wins, GIT_AUTHOR_NAME and its like; but not for a caller whom
  // the face has named, since it is of the process. One without an address has an empty one.
  const named = workspace.caller.principal !== undefined || workspace.caller.author !== undefined
  const identity = ['-c', `user.name=${name}`, ...(email || named ? ['-c', `user.email=${email}`] : [])]
  const as = named ? ['--author', `${name.replace(/[<>\n]/g, '')} <${email}>`] : []
  const runGit: RunGit = (args, options) =>
    machineGit([...identity, ...(args[0] === 'commit' ? ['commit', ...as, ...args.slice(1)] : args)], options)
  const present = environments.filter((name) => store.has(name)).map((name) => store.environment(name))
  return commitChange({
    folder: store.folder,
    paths: [...paths, ...recorded],
    needed: present.flatMap(({ folder }) => neededOfEnvironment(folder)),
    neededOnce: neededOfStore(
      store.folder,
      present.map(({ folder }) => folder),
    ),
    edited: present.filter((each) => each.definitionState() === 'edited').map(({ folder }) => folder),
    message: message.trimEnd(),
    hooks,
    runGit,
  })
}
