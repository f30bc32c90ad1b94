import { type AuthorName, declaredAuthor, systemUser } from './author.ts'
import { readKnownStores } from './known-stores.ts'

/** The name that somebody goes by. Nothing proves it: keys do that (docs/access.md). */
export interface Principal {
  readonly name: string
  /** The way in which it is known; `token`: whoever called has shown a token. */
  readonly from: 'ESC_PRINCIPAL' | 'login' | 'git' | 'system' | 'token'
}

/**
 * ESC_PRINCIPAL; else who `esc login --user` was given; else the mail address (or name) that
 * revisions are by, of ESC_AUTHOR or git; else the user of the operating system.
 */
export function findPrincipal(env: Readonly<Record<string, string | undefined>>, folder: string): Principal {
  if (env.ESC_PRINCIPAL) return { name: env.ESC_PRINCIPAL, from: 'ESC_PRINCIPAL' }
  const { user } = readKnownStores(env)
  if (user) return { name: user, from: 'login' }
  const { name, email } = authorOrText(env, folder)
  if (email || name) return { name: email || name, from: 'git' }
  return { name: systemUser(), from: 'system' }
}

/** An ESC_AUTHOR that is none keeps nobody from opening; whoever writes a revision is told. */
function authorOrText(env: Readonly<Record<string, string | undefined>>, folder: string): AuthorName {
  try {
    return declaredAuthor(env, folder)
  } catch {
    return { name: env.ESC_AUTHOR ?? '', email: '' }
  }
}
