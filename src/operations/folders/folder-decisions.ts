import { hash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { configFolder } from '../../keys/index.ts'

/** The decisions of a person about one `.esc.yaml`, on this machine. */
export interface FolderDecision {
  /** Digest of the choice that was allowed (`choiceDigest`). `undefined`: none was. */
  readonly allowed?: string
  /** Environment that was selected in place of the file's. */
  readonly selected?: string
}

type Variables = Readonly<Record<string, string | undefined>>

const fileName = 'folders'

/** Names what a `.esc.yaml` chooses: another choice asks again. */
export function choiceDigest(choice: {
  readonly store: string | undefined
  readonly environment: string | undefined
}): string {
  return hash('sha256', JSON.stringify([choice.store ?? null, choice.environment ?? null]), 'hex')
}

/** `undefined`: nothing was decided. A file of decisions that cannot be read counts as none. */
export function readFolderDecision(env: Variables, file: string): FolderDecision | undefined {
  const all = readAll(env)
  const key = realpathSync(file)
  return Object.hasOwn(all, key) ? all[key] : undefined
}

/** Changes the decision about a file. `undefined` takes a part of it back. */
export async function changeFolderDecision(
  env: Variables,
  file: string,
  change: { readonly [Part in keyof FolderDecision]: string | undefined },
): Promise<void> {
  const { Conf } = await import('../../vendor/conf.ts')
  const key = realpathSync(file)
  const all = readAll(env)
  const changed = Object.entries({ ...all[key], ...change }).filter(([, value]) => value !== undefined)
  const conf = new Conf({ cwd: configFolder(env), configName: fileName, configFileMode: 0o600 })
  conf.set('folders', { ...all, [key]: Object.fromEntries(changed) })
}

function readAll(env: Variables): Readonly<Record<string, FolderDecision>> {
  const path = join(configFolder(env), `${fileName}.json`)
  if (!existsSync(path)) return {}
  try {
    const { folders } = JSON.parse(readFileSync(path, 'utf8')) as { folders?: Record<string, FolderDecision> }
    return typeof folders === 'object' && folders !== null ? folders : {}
  } catch {
    return {}
  }
}
