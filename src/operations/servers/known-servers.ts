import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { configFolder } from '../../keys/index.ts'

/** A server that a user has logged in to. */
export interface KnownServer {
  /** The URL of the server, as `serverUrl` returns it. */
  readonly url: string
  readonly token: string
  /** The name that the server knows the user by. */
  readonly user: string
  readonly organization: string
  /** True when the token may go to it without encryption. */
  readonly allowHttp: boolean
  /** The environment that was selected. `undefined`: none. */
  readonly selected?: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** Beside `config.json`, which holds no secret: only the user may read this one. */
const fileName = 'servers'

/**
 * Every server that the user has logged in to.
 * @throws EscError `io` for a file that cannot be read. It repeats nothing of it.
 */
export function readKnownServers(env: Variables): readonly KnownServer[] {
  const file = join(configFolder(env), `${fileName}.json`)
  if (!existsSync(file)) return []
  try {
    const { servers } = JSON.parse(readFileSync(file, 'utf8')) as { readonly servers?: unknown }
    return Array.isArray(servers) ? servers.filter(isServer) : []
  } catch (error) {
    // The text of the error could quote the file.
    throw new EscError('io', `cannot read the logins in ${file}`, {
      hint: 'check its permissions, or remove it and log in again',
      cause: error instanceof SyntaxError ? undefined : error,
    })
  }
}

function isServer(value: unknown): value is KnownServer {
  const { url, token, user, organization } = (value ?? {}) as Partial<Record<keyof KnownServer, unknown>>
  return [url, token, user, organization].every((each) => typeof each === 'string')
}

/** Keeps the logins, in a file that only the user may read. */
export async function writeKnownServers(env: Variables, servers: readonly KnownServer[]): Promise<void> {
  const { Conf } = await import('../../vendor/conf.ts')
  const file = new Conf({ cwd: configFolder(env), configName: fileName, configFileMode: 0o600 })
  file.set('servers', [...servers])
}
