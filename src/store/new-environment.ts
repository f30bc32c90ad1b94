import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { type FileSystem, makeFolders, temporaryPath } from '../files/index.ts'
import { setAt } from '../syntax/index.ts'
import { refuseTaken } from './environments.ts'
import { layout } from './layout.ts'
import { removeTemporaries } from './leftovers.ts'
import { type Author, formatRevision } from './revision-file.ts'
import { publish, type StagedEnvironment, stage } from './staging.ts'
import { removeTree } from './tree.ts'

export interface NewEnvironment {
  readonly author: Author
  readonly created: Date
  /** Text of revision 1. Default: empty. */
  readonly definition?: string
  /** Default: the store's. */
  readonly secretsProvider?: string
}

/** An environment with an id of its own and one revision. */
export function newEnvironment(options: NewEnvironment, secretsProvider: string): StagedEnvironment {
  const { author, created, definition = '' } = options
  const first = formatRevision({ number: 1, created, author, change: 'create', details: {} }, definition)
  const settings = setAt(`id: ${randomUUID()}\n`, ['secretsProvider'], secretsProvider)
  return { settings, revisions: [first], definition: () => definition }
}

/** Makes an environment appear, whole. For the holder of the store's lock. @throws EscError `already_exists`. */
export function addEnvironment(files: FileSystem, store: string, name: string, content: StagedEnvironment): void {
  const folder = layout.environment(store, name)
  refuseTaken(files, store, name)
  makeFolders(files, dirname(folder))
  removeTemporaries(files, dirname(folder))
  const staged = temporaryPath(dirname(folder))
  stage(files, staged, content)
  try {
    publish(files, staged, folder)
  } catch (error) {
    removeTree(files, staged)
    throw error
  }
}
