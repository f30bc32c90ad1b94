import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { isWithin } from './repository.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Variables that say which repository git works in. Git sets them for hooks, so they may speak of
 * another repository than the store's: we name ours on the command line. `GIT_INDEX_FILE` is kept
 * where it is of the same repository (`keptIndex`).
 */
const ofRepository = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_REPLACE_REF_BASE',
  'GIT_CEILING_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_EXTERNAL_DIFF',
]

/**
 * The environment that git runs in: texts are English whatever the user's language, because their
 * first line is shown. From the PATH go entries that depend on the current folder: a repository
 * must not bring its own `git` or `ssh`.
 */
export function gitVariables(env: Variables): Record<string, string | undefined> {
  const variables: Record<string, string | undefined> = { ...env, LC_ALL: 'C' }
  for (const name of ofRepository) delete variables[name]
  for (const name of Object.keys(variables)) {
    if (name.toUpperCase() !== 'PATH') continue
    const entries = (variables[name] ?? '').split(delimiter)
    const own = entries.filter((entry) => isAbsolute(entry))
    variables[name] = own.join(delimiter)
  }
  return variables
}

/** Absolute path of a program; undefined: the PATH has none. */
export function programOnPath(name: string, env: Variables): string | undefined {
  const path = env.PATH ?? Object.entries(env).find(([key]) => key.toUpperCase() === 'PATH')?.[1] ?? ''
  const endings = process.platform === 'win32' ? ['.exe'] : ['']
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue
    for (const ending of endings) {
      const file = join(folder, name + ending)
      try {
        if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue
        accessSync(file, constants.X_OK)
        return file
      } catch {}
    }
  }
  return undefined
}

/**
 * The index that git gave to the hook which we run in, such as that of a commit of some files only;
 * undefined: none, or it is that of another repository.
 */
export function keptIndex(
  { top, gitFolder }: { readonly top: string; readonly gitFolder: string },
  { GIT_INDEX_FILE: file }: Variables,
): string | undefined {
  if (!file) return undefined
  const path = resolve(top, file)
  return isWithin(realPath(dirname(path)), realPath(gitFolder)) ? path : undefined
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
