import { join } from 'node:path'
import { EscError } from '../errors.ts'
import { createFile, type FileSystem, machineFiles, makeFolders, statusOf } from '../files/index.ts'
import { secretsProviderKind } from '../keys/index.ts'
import { setAt } from '../yaml/index.ts'
import { formatVersion, layout } from './layout.ts'
import { ensureLines, storeFiles } from './store-files.ts'

export interface NewStore {
  /** Label of the store in names such as `local/rotators/ci`. Default: `local`. */
  readonly organization?: string
  /** Secrets provider of new environments. Default: `default`. */
  readonly secretsProvider?: string
}

/** @throws EscError `already_exists` for a folder that is a store. */
export function refuseStore(folder: string, files: FileSystem = machineFiles): void {
  if (statusOf(files, layout.configuration(folder)) === undefined) return
  throw new EscError('already_exists', `a store already exists: ${layout.configuration(folder)}`, {
    hint: 'use it as it is, or name another folder',
  })
}

/** Makes a folder a store, and the folder if need be. Returns the text of its `esc.yaml`. */
export function makeStore(files: FileSystem, folder: string, options: NewStore): string {
  refuseStore(folder, files)
  const secretsProvider = options.secretsProvider ?? 'default'
  secretsProviderKind(secretsProvider)
  makeFolders(files, folder)
  for (const [name, lines] of Object.entries(storeFiles)) ensureLines(files, join(folder, name), lines)
  // Last, because this file is what makes the folder a store.
  let text = `# An esc store: environments, their history and their encrypted secrets.\nversion: ${formatVersion}\n`
  text = setAt(text, ['organization'], options.organization ?? 'local')
  text = setAt(text, ['defaults', 'secretsProvider'], secretsProvider)
  if (!createFile(files, layout.configuration(folder), Buffer.from(text))) {
    throw new EscError('already_exists', `a store already exists: ${layout.configuration(folder)}`)
  }
  return text
}
