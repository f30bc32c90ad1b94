import { existsSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { EscError } from '../../errors.ts'
import { smallText } from '../../files/index.ts'
import { decode, placeOf } from '../../yaml/index.ts'
import { namesServer } from '../servers/server-in-words.ts'

/** The choice that a folder makes for commands in it and below it: its `.esc.yaml`. */
export interface FolderFile {
  /** Path of the file. */
  readonly file: string
  /** Absolute path of a folder, or URL of a server. `undefined`: the store that the file is in. */
  readonly store: string | undefined
  /** Name of an environment, as typed, without a version. */
  readonly environment: string | undefined
}

/** Name of the file. Git tracks it, so it holds no secret. */
export const folderFileName = '.esc.yaml'

type Key = 'store' | 'environment'

const isKey = (text: string): text is Key => text === 'store' || text === 'environment'

/**
 * The nearest `.esc.yaml` in `cwd` or above it. `undefined` when there is none.
 *
 * @throws EscError `invalid_input` naming the file, for one that is not of the form.
 */
export function findFolderFile(cwd: string): FolderFile | undefined {
  for (let folder = resolve(cwd), above = ''; ; folder = above) {
    const file = folder.endsWith(sep) ? folder + folderFileName : folder + sep + folderFileName
    if (existsSync(file)) return readFolderFile(file)
    above = dirname(folder)
    if (above === folder) return undefined
  }
}

function readFolderFile(file: string): FolderFile {
  const text = smallText(file)
  if (text === undefined) throw malformed(file, 'is not a regular file of up to 1 MiB that can be read')
  const { node, diagnostics, failed, rest } = decode(file, text)
  const [first] = diagnostics
  if (failed) throw malformed((first && placeOf(first)) ?? file, first?.summary ?? 'cannot be read')
  if (rest !== undefined) throw malformed(file, 'goes on behind its first YAML document')
  if (node?.kind !== 'object') throw malformed(file, 'holds no mapping')
  const data: Partial<Record<Key, string>> = {}
  for (const { key, value } of node.entries) {
    if (!isKey(key.value)) throw malformed(file, `has no key ${JSON.stringify(key.value)}`)
    if (value.kind !== 'string' || value.value.trim() === '') throw malformed(file, `says no text for ${key.value}`)
    if (key.value in data) throw malformed(file, `says ${key.value} twice`)
    data[key.value] = value.value.trim()
  }
  const { store, environment } = data
  if (environment !== undefined && /[@:]/.test(environment)) {
    throw malformed(file, `names a version: ${JSON.stringify(environment)}`)
  }
  return { file, store: store && (namesServer(store) ? store : resolve(dirname(file), store)), environment }
}

function malformed(place: string, problem: string): EscError {
  return new EscError('invalid_input', `${place}: ${problem}`, {
    hint: 'write "store: FOLDER-OR-URL", "environment: NAME", or both',
  })
}
