import { dirname, join, resolve } from 'node:path'
import { readConfiguration } from './configuration.ts'
import { hasHooks, runsHooks } from './hooks.ts'
import { overridesOf } from './overrides.ts'
import { remoteInside } from './remotes.ts'
import { findRepository } from './repository.ts'
import { type GitResult, gitFailure, startGit } from './run.ts'
import { isTrusted, ownershipFailure, trustRemedy } from './trusted.ts'
import { keptIndex } from './variables.ts'

export interface GitOptions {
  readonly cwd: string
  /** For git's standard input. */
  readonly input?: string
  /**
   * Lets the repository's own hooks run. Only where the user asked for what git
   * does, as with `--commit`.
   */
  readonly hooks?: boolean
  /** The command needs no repository, and sees none. */
  readonly outside?: boolean
}

/** Runs git in a folder. Never throws for what git answers. */
export type RunGit = (args: readonly string[], options: GitOptions) => Promise<GitResult>

/**
 * Said on every command line: nothing of a repository's that runs by itself, and
 * no look into submodules.
 */
const always = [
  ...[
    '--no-pager',
    '--literal-pathspecs',
    '-c',
    'safe.bareRepository=explicit',
    '-c',
    'core.fsmonitor=false',
    '-c',
    'submodule.recurse=false',
  ],
  ...['-c', 'fetch.recurseSubmodules=false', '-c', 'push.recurseSubmodules=no', '-c', 'diff.ignoreSubmodules=dirty'],
]

/** Words that stand against what `.gitmodules` could ask for otherwise. */
const byCommand: Readonly<Record<string, readonly string[]>> = {
  fetch: ['--no-recurse-submodules'],
  push: ['--no-recurse-submodules'],
  status: ['--ignore-submodules=dirty'],
}

const packOption: Readonly<Record<string, readonly string[]>> = {
  fetch: ['--upload-pack=git-upload-pack'],
  'ls-remote': ['--upload-pack=git-upload-pack'],
  push: ['--receive-pack=git-receive-pack'],
}

/**
 * The machine's git, in the repository that the folder is in. Somebody else may have written that
 * repository, so git runs nothing that only the repository asks for (`docs/git.md`). Every call
 * of git goes through here.
 */
export const machineGit: RunGit = async (args, { cwd, input, hooks = false, outside = false }) => {
  const { env } = process
  if (outside) {
    const set = { GIT_CEILING_DIRECTORIES: dirname(resolve(cwd)) }
    return startGit([...always, ...args], { cwd, input, env, set })
  }
  const repository = findRepository(cwd, env)
  if (repository === undefined) return gitFailure('not a git repository (or any of the parent directories): .git')
  const { top, gitFolder, commonFolder } = repository
  const place = ['--git-dir', gitFolder, '--work-tree', top]
  const failure = await ownershipFailure(repository, env)
  if (failure !== undefined) return failure
  const configuration = await readConfiguration(repository, (words) =>
    startGit([...place, ...words], { cwd: top, env, timeoutMs: 10_000 }),
  )
  if ('failed' in configuration) return configuration.failed
  // Options of the caller, such as its identity, come before the command.
  const at = args.findIndex((word, index) => !word.startsWith('-') && args[index - 1] !== '-c')
  const command = args[at] ?? ''
  const run = (overrides: readonly string[], packs?: ReadonlySet<string>) => {
    const isPack = packs?.has(command === 'push' ? 'receivepack' : 'uploadpack')
    const words = [
      ...args.slice(0, at + 1),
      ...(byCommand[command] ?? []),
      ...(isPack ? (packOption[command] ?? []) : []),
      ...args.slice(at + 1),
    ]
    const set = { GIT_INDEX_FILE: keptIndex(repository, env) }
    return startGit([...place, ...always, ...overrides, ...words], { cwd, input, env, set })
  }
  if (isTrusted(configuration.settings, top, env)) return run([])
  if (['fetch', 'ls-remote', 'push'].includes(command)) {
    const inside = remoteInside(top, configuration.settings)
    if (inside !== undefined) {
      return gitFailure(`${inside.key} of ${inside.file} is a repository inside the work tree, and its hooks would run`)
    }
  }
  const folder = join(commonFolder, 'hooks')
  const overrides = overridesOf(configuration.settings, { folder, allowed: hooks }, env)
  if ('refused' in overrides) {
    const { key, file } = overrides.refused
    return gitFailure(`${file} sets ${key}, which lets a repository run programs: remove it, or ${trustRemedy(top)}`)
  }
  const result = await run(overrides.args, overrides.packs)
  const silenced = overrides.silent && hasHooks(folder, command) ? ['hooks'] : []
  const settings = [...overrides.ignored.filter((key) => key !== 'core.hookspath' || runsHooks(command)), ...silenced]
  return settings.length === 0 ? result : { ...result, notFollowed: { settings, remedy: trustRemedy(top) } }
}
