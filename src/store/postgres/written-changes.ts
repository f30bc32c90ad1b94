import { type AddedRows, addedRows } from './append-rows.ts'
import type { Replica } from './replica.ts'
import type { EnvironmentFiles } from './rows.ts'
import { type Bytes, filesBelow, isTemporary, type Tree, type TreeChange, TreeFolder } from './tree.ts'

/** Everything that a transaction has changed. */
export interface Written {
  /** By the place of each. */
  readonly environments: ReadonlyMap<string, EnvironmentFiles | undefined>
  /** The environment to which nothing but rows was added, where that is all that was done. */
  readonly added: AddedRows | undefined
  readonly storeFiles: ReadonlyMap<string, Bytes | undefined>
  /** Temporary names that are no more. */
  readonly gone: readonly string[]
}

/** Tells environments from other files in what was changed. */
export function writtenBy(changes: readonly TreeChange[], tree: Tree, replica: Replica): Written {
  const paths = changes.map(({ path }) => path)
  const added = addedBy(changes, tree, replica)
  if (added !== undefined) {
    const gone = paths.filter((path) => isTemporary(path))
    return { environments: new Map(), added, storeFiles: new Map(), gone }
  }
  const places = new Set<string>()
  const loose = new Set<string>()
  const gone: string[] = []
  for (const path of new Set(paths)) {
    const parts = path.split('/')
    if (isTemporary(path)) {
      if (tree.find(path) === undefined) gone.push(path)
      continue
    }
    const place = parts.slice(0, 2).join('/')
    const isFolder = tree.find(place) instanceof TreeFolder || replica.at(place) !== undefined
    if (parts.length >= 2 && isFolder) places.add(place)
    // A project's folder means nothing by itself.
    else if (parts.length > 1 || !(tree.find(path) instanceof TreeFolder)) loose.add(path)
  }
  const environments = new Map<string, EnvironmentFiles | undefined>()
  const storeFiles = new Map<string, Bytes | undefined>()
  for (const place of places) {
    const found = tree.find(place)
    const files = found instanceof TreeFolder ? filesBelow(found) : undefined
    if (files?.has('settings.yaml') || replica.at(place) !== undefined) environments.set(place, files)
    else for (const [file, content] of files ?? []) storeFiles.set(`${place}/${file}`, content)
  }
  for (const path of loose) {
    const found = tree.find(path)
    if (found instanceof TreeFolder) continue
    if (found !== undefined || replica.hasStoreFile(path)) storeFiles.set(path, found)
  }
  return { environments, added, storeFiles, gone }
}

/** The rows that were added to one environment. `undefined`: more than that was done. */
function addedBy(changes: readonly TreeChange[], tree: Tree, replica: Replica): AddedRows | undefined {
  const [first] = changes
  const place = first?.path.split('/').slice(0, 2).join('/') ?? ''
  const before = replica.at(place)
  if (before === undefined) return undefined
  const paths = new Set<string>()
  for (const { path, before: old, after } of changes) {
    if (!path.startsWith(`${place}/`) || old instanceof TreeFolder || after instanceof TreeFolder) return undefined
    if (!isTemporary(path)) paths.add(path.slice(place.length + 1))
    else if (tree.find(path) !== undefined) return undefined
  }
  const changed = new Map<string, Bytes>()
  for (const path of paths) {
    const content = tree.find(`${place}/${path}`)
    if (content === undefined || content instanceof TreeFolder) return undefined
    changed.set(path, content)
  }
  return addedRows(before, changed)
}
