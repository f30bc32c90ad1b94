import { EscError } from '../errors.ts'
import { type FileSystem, listIfPresent } from '../files/index.ts'
import { rich, step } from '../rich-text.ts'
import { nearest } from '../suggestion.ts'
import { isEnvironmentPart } from './environment-name.ts'
import { hasEnvironment } from './has-environment.ts'
import { layout } from './layout.ts'
import { swappedName } from './revisions/swap.ts'

/**
 * Names of all environments of a store, sorted by code unit. @throws EscError `store_damaged` for
 * a folder that is a link.
 */
export function environmentNames(files: FileSystem, store: string): string[] {
  return listProjects(files, store).flatMap((project) => listProject(files, store, project))
}

/** The same without what cannot be read. */
export function listReadable(files: FileSystem, store: string): string[] {
  return listProjects(files, store).flatMap((project) => {
    try {
      return listProject(files, store, project)
    } catch {
      return []
    }
  })
}

/**
 * The environments of a store, and what cannot be looked into: an environment, or a whole project.
 */
export interface EnvironmentListing {
  readonly names: readonly string[]
  readonly unreadable: readonly { readonly name: string; readonly error: unknown }[]
}

/** As `listEnvironments`; what cannot be looked into hides none of the others. */
export function listWithUnreadable(files: FileSystem, store: string): EnvironmentListing {
  const names: string[] = []
  const unreadable: { name: string; error: unknown }[] = []
  const attempt = (name: string, act: () => void) => {
    try {
      act()
    } catch (error) {
      unreadable.push({ name, error })
    }
  }
  for (const project of listProjects(files, store)) {
    attempt(project, () => {
      for (const name of namesIn(files, store, project)) {
        attempt(name, () => {
          if (hasEnvironment(files, store, name)) names.push(name)
        })
      }
    })
  }
  return { names, unreadable }
}

function listProjects(files: FileSystem, store: string): string[] {
  return listIfPresent(files, store).filter(isEnvironmentPart).sort()
}

function listProject(files: FileSystem, store: string, project: string): string[] {
  return namesIn(files, store, project).filter((name) => hasEnvironment(files, store, name))
}

/** The names in a project that may be environments. */
function namesIn(files: FileSystem, store: string, project: string): string[] {
  const swapped = (name: string) => swappedName(name) ?? name
  const entries = new Set(listIfPresent(files, layout.project(store, project)).map(swapped).filter(isEnvironmentPart))
  return [...entries].sort().map((name) => `${project}/${name}`)
}

/** With the nearest name there is. */
export function noSuchEnvironment(files: FileSystem, store: string, name: string): EscError {
  const others = environmentNames(files, store)
  const similar = nearest(name, others) ?? others.find((other) => other.split('/')[1] === name.split('/')[1])
  return new EscError('not_found', `environment '${name}' does not exist`, {
    hint:
      similar === undefined
        ? rich`${step(`list the environments of ${store}`, { do: 'list-environments' })}, or ${step('make a new one', { do: 'create-environment', environment: name })}`
        : `did you mean '${similar}'?`,
  })
}

/** @throws EscError `already_exists` when a new environment cannot have the name. */
export function refuseTaken(files: FileSystem, store: string, name: string): void {
  const [project, own] = name.split('/') as [string, string]
  // Names that differ only in case are one name to macOS and Windows: such a store could
  // not be checked out there.
  const same = (one: string) => (other: string) => one !== other && one.toLowerCase() === other.toLowerCase()
  const otherProject = listIfPresent(files, store).find(same(project))
  const otherName = listIfPresent(files, layout.project(store, project)).find(same(own))
  const other = otherProject ?? (otherName && `${project}/${otherName}`)
  if (other !== undefined) {
    throw new EscError('already_exists', `'${name}' differs from the existing '${other}' only in case`, {
      hint: 'choose another name: some file systems take these for the same',
    })
  }
  if (hasEnvironment(files, store, name)) {
    throw new EscError('already_exists', `environment '${name}' already exists`)
  }
}
