import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { smallText } from '../files/index.ts'
import type { GitRepository } from './repository.ts'
import type { GitResult } from './run.ts'
import { type GitSetting, isRepositorys, parseSettings, partsOf } from './setting.ts'

/** Runs git with nothing but these words, where it starts. */
export type BareGit = (args: readonly string[]) => Promise<GitResult>

/** All settings that git has in a repository, or what git said instead. */
export type GitConfiguration = { readonly settings: readonly GitSetting[] } | { readonly failed: GitResult }

interface Known {
  readonly stamp: string
  readonly settings: readonly GitSetting[]
}

const known = new Map<string, Known>()

/**
 * Reads the configuration of a repository. Files that it includes on some condition, such as a
 * branch, are taken in on every condition: the command that follows may bring the condition about.
 */
export async function readConfiguration(repository: GitRepository, git: BareGit): Promise<GitConfiguration> {
  const { gitFolder } = repository
  const before = known.get(gitFolder)
  if (before !== undefined && before.stamp === stampOf(repository, before.settings)) return before
  const listed = await git(['config', '--list', '--show-scope', '--show-origin', '-z'])
  if (listed.status !== 0) return { failed: listed }
  const settings = parseSettings(listed.stdout.toString())
  const own = settings.filter(isRepositorys)
  const files = new Set<string>()
  for (let at = 0; at < own.length; at++) {
    const included = includedFile(own[at] as GitSetting)
    if (included === undefined || files.has(included) || smallText(included) === undefined) continue
    files.add(included)
    const more = await git(['config', '--file', included, '--no-includes', '--list', '-z'])
    if (more.status !== 0) return { failed: more }
    for (const entry of more.stdout.toString().split('\0').slice(0, -1)) {
      const end = entry.indexOf('\n')
      const [key, value] = end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)]
      const setting = { scope: 'local', file: included, key, value }
      own.push(setting)
      settings.push(setting)
    }
  }
  known.set(gitFolder, { stamp: stampOf(repository, settings), settings })
  return { settings }
}

function includedFile({ key, value, file }: GitSetting): string | undefined {
  const { section, name } = partsOf(key)
  if ((section !== 'include' && section !== 'includeif') || name !== 'path') return undefined
  if (value.startsWith('~/')) return resolve(process.env.HOME ?? '/', value.slice(2))
  return resolve(file === undefined ? '/' : dirname(file), value)
}

/** Changes with any file that settings come from, or could come from. */
function stampOf({ top, gitFolder, commonFolder }: GitRepository, settings: readonly GitSetting[]): string {
  const files = new Set([`${commonFolder}/config`, `${gitFolder}/config.worktree`])
  for (const setting of settings) {
    if (setting.file !== undefined) files.add(resolve(top, setting.file))
    const included = includedFile(setting)
    if (included !== undefined) files.add(included)
  }
  return [...files]
    .map((file) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = statSync(file)
        return `${file} ${ino} ${size} ${mtimeMs} ${ctimeMs}`
      } catch {
        return file
      }
    })
    .join('\n')
}
