import { EscError } from '../../errors.ts'

/** The jobs that servers share need this much: major and minor number. */
const needed = [22, 12] as const

/**
 * Refuses to serve a store in a database where Node is too old for it.
 * @param version of Node, such as `22.12.0`. Default: the one that runs.
 * @throws EscError `unsupported`.
 */
export function requireNodeForDatabase(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return
  throw new EscError(
    'unsupported',
    `a server with a store in a database needs Node ${needed.join('.')} or later, and this is Node ${version}`,
    { hint: 'install a newer Node, such as 24; a store in a folder is served by this one, too' },
  )
}
