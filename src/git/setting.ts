/**
 * One value of a git configuration, as `git config --list --show-scope --show-origin -z` prints it.
 */
export interface GitSetting {
  /** `local` and `worktree` are the repository's own; the rest is the user's or the machine's. */
  readonly scope: string
  /** File that it is from; undefined: the command line or the environment. */
  readonly file: string | undefined
  /** Section and name are in lower case; what stands between them is as written. */
  readonly key: string
  readonly value: string
}

/** @param output of `git config --list --show-scope --show-origin -z`. */
export function parseSettings(output: string): GitSetting[] {
  const fields = output.split('\0')
  const settings: GitSetting[] = []
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [scope, origin, entry] = fields.slice(at, at + 3) as [string, string, string]
    const end = entry.indexOf('\n')
    settings.push({
      scope,
      file: origin.startsWith('file:') ? origin.slice('file:'.length) : undefined,
      // A name without a value is a true boolean.
      ...(end === -1 ? { key: entry, value: 'true' } : { key: entry.slice(0, end), value: entry.slice(end + 1) }),
    })
  }
  return settings
}

/**
 * True when it comes from the repository itself, and so from whoever handed its `.git` folder over.
 */
export function isRepositorys({ scope }: GitSetting): boolean {
  return scope === 'local' || scope === 'worktree'
}

/**
 * Parts of a key: `remote.origin.url` is of section `remote`, about `origin`, named `url`. `about`:
 * empty when there is none.
 */
export function partsOf(key: string): { readonly section: string; readonly about: string; readonly name: string } {
  const first = key.indexOf('.')
  const last = key.lastIndexOf('.')
  return { section: key.slice(0, first), about: key.slice(first + 1, last), name: key.slice(last + 1) }
}
