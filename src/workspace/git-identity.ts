import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Either may be empty: not configured. */
export interface GitIdentity {
  readonly name: string
  readonly email: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** Who git takes the user for in a folder: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else `user.name` and `user.email`. */
export function gitIdentity(env: Variables, folder: string): GitIdentity {
  const { GIT_AUTHOR_NAME: name = '', GIT_AUTHOR_EMAIL: email = '' } = env
  if (name !== '' && email !== '') return { name, email }
  // Starting git takes longer than opening an environment, and this is asked every time one is opened.
  const configured = plainIdentity(env, folder) ?? askGit(env, folder)
  return { name: name || configured.name, email: email || configured.email }
}

/** As read from the usual files. Undefined: they do not say it all, or say something that only git itself understands. */
function plainIdentity(env: Variables, folder: string): GitIdentity | undefined {
  if (!env.HOME || Object.keys(env).some((key) => key.startsWith('GIT_CONFIG') || key === 'GIT_DIR')) return undefined
  const own = join(env.XDG_CONFIG_HOME || join(env.HOME, '.config'), 'git', 'config')
  let identity: GitIdentity = { name: '', email: '' }
  // What comes later counts.
  for (const file of [own, join(env.HOME, '.gitconfig'), repositoryConfig(folder)]) {
    if (file === undefined) continue
    const text = readText(file)
    if (text === undefined) continue
    // Files that include others, continue lines, or quote.
    if (/^\s*\[\s*include|worktreeConfig|\\|^\s*\[\s*user[^\]]*["\s]/im.test(text)) return undefined
    const found = identityIn(text)
    if (found === undefined) return undefined
    identity = { name: found.name || identity.name, email: found.email || identity.email }
  }
  // The machine's own file, wherever this git has it, may know the rest.
  return identity.name === '' || identity.email === '' ? undefined : identity
}

function identityIn(text: string): GitIdentity | undefined {
  const found = { name: '', email: '' }
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\](.*)$/.exec(line)
    if (header !== null) section = header[1]!.trim().toLowerCase()
    if (section !== 'user') continue
    if (header !== null && header[2]!.trim() !== '') return undefined
    const entry = /^\s*(name|email)\s*=\s*(.*?)\s*$/i.exec(line)
    if (entry === null) continue
    if (/["#;]/.test(entry[2]!)) return undefined
    found[entry[1]!.toLowerCase() as 'name' | 'email'] = entry[2]!
  }
  return found
}

/** Undefined: the folder is in no repository. */
function repositoryConfig(folder: string): string | undefined {
  for (let above = resolve(folder); ; above = dirname(above)) {
    const git = join(above, '.git')
    const status = statSync(git, { throwIfNoEntry: false })
    if (status === undefined) {
      if (dirname(above) === above) return undefined
      continue
    }
    if (status.isDirectory()) return join(git, 'config')
    const link = /^gitdir: (.+)$/m.exec(readText(git) ?? '')?.[1]
    const target = link === undefined ? git : resolve(above, link)
    const common = readText(join(target, 'commondir'))?.trim()
    return join(common === undefined ? target : resolve(target, common), 'config')
  }
}

function askGit(env: Variables, folder: string): GitIdentity {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  // git itself knows all the files, includes and conditions.
  const answer = spawnSync('git', ['config', '--null', '--get-regexp', '^user\\.(name|email)$'], {
    cwd: folder,
    env: { ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5_000,
  })
  const configured = new Map<string, string>()
  for (const entry of (answer.stdout ?? '').split('\0')) {
    const [key, value] = entry.split('\n')
    // The last one counts: it comes from the nearest file.
    if (key !== undefined && value !== undefined) configured.set(key, value)
  }
  return { name: configured.get('user.name') ?? '', email: configured.get('user.email') ?? '' }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
