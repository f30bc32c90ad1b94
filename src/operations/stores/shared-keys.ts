import { EscError } from '../../errors.ts'
import type { Store } from '../../store/index.ts'
import { workspaceKeys } from '../session/open-workspace.ts'
import type { Session } from '../session/session.ts'

/** A key file that environments of a store are locked with, and this machine does not have. */
interface MissingKey {
  readonly id: string
  /** One of the environments. */
  readonly environment: string
  readonly cause: unknown
}

/**
 * Refuses a store in a database where some of it is locked with the key file of another machine:
 * this server could answer for a part of the environments only. The key that each environment is
 * locked with is known by its id, so one environment is unlocked for each key.
 *
 * @throws EscError `key_unavailable`, naming the key and an environment.
 */
export async function requireSharedKeys({ workspace }: Session): Promise<void> {
  const { store, host } = workspace
  if (store.kind === 'folder') return
  const missing = await missingKeyFile(store.openedFor({ keys: workspaceKeys(() => workspace, host) }))
  if (missing === undefined) return
  const { id, environment, cause } = missing
  throw new EscError(
    'key_unavailable',
    `environment '${environment}' is locked with the key file ${id}, which this server does not have`,
    {
      hint: 'give all servers of the database the same key in ESC_KEY, or change to a secrets provider that each can reach',
      cause,
    },
  )
}

/** The first key file that is missing here. `undefined`: all are here, as far as is known. */
export async function missingKeyFile(store: Store): Promise<MissingKey | undefined> {
  const environments = new Map<string, string>()
  for (const name of store.list()) {
    const id = keyFileOf(store, name)
    if (id !== undefined && !environments.has(id)) environments.set(id, name)
  }
  for (const [id, environment] of environments) {
    try {
      await store.environment(environment).unlock()
    } catch (cause) {
      if (cause instanceof EscError && cause.code === 'key_unavailable') return { id, environment, cause }
    }
  }
  return undefined
}

/** The id of the key file that an environment is locked with. `undefined`: it is another key. */
function keyFileOf(store: Store, name: string): string | undefined {
  try {
    return /^v1:default:([^:]+):/.exec(store.environment(name).settings.wrappedDataKey ?? '')?.[1]
  } catch {
    // What is damaged, other probes tell.
    return undefined
  }
}
