import { EscError } from '../errors.ts'
import { type FileSystem, listIfPresent } from '../files/index.ts'
import { nearest } from '../suggestion.ts'
import { isEnvironmentPart } from './environment-name.ts'
import { hasRevisions, layout } from './layout.ts'
import { finishSwap, swappedName } from './swap.ts'

/** Names of all environments of a store, sorted by code unit. @throws EscError `store_damaged` for a folder that is a link. */
export function listEnvironments(files: FileSystem, store: string): string[] {
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

function listProjects(files: FileSystem, store: string): string[] {
  return listIfPresent(files, store).filter(isEnvironmentPart).sort()
}

function listProject(files: FileSystem, store: string, project: string): string[] {
  const swapped = (name: string) => swappedName(name) ?? name
  const entries = new Set(listIfPresent(files, layout.project(store, project)).map(swapped).filter(isEnvironmentPart))
  const names = [...entries].sort().map((name) => `${project}/${name}`)
  return names.filter((name) => hasEnvironment(files, store, name))
}

/** `name`: project and name. */
export function hasEnvironment(files: FileSystem, store: string, name: string): boolean {
  const folder = layout.environment(store, name)
  const there = () => files.exists(layout.settings(folder))
  // Revisions without settings, and so without the key, are a damaged environment and not none.
  return there() || (finishSwap(files, folder) && there()) || hasRevisions(files, folder)
}

/** With the nearest name there is. */
export function noSuchEnvironment(files: FileSystem, store: string, name: string): EscError {
  const others = listEnvironments(files, store)
  const similar = nearest(name, others) ?? others.find((other) => other.split('/')[1] === name.split('/')[1])
  return new EscError('not_found', `environment '${name}' does not exist`, {
    hint:
      similar === undefined
        ? `\`esc env ls\` lists the environments of ${store}; \`esc env init ${name}\` makes a new one`
        : `did you mean '${similar}'?`,
  })
}

/** @throws EscError `already_exists` when a new environment cannot have the name. */
export function refuseTaken(files: FileSystem, store: string, name: string): void {
  const [project, own] = name.split('/') as [string, string]
  // Names that differ only in case are one name to macOS and Windows: such a store could not be checked out there.
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
