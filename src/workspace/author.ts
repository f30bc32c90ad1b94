import { EscError } from '../errors.ts'

/** Who is recorded as the author of a revision. */
export interface AuthorName {
  readonly name: string
  readonly email: string
}

/**
 * ESC_AUTHOR (`Name <email>`), else what git would use in `folder`, else the user of the operating system.
 */
export async function findAuthor(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<AuthorName> {
  if (env.ESC_AUTHOR) {
    const match = /^\s*([^<>]*?)\s*<([^<>\s]*)>\s*$/.exec(env.ESC_AUTHOR)
    if (!match) {
      throw new EscError('usage', `ESC_AUTHOR is '${env.ESC_AUTHOR}', which is not a name and an address`, {
        hint: "write it like 'Ada Lovelace <ada@example.com>'",
      })
    }
    return { name: match[1] || (match[2] as string), email: match[2] as string }
  }
  const git = await gitIdentity(env, folder)
  const { userInfo } = await import('node:os')
  const user = systemUser(userInfo)
  return { name: git.name || git.email || user, email: git.email || user }
}

async function gitIdentity(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<{ name: string; email: string }> {
  let name = env.GIT_AUTHOR_NAME ?? ''
  let email = env.GIT_AUTHOR_EMAIL ?? ''
  if (name !== '' && email !== '') return { name, email }
  const { spawnSync } = await import('node:child_process')
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
  name ||= configured.get('user.name') ?? ''
  email ||= configured.get('user.email') ?? ''
  return { name, email }
}

function systemUser(userInfo: () => { readonly username: string }): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return 'unknown'
  }
}
