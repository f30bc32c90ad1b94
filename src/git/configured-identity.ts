import { parse, resolve } from 'node:path'
import { childEnvironment } from '../child-environment.ts'
import { findRepository } from './repository.ts'
import { gitVariables, programOnPath } from './variables.ts'

/** Either may be empty: not configured. */
export interface GitIdentity {
  readonly name: string
  readonly email: string
}

/** Asks git for `user.name` and `user.email` in a folder. Both empty: there is no git. */
export function configuredIdentity(env: Readonly<Record<string, string | undefined>>, folder: string): GitIdentity {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const repository = findRepository(folder, env)
  const variables = gitVariables(env)
  const program = programOnPath('git', variables)
  if (program === undefined) return { name: '', email: '' }
  const place = repository === undefined ? [] : ['--git-dir', repository.gitFolder]
  // git itself knows all the files, includes and conditions. It reads them and does nothing else.
  const answer = spawnSync(program, [...place, 'config', '--null', '--get-regexp', '^user\\.(name|email)$'], {
    // Outside a repository, where nothing can pass for one.
    cwd: repository?.top ?? parse(resolve(folder)).root,
    env: childEnvironment(variables),
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
