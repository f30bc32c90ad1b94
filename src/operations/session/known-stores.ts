import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configFolder } from '../../keys/index.ts'

/** The stores that a user has logged in to: `config.json` of their configuration folder. */
export interface KnownStores {
  /** Folder of the store that commands use where no other is named or found. */
  readonly current: string | undefined
  /** Folders of all stores. Each is known by its label, which is in its own `esc.yaml`. */
  readonly folders: readonly string[]
  /** The name that the user has given. Undefined: nothing. */
  readonly user?: string
}

type Variables = Readonly<Record<string, string | undefined>>

const fileName = 'config'

const nothing: KnownStores = { current: undefined, folders: [] }

/** A file that cannot be read counts as empty: it only spares typing. */
export function readKnownStores(env: Variables): KnownStores {
  try {
    const file = join(configFolder(env), `${fileName}.json`)
    // An error takes longer to make than all else here, and most people have no such file.
    if (!existsSync(file)) return nothing
    const text = readFileSync(file, 'utf8')
    const { current, stores, user } = JSON.parse(text) as { current?: unknown; stores?: unknown; user?: unknown }
    const folders = Array.isArray(stores) ? stores.filter((each) => typeof each === 'string') : []
    return {
      current: typeof current === 'string' ? current : undefined,
      folders,
      user: typeof user === 'string' ? user : undefined,
    }
  } catch {
    return nothing
  }
}

export async function writeKnownStores(env: Variables, { current, folders, user }: KnownStores): Promise<void> {
  const { Conf } = await import('../../vendor/conf.ts')
  const file = new Conf({ cwd: configFolder(env), configName: fileName })
  file.set('stores', [...folders])
  if (current === undefined) file.delete('current')
  else file.set('current', current)
  if (user === undefined) file.delete('user')
  else file.set('user', user)
}
