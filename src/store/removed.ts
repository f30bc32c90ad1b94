import { dirname, join } from 'node:path'
import { EscError } from '../errors.ts'
import {
  createFile,
  type FileSystem,
  listIfPresent,
  makeFolders,
  readIfPresent,
  removeQuietly,
  syncFolder,
} from '../files/index.ts'
import { rich, step } from '../rich-text.ts'
import type { Environment } from './environment.ts'
import { layout } from './layout.ts'
import type { Author } from './revisions/revision-file.ts'
import { publish } from './revisions/staging.ts'

/** An environment that was removed and can be brought back. */
export interface RemovedEnvironment {
  readonly name: string
  readonly id: string
  /** The place where it is now, whole. */
  readonly folder: string
  /** Absent when the process died before it could say. */
  readonly at?: Date
  /** Email, or a name. */
  readonly by?: string
}

const tombstone = 'removed.json'

/** All removed environments, the last removed first. */
export function listRemoved(files: FileSystem, store: string): RemovedEnvironment[] {
  const removed = listIfPresent(files, layout.removed(store)).flatMap((entry) => {
    // `+` occurs in no name and no id.
    const [project, own, id, ...rest] = entry.split('+')
    if (project === undefined || own === undefined || id === undefined || rest.length > 0) return []
    const folder = join(layout.removed(store), entry)
    return [{ name: `${project}/${own}`, id, folder, ...readTombstone(files, folder) }]
  })
  return removed.sort((a, b) => (b.at?.getTime() ?? 0) - (a.at?.getTime() ?? 0))
}

/**
 * @throws EscError `conflict` while it is protected, or its journal holds credentials
 *   of an unfinished rotation.
 */
export function refuseRemoval(environment: Environment): void {
  const { name } = environment
  if (environment.settings.deletionProtected) {
    throw new EscError('conflict', `environment '${name}' is protected from deletion`, {
      hint: rich`${step('turn the protection off', { do: 'allow-removal', environment: name })}`,
    })
  }
  if (environment.journal().ids().length > 0) {
    throw new EscError('conflict', `a rotation of environment '${name}' is unfinished`, {
      hint: rich`${step('finish it', { do: 'rotate', environment: name, paths: [] })} first, so that no credential is lost; ${step('look at what is unfinished', { do: 'show-journal', environment: name })}`,
    })
  }
}

/** Moves an environment's folder into `.removed/`, whole. For the holder of its locks. */
export function moveAway(
  files: FileSystem,
  store: string,
  environment: Environment,
  by: { readonly author: Author; readonly removed: Date },
): void {
  const { folder, id, name } = environment
  const content = { at: by.removed.toISOString(), by: by.author.email ?? by.author.name, name }
  const to = join(layout.removed(store), `${name.replace('/', '+')}+${id}`)
  makeFolders(files, layout.removed(store))
  files.rename(folder, to)
  syncFolder(files, layout.removed(store))
  syncFolder(files, dirname(folder))
  createFile(files, join(to, tombstone), Buffer.from(`${JSON.stringify(content)}\n`))
  try {
    files.removeFolder(dirname(folder))
  } catch {
    // The project has other environments.
  }
}

/** Moves a removed environment back. Its name must be free. */
export function moveBack(files: FileSystem, store: string, { folder, name }: RemovedEnvironment): void {
  const to = layout.environment(store, name)
  makeFolders(files, dirname(to))
  publish(files, folder, to)
  syncFolder(files, layout.removed(store))
  // Says nothing any more; what a crash leaves of it, `check` finds.
  removeQuietly(files, tombstonePath(to))
}

/** @throws EscError `not_found`. */
export function findRemoved(removed: readonly RemovedEnvironment[], name: string, id?: string): RemovedEnvironment {
  const found = removed.find((one) => one.name === name && (id === undefined || one.id === id))
  if (found !== undefined) return found
  const names = [...new Set(removed.map((one) => one.name))].join(', ')
  throw new EscError(
    'not_found',
    `there is no removed environment '${name}'${id === undefined ? '' : ` with id ${id}`}`,
    {
      hint: names === '' ? 'nothing has been removed from this store' : `removed are: ${names}`,
    },
  )
}

/** Returns the place where a removed environment says when and by whom. */
export function tombstonePath(folder: string): string {
  return join(folder, tombstone)
}

function readTombstone(files: FileSystem, folder: string): { at?: Date; by?: string } {
  try {
    const { at, by } = JSON.parse(Buffer.from(readIfPresent(files, tombstonePath(folder)) ?? []).toString())
    const date = new Date(at)
    return {
      ...(Number.isNaN(date.getTime()) ? {} : { at: date }),
      ...(typeof by === 'string' ? { by } : {}),
    }
  } catch {
    return {}
  }
}
