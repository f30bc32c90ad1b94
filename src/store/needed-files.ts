import { join } from 'node:path'
import { recipientsFile } from '../keys/index.ts'
import { layout, revisionNumber } from './layout.ts'
import { archiveNamed } from './revisions/archive/archive-name.ts'
import { storeFiles } from './store-files.ts'

/**
 * Files and folders of an environment without which a clone could not open its newest revision,
 * or would lack its history.
 */
export function neededOfEnvironment(environment: string): string[] {
  const folders = [layout.revisions(environment), join(environment, 'events')]
  return [layout.definition(environment), layout.settings(environment), ...folders]
}

/**
 * Files beside them that every clone needs. A person may be at work in them, so they count
 * only until git has them.
 */
export function neededOfStore(store: string, environments: readonly string[]): string[] {
  const lists = [store, ...environments].map((folder) => join(folder, recipientsFile))
  return [layout.configuration(store), ...Object.keys(storeFiles).map((name) => join(store, name)), ...lists]
}

/**
 * True when a file lies among the revisions or events of an environment and is none, such as the
 * copy of an editor. `path` is relative to the store.
 */
export function isStray(path: string): boolean {
  const [folder, name] = path.split('/').slice(-2) as [string, string]
  if (folder === 'revisions') return revisionNumber(name) === undefined && archiveNamed(name) === undefined
  return folder === 'events' && !name.endsWith('.jsonl') && !name.endsWith('.archive')
}
