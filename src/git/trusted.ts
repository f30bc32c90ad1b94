import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { GitRepository } from './repository.ts'
import { type GitResult, gitFailure, startGit } from './run.ts'
import { type GitSetting, isRepositorys } from './setting.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Git folders that git has accepted in this process. */
const accepted = new Set<string>()

/**
 * Asks git itself whether the user may work in a repository: it refuses those that belong to
 * somebody else, but for the user's own `safe.directory`. It does not ask once the repository is
 * named on the command line. Undefined: he may.
 */
export async function ownershipFailure(repository: GitRepository, env: Variables): Promise<GitResult | undefined> {
  const { top, gitFolder, named } = repository
  if (named || accepted.has(gitFolder)) return undefined
  const answer = await startGit(['-c', 'safe.bareRepository=explicit', 'rev-parse', '--absolute-git-dir'], {
    cwd: top,
    env,
    set: { GIT_CEILING_DIRECTORIES: dirname(top) },
    timeoutMs: 10_000,
  })
  if (answer.status !== 0) {
    if (!answer.stderr.includes('dubious ownership')) return answer
    return gitFailure(
      `the git repository ${top} belongs to another user: if you trust it, run git config --global --add safe.directory ${top}`,
    )
  }
  const found = answer.stdout.toString().trim()
  if (real(found) !== real(gitFolder))
    return gitFailure(`git takes ${found} for the repository of ${top}, not ${gitFolder}`)
  accepted.add(gitFolder)
  return undefined
}

/**
 * True when the user's own configuration says that all settings and hooks of a repository may be
 * followed. As `safe.directory`.
 */
export function isTrusted(settings: readonly GitSetting[], top: string, env: Variables): boolean {
  let trusted = false
  for (const setting of settings) {
    if (isRepositorys(setting) || setting.key !== 'esc.trustedrepository') continue
    const { value } = setting
    if (value === '') trusted = false
    else if (value === '*') trusted = true
    else if (real(value.startsWith('~/') ? join(env.HOME || homedir(), value.slice(2)) : value) === top) trusted = true
  }
  return trusted
}

/** Command with which the user has settings and hooks of a repository followed. */
export function trustRemedy(top: string): string {
  return `run git config --global --add esc.trustedRepository ${top}`
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
