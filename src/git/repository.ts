import { lstatSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { smallText } from '../files/index.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** A git repository with a work tree. All paths are absolute. */
export interface GitRepository {
  /** Top of the work tree. */
  readonly top: string
  /** Folder with this work tree's `HEAD` and `index`. */
  readonly gitFolder: string
  /**
   * Folder with the configuration, objects and hooks: `gitFolder`, unless
   * this is a linked work tree.
   */
  readonly commonFolder: string
  /** True when GIT_DIR and GIT_WORK_TREE in the environment named it. */
  readonly named: boolean
}

/**
 * Finds the repository that a folder is in. Only a `.git` folder, or the `.git` file of a linked
 * work tree or submodule, makes one. Git itself also takes a folder with `HEAD`, `objects` and
 * `refs` for a (bare) repository, and such a folder can be committed. The search ends at a
 * file-system boundary and below GIT_CEILING_DIRECTORIES, as git's does.
 */
export function findRepository(folder: string, env: Variables): GitRepository | undefined {
  const start = realFolder(folder)
  if (start === undefined) return undefined
  const found = searchUpwards(start, env)
  const named = namedRepository(start, env)
  // The nearer work tree counts: git hooks of an outer repository export GIT_DIR too.
  if (named !== undefined && (found === undefined || isWithin(named.top, found.top))) return named
  return found
}

/** True when `path` is `folder` or below it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function searchUpwards(start: string, env: Variables): GitRepository | undefined {
  const ceilings = (env.GIT_CEILING_DIRECTORIES ?? '').split(process.platform === 'win32' ? ';' : ':')
  const crosses = ['1', 'true', 'yes', 'on'].includes(env.GIT_DISCOVERY_ACROSS_FILESYSTEM ?? '')
  const { dev } = statSync(start)
  for (let top = start; ; ) {
    const gitFolder = gitFolderOf(join(top, '.git'))
    if (gitFolder !== undefined) return repository(top, gitFolder, false)
    const above = dirname(top)
    if (above === top || ceilings.includes(above)) return undefined
    if (!crosses && statSync(above).dev !== dev) return undefined
    top = above
  }
}

/**
 * The repository of somebody who keeps it elsewhere and says so: both variables must be set, and
 * the folder be in that work tree.
 */
function namedRepository(start: string, env: Variables): GitRepository | undefined {
  if (!env.GIT_DIR || !env.GIT_WORK_TREE) return undefined
  const top = realFolder(resolve(env.GIT_WORK_TREE))
  const gitFolder = gitFolderOf(resolve(env.GIT_DIR))
  return top !== undefined && gitFolder !== undefined && isWithin(start, top)
    ? repository(top, gitFolder, true)
    : undefined
}

function repository(top: string, gitFolder: string, named: boolean): GitRepository {
  return { top, gitFolder, commonFolder: commonFolderOf(gitFolder), named }
}

/** `path`: a git folder, or the file that leads to one. Undefined: neither. */
function gitFolderOf(path: string): string | undefined {
  if (isFolder(path)) return isGitFolder(path) ? path : undefined
  const target = /^gitdir: (.+?)\r?\n*$/.exec(smallText(path) ?? '')?.[1]
  if (target === undefined) return undefined
  const folder = resolve(dirname(path), target)
  return isGitFolder(folder) ? folder : undefined
}

/**
 * Returns the place where the configuration of a git folder is: in the main one, for a linked work
 * tree.
 */
export function commonFolderOf(gitFolder: string): string {
  const common = smallText(join(gitFolder, 'commondir'))?.trim()
  return common ? resolve(gitFolder, common) : gitFolder
}

/** As git decides it. */
function isGitFolder(folder: string): boolean {
  const common = commonFolderOf(folder)
  return hasEntry(join(folder, 'HEAD')) && isFolder(join(common, 'objects')) && isFolder(join(common, 'refs'))
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

/** A link counts, wherever it leads: old repositories have one as their HEAD. */
function hasEntry(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function realFolder(folder: string): string | undefined {
  try {
    return realpathSync(folder)
  } catch {
    return undefined
  }
}
