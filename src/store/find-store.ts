import { basename, dirname, join, resolve } from 'node:path'
import { EscError } from '../errors.ts'
import type { FileSystem } from '../files/index.ts'
import { rich, step, type Text } from '../rich-text.ts'
import { restoreHint } from './environment-context.ts'
import { listWithUnreadable } from './environments.ts'
import { layout } from './layout.ts'

/**
 * The folder of the store that `from` is in: the nearest folder upwards that has an `esc.yaml`, or
 * whose `environments` has one.
 *
 * @throws EscError `not_found`. Where environments are there without it, the hint names the file.
 */
export function findStoreFolder(files: FileSystem, from: string): string {
  for (const folder of candidates(from)) if (files.exists(layout.configuration(folder))) return folder
  throw noStore(files, from)
}

function* candidates(from: string): Generator<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    yield folder
    yield join(folder, 'environments')
    if (dirname(folder) === folder) return
  }
}

function noStore(files: FileSystem, from: string): EscError {
  for (const folder of candidates(from)) {
    // Under any other name, what looks like environments may belong to something else.
    if (basename(folder) !== 'environments' || !files.exists(folder)) continue
    if (listWithUnreadable(files, folder).names.length === 0) continue
    return notFound(from, `${layout.configuration(folder)} is missing beside environments: ${restoreHint}`)
  }
  return notFound(from, rich`${step('make one', { do: 'create-store' })}, or go to the folder of one`)
}

function notFound(from: string, hint: Text): EscError {
  return new EscError('not_found', `there is no esc store in ${resolve(from)} or above it`, { hint })
}
