import { spawnSync } from 'node:child_process'
import { childEnvironment } from '../child-environment.ts'
import { findRepository, type GitRepository } from './repository.ts'
import { gitVariables, programOnPath } from './variables.ts'

/** Nothing of the repository's runs, and nothing is fetched. */
const always = [
  '--no-pager',
  ...['-c', 'safe.bareRepository=explicit', '-c', 'core.fsmonitor=false', '-c', 'protocol.allow=never'],
  ...['-c', 'submodule.recurse=false'],
]

/**
 * Asks git something about the repository that a folder is in, and waits: for the few
 * questions that come up where nothing can be awaited. Only for commands that read
 * refs, the index or objects.
 *
 * @returns exit status and standard output; undefined: there is no repository,
 *   or git could not be run.
 */
function askGit(
  folder: string,
  args: readonly string[],
): { readonly status: number; readonly out: string } | undefined {
  const { env } = process
  const repository = findRepository(folder, env)
  const variables = gitVariables(env)
  const program = programOnPath('git', variables)
  if (repository === undefined || program === undefined) return undefined
  const answer = spawnSync(program, [...placeOf(repository), ...always, ...args], {
    cwd: folder,
    env: childEnvironment(variables, { add: { GIT_NO_LAZY_FETCH: '1' } }),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
    maxBuffer: 64 << 20,
  })
  return answer.status === null ? undefined : { status: answer.status, out: answer.stdout }
}

function placeOf({ gitFolder, top }: GitRepository): readonly string[] {
  return ['--git-dir', gitFolder, '--work-tree', top]
}

/**
 * Names in a folder that git tracks something of and that are `name` to file systems that know no
 * case. None outside a repository. Undefined: git could not be asked.
 *
 * @param folder its real path.
 */
export function trackedNames(folder: string, name: string): readonly string[] | undefined {
  const { env } = process
  if (findRepository(folder, env) === undefined) return []
  const answer = askGit(folder, ['--icase-pathspecs', 'ls-files', '-z', '--cached', '--', name])
  if (answer?.status !== 0) return undefined
  const paths = answer.out.split('\0').filter((path) => path !== '')
  return [...new Set(paths.map((path) => path.split('/')[0] as string))]
}

/** True when git tracks any file in a folder, which may be in no repository. */
export function tracksAny(folder: string): boolean {
  const answer = askGit(folder, ['ls-files', '-z', '--cached', '--', '.'])
  return answer?.status === 0 && answer.out !== ''
}

/**
 * The last commit that two have in common, if it has a file. Undefined: it has not, they have none
 * in common, or git cannot tell.
 * @param path relative to `folder`.
 */
export function commonCommitWith(
  folder: string,
  { one, other, path }: { readonly one: string; readonly other: string; readonly path: string },
): string | undefined {
  const base = askGit(folder, ['merge-base', one, other])
  const commit = base?.status === 0 ? base.out.trim() : ''
  if (commit === '') return undefined
  return askGit(folder, ['cat-file', '-e', `${commit}:./${path}`])?.status === 0 ? commit : undefined
}
