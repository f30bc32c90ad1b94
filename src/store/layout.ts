import { join } from 'node:path'
import { type FileSystem, listIfPresent } from '../files/index.ts'

/** The version of the folder's format that this code reads and writes (`docs/store.md`). */
export const formatVersion = 1

/** Where everything is in a store's folder. */
export const layout = {
  configuration: (store: string) => join(store, 'esc.yaml'),
  /** This machine only: never committed. */
  machine: (store: string) => join(store, '.esc'),
  locks: (store: string) => join(store, '.esc', 'locks'),
  /** `+` and the prefix cannot occur in a name, so that no two things share a lock file. */
  lock: (store: string, kind: 'environment' | 'write' | 'store' | 'scheduler' | 'webhooks', name = '') =>
    join(store, '.esc', 'locks', `${kind}+${name.replaceAll('/', '+')}.lock`),
  journal: (store: string, id: string) => join(store, '.esc', 'journal', id),
  webhooks: (store: string) => join(store, '.esc', 'webhooks'),
  seen: (store: string) => join(store, '.esc', 'seen'),
  removed: (store: string) => join(store, '.removed'),
  project: (store: string, project: string) => join(store, project),
  environment: (store: string, name: string) => join(store, ...name.split('/')),
  definition: (environment: string) => join(environment, 'environment.yaml'),
  settings: (environment: string) => join(environment, 'settings.yaml'),
  revisions: (environment: string) => join(environment, 'revisions'),
  revision: (environment: string, number: number) => join(environment, 'revisions', `${number}.yaml`),
  events: (environment: string, kind: string) => join(environment, 'events', `${kind}.jsonl`),
}

/** Whether there is any revision in the folder of an environment. */
export function hasRevisions(files: FileSystem, environment: string): boolean {
  return listIfPresent(files, layout.revisions(environment)).some((name) => /^[1-9][0-9]*\.yaml$/.test(name))
}
