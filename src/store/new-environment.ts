import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { type FileSystem, makeFolders, statusOf, temporaryPath } from '../files/index.ts'
import type { NewKey } from '../keys/index.ts'
import { setAt } from '../yaml/index.ts'
import { refuseTaken } from './environments.ts'
import { layout } from './layout.ts'
import { removeTemporaries } from './locks/leftovers.ts'
import { type Author, digestOf, formatRevision } from './revisions/revision-file.ts'
import { publish, type StagedEnvironment, stage } from './revisions/staging.ts'
import { Settings, sealSettings } from './settings/settings.ts'
import { removeTree } from './tree.ts'

export interface NewEnvironment {
  readonly author: Author
  readonly created: Date
  /** Text of revision 1. Default: empty. */
  readonly definition?: string
  /** Default: the store's. */
  readonly secretsProvider?: string
  /**
   * Its data key, made before (`Additions.prepareKey`). Default: one is made when it is first
   * needed.
   */
  readonly key?: PreparedKey
}

/** The data key of an environment that is yet to be made, under the id that its owner has. */
export interface PreparedKey extends NewKey {
  readonly secretsProvider: string
}

/** An environment with an id of its own and one revision. */
export function newEnvironment(options: NewEnvironment, secretsProvider: string): StagedEnvironment {
  const { author, created, definition = '', key: prepared } = options
  const first = formatRevision({ number: 1, created, author, change: 'create', details: {} }, definition)
  const content = { revisions: [first], definition: () => definition }
  const id = prepared?.key.owner.id ?? randomUUID()
  if (prepared === undefined)
    return { ...content, settings: setAt(`id: ${id}\n`, ['secretsProvider'], secretsProvider) }
  const plain = new Settings(`id: ${id}\n`, 'settings.yaml')
  const fields = {
    secretsProvider: prepared.secretsProvider,
    wrappedDataKey: prepared.wrapped,
    sealedFrom: 2,
    sealedAfter: digestOf(first),
  }
  return { ...content, settings: plain.with(sealSettings(plain, fields, prepared.key)) }
}

/**
 * Makes an environment appear, whole. For the holder of the store's lock. @throws
 * EscError `already_exists`.
 */
export function addEnvironment(files: FileSystem, store: string, name: string, content: StagedEnvironment): void {
  const folder = layout.environment(store, name)
  refuseTaken(files, store, name)
  const project = dirname(folder)
  const isFirst = statusOf(files, project) === undefined
  try {
    makeFolders(files, project)
    removeTemporaries(files, project)
    const staged = temporaryPath(project)
    stage(files, staged, content)
    try {
      publish(files, staged, folder)
    } catch (error) {
      removeTree(files, staged)
      throw error
    }
  } catch (error) {
    if (isFirst) removeEmptyFolder(files, project)
    throw error
  }
}

/**
 * Takes back an environment that was made a moment ago and holds nothing yet. For the
 * holder of the store's lock.
 */
export function takeBackEnvironment(files: FileSystem, store: string, name: string): void {
  const folder = layout.environment(store, name)
  removeTree(files, folder)
  removeEmptyFolder(files, dirname(folder))
}

function removeEmptyFolder(files: FileSystem, folder: string): void {
  try {
    if (files.list(folder).length === 0) files.removeFolder(folder)
  } catch {
    // An empty folder is no harm, and git does not keep it.
  }
}
