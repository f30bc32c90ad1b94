import { isAbsolute } from 'node:path'
import { type GitSetting, isRepositorys, partsOf } from './setting.ts'
import { policyOf, runsProgram } from './setting-policy.ts'

/** Values that replace the settings by which a repository could run programs. */
export interface Overrides {
  /** `-c key=value …` for git's command line. */
  readonly args: readonly string[]
  /**
   * Settings of the repository that run programs and therefore did not count,
   * such as `core.sshcommand`.
   */
  readonly ignored: readonly string[]
  /**
   * Names of settings for the other end of a connection, of which git takes the first, so that
   * only an option counts more.
   */
  readonly packs: ReadonlySet<'receivepack' | 'uploadpack'>
  /** No hook runs at all. */
  readonly silent: boolean
}

/** A setting that cannot be overridden. */
export interface Refused {
  readonly refused: GitSetting
}

export interface HooksContext {
  /** Folder of the repository's hooks. */
  readonly folder: string
  /** True when they may run. Hooks of the user's own configuration always may. */
  readonly allowed: boolean
}

/**
 * Overrides for everything in the repository's own configuration that could run a program: with the
 * user's own value where there is one.
 *
 * @param settings all there are, in the order in which git reads them: a later one counts.
 */
export function overridesOf(
  settings: readonly GitSetting[],
  hooks: HooksContext,
  env: Readonly<Record<string, string | undefined>>,
): Overrides | Refused {
  const users = new Map<string, string>()
  for (const setting of settings) if (!isRepositorys(setting)) users.set(aliasOf(setting.key), setting.value)
  const values = new Map<string, string>()
  const ignored = new Set<string>()
  const packs = new Set<'receivepack' | 'uploadpack'>()
  let helpers = false
  for (const setting of settings) {
    const { key, value } = setting
    if (!isRepositorys(setting)) continue
    if (key === 'core.hookspath') {
      ignored.add(key)
      continue
    }
    if (isCredentialHelper(key)) {
      helpers ||= value !== ''
      continue
    }
    const pack = packOf(key)
    if (pack !== undefined) {
      if (users.has(key)) continue
      packs.add(pack)
      ignored.add(key)
      continue
    }
    const policy = policyOf(key, value)
    if (policy.kind === 'follow') continue
    // The command line has no way to write a key with either.
    if (policy.kind === 'refuse' || key.includes('=') || key.includes('\n')) return { refused: setting }
    const own = users.get(aliasOf(key)) ?? instead(key, policy.value, env)
    values.set(key, own)
    if (own !== value && runsProgram(key)) ignored.add(key)
  }
  const args = [...values].flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const own = users.get('core.hookspath')
  // A path of the user's that is not absolute leads into the repository: whoever
  // wrote that wrote the hooks.
  const isOwn = own !== undefined && (isAbsolute(own) || own.startsWith('~'))
  const silent = !isOwn && !hooks.allowed
  args.push('-c', `core.hooksPath=${isOwn ? own : silent ? '/dev/null' : hooks.folder}`)
  if (helpers) {
    ignored.add('credential.helper')
    // An empty one forgets all before it.
    args.push('-c', 'credential.helper=')
    for (const setting of settings) {
      if (!isRepositorys(setting) && isCredentialHelper(setting.key) && !setting.key.includes('='))
        args.push('-c', `${setting.key}=${setting.value}`)
    }
  }
  return { args, ignored: [...ignored], packs, silent }
}

/** Two names of one setting. */
function aliasOf(key: string): string {
  return key === 'gpg.openpgp.program' ? 'gpg.program' : key
}

function isCredentialHelper(key: string): boolean {
  const { section, name } = partsOf(key)
  return section === 'credential' && name === 'helper'
}

function packOf(key: string): 'receivepack' | 'uploadpack' | undefined {
  const { section, name } = partsOf(key)
  return section === 'remote' && (name === 'receivepack' || name === 'uploadpack') ? name : undefined
}

/** Where an environment variable comes after the setting, it must be heard now. */
function instead(key: string, value: string, env: Readonly<Record<string, string | undefined>>): string {
  if (key === 'core.sshcommand' && env.GIT_SSH) return `'${env.GIT_SSH.replaceAll("'", "'\\''")}'`
  if (key === 'core.askpass') return env.SSH_ASKPASS ?? value
  return value
}
