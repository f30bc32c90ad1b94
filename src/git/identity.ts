import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { smallText } from '../files/index.ts'
import { configuredIdentity, type GitIdentity } from './configured-identity.ts'
import { commonFolderOf } from './repository.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Tells who git takes the user for in a folder: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else
 * `user.name` and `user.email`.
 */
export function gitIdentity(env: Variables, folder: string): GitIdentity {
  const { GIT_AUTHOR_NAME: name = '', GIT_AUTHOR_EMAIL: email = '' } = env
  if (name !== '' && email !== '') return { name, email }
  // Starting git takes longer than opening an environment, and this is asked
  // every time one is opened.
  const configured = plainIdentity(env, folder) ?? configuredIdentity(env, folder)
  return { name: name || configured.name, email: email || configured.email }
}

/**
 * As read from the usual files. Undefined: they do not say it all, or say something that
 * only git itself understands.
 */
function plainIdentity(env: Variables, folder: string): GitIdentity | undefined {
  if (!env.HOME || Object.keys(env).some((key) => key.startsWith('GIT_CONFIG') || key === 'GIT_DIR')) return undefined
  const own = join(env.XDG_CONFIG_HOME || join(env.HOME, '.config'), 'git', 'config')
  let identity: GitIdentity = { name: '', email: '' }
  // What comes later counts.
  for (const file of [own, join(env.HOME, '.gitconfig'), repositoryConfig(folder)]) {
    if (file === undefined) continue
    const text = smallText(file)
    if (text === undefined) continue
    const found = identityIn(text)
    if (found === undefined) return undefined
    identity = { name: found.name || identity.name, email: found.email || identity.email }
  }
  // The machine's own file, wherever this git has it, may know the rest.
  return identity.name === '' || identity.email === '' ? undefined : identity
}

/**
 * `undefined` when the text includes other files, continues lines, or quotes. Without regular
 * expressions: compiling them takes longer.
 */
function identityIn(text: string): GitIdentity | undefined {
  const found = { name: '', email: '' }
  if (text.includes('\\')) return undefined
  let isUser = false
  for (const each of text.split('\n')) {
    const line = each.trim()
    if (line.startsWith('[')) {
      const end = line.indexOf(']')
      const section = line.slice(1, end).trim().toLowerCase()
      isUser = section === 'user'
      // A section with a name in quotes, or one that has entries in its own line.
      if (section.startsWith('include') || (section.startsWith('user') && !(isUser && end === line.length - 1)))
        return undefined
      continue
    }
    const equals = line.indexOf('=')
    const key = line.slice(0, equals).trim().toLowerCase()
    if (key === 'worktreeconfig') return undefined
    if (!isUser || equals === -1 || (key !== 'name' && key !== 'email')) continue
    const value = line.slice(equals + 1).trim()
    if (value.includes('"') || value.includes('#') || value.includes(';')) return undefined
    found[key] = value
  }
  return found
}

/** `undefined` when the folder is in no repository. */
function repositoryConfig(folder: string): string | undefined {
  for (let above = resolve(folder); ; above = dirname(above)) {
    const git = join(above, '.git')
    if (!existsSync(git)) {
      if (dirname(above) === above) return undefined
      continue
    }
    if (statSync(git).isDirectory()) return join(git, 'config')
    const link = /^gitdir: (.+)$/m.exec(smallText(git) ?? '')?.[1]
    return join(commonFolderOf(link === undefined ? git : resolve(above, link)), 'config')
  }
}
