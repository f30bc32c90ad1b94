import { dirname, join } from 'node:path'
import { EscError } from '../../errors.ts'
import {
  type FileSystem,
  ioError,
  machineFiles,
  makeFolders,
  statusOf,
  syncFolder,
  temporaryPath,
  writeTemporary,
} from '../../files/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { Environment } from '../environment.ts'
import { layout } from '../layout.ts'
import type { Lock, StoreRecords } from '../records/records.ts'
import { removeTree } from '../tree.ts'
import { type FilesOfStore, filesOfStore } from './files-of-store.ts'

/** The amount that was copied. */
export interface CopiedStore {
  readonly environments: number
  readonly revisions: number
  readonly bytes: number
}

/** The store in a folder that is copied. */
interface Source {
  readonly files: FileSystem
  readonly folder: string
  readonly environments: readonly Environment[]
}

/**
 * Copies a store in a folder to a database, byte for byte, in one transaction. Nothing is rotated
 * and no key changed meanwhile: the locks of all environments are held. Needs no key; the chain of
 * every history is verified.
 *
 * @throws EscError `already_exists` where the database has a store; `conflict` where a rotation is
 *   unfinished, whose journal is this machine's; `unsaved_edit`, `tampered`, `locked`, `io`.
 */
export async function importStore(source: Source, records: StoreRecords): Promise<CopiedStore> {
  const locks: Lock[] = []
  try {
    for (const environment of source.environments) {
      locks.push(await environment.lock('import'))
      refuseUnfinished(environment)
      verifyChain(environment)
    }
    const content = filesOfStore(source.files, source.folder)
    await records.transaction({ purpose: 'import' }, () => {
      const { files, root } = records
      if (files.exists(layout.configuration(root))) throw taken(root)
      writeFiles(files, root, content)
    })
    return amountOf(content)
  } finally {
    for (const lock of locks) lock.release()
  }
}

/**
 * Copies a store that is kept by `records` to a new folder, byte for byte. The folder appears whole
 * or not at all.
 * @throws EscError `already_exists`, `io`.
 */
export async function exportStore(
  { files, root }: StoreRecords,
  folder: string,
  target: FileSystem = machineFiles,
): Promise<CopiedStore> {
  if (statusOf(target, folder) !== undefined) {
    throw new EscError('already_exists', `${folder} exists already`, { hint: 'name a folder that is to be made' })
  }
  const content = filesOfStore(files, root)
  const above = dirname(folder)
  makeFolders(target, above)
  const staged = temporaryPath(above)
  try {
    target.makeFolder(staged)
    for (const made of writeFiles(target, staged, content)) syncFolder(target, made)
    target.rename(staged, folder)
    syncFolder(target, above)
  } catch (error) {
    removeTree(target, staged)
    throw ioError(error, `cannot write ${folder}`)
  }
  return amountOf(content)
}

/** Returns the folders that were written in. */
function writeFiles(files: FileSystem, folder: string, content: FilesOfStore): ReadonlySet<string> {
  const folders = new Set([folder])
  for (const [path, bytes] of content) {
    const file = join(folder, path)
    for (let above = dirname(file); !folders.has(above); above = dirname(above)) {
      makeFolders(files, above)
      folders.add(above)
    }
    writeTemporary(files, file, bytes)
  }
  return folders
}

/** @throws EscError `tampered`, `store_damaged`. */
function verifyChain(environment: Environment): void {
  const newestFirst = environment.history()
  while (!newestFirst.next().done);
}

function refuseUnfinished(environment: Environment): void {
  const { name } = environment
  if (environment.journal().ids().length > 0) {
    throw new EscError('conflict', `a rotation of environment '${name}' is unfinished`, {
      hint: rich`${step('finish it', { do: 'rotate', environment: name, paths: [] })} first: what it has begun is known to this machine alone`,
    })
  }
  if (environment.definitionState() === 'edited') {
    throw new EscError('unsaved_edit', `${layout.definition(environment.folder)} was edited by hand and is not saved`, {
      hint: rich`${step('save it', { do: 'save-definition', environment: name })}, or ${step('discard it', { do: 'discard-edit', environment: name })}`,
    })
  }
}

function taken(place: string): EscError {
  return new EscError('already_exists', `there is a store already in ${place}`, {
    hint: 'name another database, or another schema of it',
  })
}

function amountOf(content: FilesOfStore): CopiedStore {
  const paths = [...content.keys()]
  return {
    environments: paths.filter((path) => /^[^.][^/]*\/[^/]+\/settings\.yaml$/.test(path)).length,
    revisions: paths.filter((path) => /^[^.][^/]*\/[^/]+\/revisions\/[0-9]+\.yaml$/.test(path)).length,
    bytes: [...content.values()].reduce((sum, bytes) => sum + bytes.length, 0),
  }
}
