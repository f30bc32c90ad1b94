import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { machineFiles, smallText } from '../../files/index.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { environmentName, layout } from '../../store/index.ts'
import { ABOUT, EDITED_PREFIX } from '../opening/temporary-folder.ts'

/** The environment that a file on this machine is the definition of. */
export interface DocumentLocation {
  /** The folder of the store. */
  readonly store: string
  /** Such as `app/dev`. */
  readonly environment: string
  /** True for a copy that somebody edits, which has more below the definition. */
  readonly isCopy: boolean
}

const DEFINITION = 'environment.yaml'

/**
 * Finds the environment whose definition a file is: `environment.yaml` in the folder of a store, or
 * the copy that somebody edits. Undefined: it is neither. Opens no store.
 */
export function locateDocument(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): DocumentLocation | undefined {
  if (basename(file) !== DEFINITION) return undefined
  const folder = dirname(file)
  return locateInStore(folder) ?? locateEdit(folder, env)
}

function locateInStore(folder: string): DocumentLocation | undefined {
  const store = dirname(dirname(folder))
  const name = nameOf(`${basename(dirname(folder))}/${basename(folder)}`)
  if (name === undefined || !machineFiles.exists(layout.configuration(store))) return undefined
  return { store, environment: name, isCopy: false }
}

function nameOf(text: string): string | undefined {
  try {
    return environmentName(text)
  } catch {
    return undefined
  }
}

/**
 * The note is believed only in a folder of temporary files that is the user's own: elsewhere it may
 * have come with a repository.
 */
function locateEdit(folder: string, env: Readonly<Record<string, string | undefined>>): DocumentLocation | undefined {
  if (!basename(folder).startsWith(EDITED_PREFIX) || !isTemporary(dirname(folder), env)) return undefined
  const status = machineFiles.lstat(folder)
  if (status?.kind !== 'folder' || status.owner !== process.getuid?.()) return undefined
  const note = readNote(join(folder, ABOUT))
  if (!isJsonObject(note) || typeof note.store !== 'string' || typeof note.environment !== 'string') return undefined
  const environment = nameOf(note.environment)
  return environment === undefined ? undefined : { store: note.store, environment, isCopy: true }
}

function readNote(file: string): Json | undefined {
  try {
    const text = smallText(file)
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}

function isTemporary(folder: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const known = [env.TMPDIR, tmpdir(), '/tmp'].filter((each) => each !== undefined && each !== '')
  const path = realPath(folder)
  return known.some((each) => realPath(each as string) === path)
}

function realPath(path: string): string {
  try {
    return machineFiles.realPath(path)
  } catch {
    return path
  }
}
