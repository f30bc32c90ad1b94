import { sep } from 'node:path'
import { type FileSystem, listIfPresent } from '../files/index.ts'

/** The version of the folder's format that new stores have (`docs/store.md`). */
export const formatVersion = 1

/**
 * The version of stores in which revisions may be in archives: the highest that this code reads.
 */
export const archivesVersion = 2

/**
 * As `join`, which takes a name apart first, of a folder and names that are as they should be: this
 * is asked a hundred times a start.
 */
function within(folder: string, ...names: readonly string[]): string {
  return folder + sep + names.join(sep)
}

/** The place where everything is in a store's folder. `stateLayout` has what is kept outside it. */
export const layout = {
  configuration: (store: string) => within(store, 'esc.yaml'),
  /** The place where versions before kept what `stateLayout` now places outside the store. */
  earlierState: (store: string) => within(store, '.esc'),
  removed: (store: string) => within(store, '.removed'),
  project: (store: string, project: string) => within(store, project),
  environment: (store: string, name: string) => within(store, ...name.split('/')),
  definition: (environment: string) => within(environment, 'environment.yaml'),
  settings: (environment: string) => within(environment, 'settings.yaml'),
  revisions: (environment: string) => within(environment, 'revisions'),
  revision: (environment: string, number: number) => within(environment, 'revisions', `${number}.yaml`),
  events: (environment: string, kind: string) => within(environment, 'events', `${kind}.jsonl`),
}

/** True when there is any revision in the folder of an environment. */
export function hasRevisions(files: FileSystem, environment: string): boolean {
  return listIfPresent(files, layout.revisions(environment)).some((name) => revisionNumber(name) !== undefined)
}

/**
 * Number of the revision that a file name in `revisions/` stands for. Undefined:
 * the file is no revision.
 */
export function revisionNumber(name: string): number | undefined {
  const number = /^([1-9][0-9]{0,14})\.yaml$/.exec(name)?.[1]
  return number === undefined ? undefined : Number(number)
}
