import { EscError } from '../../errors.ts'
import { gitIdentity } from '../../git/index.ts'

/** The person who is recorded as the author of a revision. */
export interface AuthorName {
  readonly name: string
  readonly email: string
}

/**
 * ESC_AUTHOR (`Name <email>`), else what git would use in `folder`, else the user
 * of the operating system.
 */
export function findAuthor(env: Readonly<Record<string, string | undefined>>, folder: string): AuthorName {
  const { name, email } = declaredAuthor(env, folder)
  // `Ada <>` says that there is no address.
  if (env.ESC_AUTHOR) return { name, email }
  const fallback = name === '' || email === '' ? systemUser() : ''
  return { name: name || email || fallback, email: email || fallback }
}

/** As `findAuthor`, but both empty where neither a variable nor git knows. */
export function declaredAuthor(env: Readonly<Record<string, string | undefined>>, folder: string): AuthorName {
  if (!env.ESC_AUTHOR) return gitIdentity(env, folder)
  const match = /^\s*([^<>]*?)\s*<([^<>\s]*)>\s*$/.exec(env.ESC_AUTHOR)
  if (!match) {
    throw new EscError('usage', `ESC_AUTHOR is '${env.ESC_AUTHOR}', which is not a name and an address`, {
      hint: "write it like 'Ada Lovelace <ada@example.com>'",
    })
  }
  return { name: match[1] || (match[2] as string), email: match[2] as string }
}

/** The user of the operating system; `unknown` for one without a name. */
export function systemUser(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return 'unknown'
  }
}
