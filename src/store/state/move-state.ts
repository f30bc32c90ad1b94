import { basename, dirname, join } from 'node:path'
import {
  createFile,
  type FileSystem,
  ioError,
  listIfPresent,
  makeFolders,
  removeFile,
  syncFolder,
} from '../../files/index.ts'
import { entryFile, entryNames } from '../journal/journal-file.ts'
import { syncAbove } from '../sync-above.ts'
import { inheritMemory } from './inherit-memory.ts'
import type { StoreState } from './state.ts'
import { stateLayout } from './state-layout.ts'

interface Move {
  /** The `.esc` of an earlier version. */
  readonly from: string
  readonly state: StoreState
  /** Everything but journal entries stays: it cannot be told from something that was put there. */
  readonly journalsOnly: boolean
  /** True when a lock file stands for a process that runs. */
  readonly isHeld: (lock: string) => boolean
}

/** Larger files are left where they are, in bytes: no state of a machine is so large. */
const mostBytes = 256 << 20

/** Files of a folder, by path below it, that go to the same path in the state of the store. */
const plain = [
  /^audit\/\d{4}-\d{2}-[A-Za-z0-9_-]+\.jsonl$/,
  /^seen\/audit\+(?:beside|repository)(?:\+verified)?\.json$/,
  /^webhooks\/(?:next|(?:events|pending)\/[A-Za-z0-9-]+\.(?:json|expected)|ended\/[A-Za-z0-9-]+\/[A-Za-z0-9._-]+\.json)$/,
  /^leaving\/[0-9a-f]+\.json$/,
  /^selected$/,
]

/** Files that mean nothing any more. */
const worthless = [/^(?:.*\/)?\.tmp-[^/]*$/, /^locks\/[^/]+$/, /^opened\/[^/]+$/]

/**
 * Moves what an earlier version kept. Each file is whole, and on the disk, at its new
 * place before it is removed from the old one; what is there already is never replaced.
 * For the holder of the lock.
 */
export function moveState(files: FileSystem, { from, state, journalsOnly, isHeld }: Move): void {
  for (const path of filesBelow(files, from)) {
    const old = join(from, path)
    const [, id, name] = /^journal\/([0-9A-Za-z-]{8,64})\/([^./][^/]*\.entry)$/.exec(path) ?? []
    if (id !== undefined && name !== undefined) moveEntry(files, old, { id, name, state })
    if (id !== undefined || journalsOnly) continue
    if (worthless.some((pattern) => pattern.test(path))) {
      if (!path.startsWith('locks/') || !isHeld(old)) removeFile(files, old)
    } else if (/^seen\/[0-9A-Za-z-]{8,64}\.json$/.test(path)) {
      const memory = inheritMemory(files.readText(old))
      if (memory !== undefined) create(files, join(stateLayout.seen(state.folder), basename(path)), Buffer.from(memory))
      removeFile(files, old)
    } else if (
      plain.some((pattern) => pattern.test(path)) &&
      (!path.startsWith('webhooks/') || hasSoundIds(files.readText(old)))
    ) {
      movePlain(files, old, join(state.folder, path))
    }
  }
  removeEmptyFolders(files, from)
  syncFolder(files, dirname(from))
}

/** The name says which store it is of, because the entry itself does not. */
function moveEntry(
  files: FileSystem,
  old: string,
  { id, name, state }: { readonly id: string; readonly name: string; readonly state: StoreState },
): void {
  const [entry] = entryNames([name])
  if (entry === undefined || entry.mark !== undefined || entry.movedFrom !== undefined) return
  const folder = stateLayout.journal(state.machine, id)
  const target = join(folder, entryFile(entry.id, basename(state.folder)))
  const bytes = files.readFile(old)
  const made = create(files, target, bytes)
  // An earlier one of that name is still to be finished; this one waits where it is.
  if (!made && !equal(files.readFile(target), bytes)) return
  // Whoever made the folder may have been killed before its name was on the disk.
  syncFolder(files, folder)
  syncAbove(files, folder, state.machine)
  remove(files, old, made ? target : undefined)
}

/** A file that is there already has gone on since: then this is its beginning, or of no use. */
function movePlain(files: FileSystem, old: string, target: string): void {
  const bytes = files.readFile(old)
  if (!create(files, target, bytes)) {
    const present = Buffer.from(files.readFile(target))
    const log = target.endsWith('.jsonl')
    if (log && !present.subarray(0, bytes.length).equals(bytes)) return
  }
  syncFolder(files, dirname(target))
  removeFile(files, old)
}

/**
 * Ids and names of webhooks become parts of paths. Each must be a plain name, wherever it stands.
 */
function hasSoundIds(json: string): boolean {
  const isSound = (value: unknown, key = ''): boolean => {
    if (value !== null && typeof value === 'object') {
      return Object.entries(value).every(([name, member]) => isSound(member, name))
    }
    return !(key === 'id' || key === 'webhook') || (typeof value === 'string' && /^[\w-]{1,100}$/.test(value))
  }
  try {
    return isSound(JSON.parse(json))
  } catch {
    return false
  }
}

function create(files: FileSystem, target: string, bytes: Uint8Array): boolean {
  makeFolders(files, dirname(target), 0o700)
  return createFile(files, target, bytes, { mode: 0o600 })
}

/**
 * Where it cannot be removed, as on a read-only disk, it must not be in two places: it would come
 * back once it was finished.
 */
function remove(files: FileSystem, old: string, made: string | undefined): void {
  try {
    removeFile(files, old)
    syncFolder(files, dirname(old))
  } catch (error) {
    if (made !== undefined && files.exists(old)) removeFile(files, made)
    throw ioError(error, `cannot remove ${old}`)
  }
}

/**
 * Paths of regular files below a folder, with `/`. Links and whatever they
 * lead to are not looked at.
 */
function* filesBelow(files: FileSystem, folder: string, prefix = ''): Generator<string> {
  for (const name of listIfPresent(files, folder).sort()) {
    const path = join(folder, name)
    const status = files.lstat(path)
    if (status?.kind === 'folder') yield* filesBelow(files, path, `${prefix}${name}/`)
    else if (status?.kind === 'file' && status.size <= mostBytes) yield prefix + name
  }
}

function removeEmptyFolders(files: FileSystem, folder: string): void {
  for (const name of listIfPresent(files, folder)) {
    const path = join(folder, name)
    if (files.lstat(path)?.kind === 'folder') removeEmptyFolders(files, path)
  }
  if (listIfPresent(files, folder).length > 0) return
  try {
    files.removeFolder(folder)
  } catch {}
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(other)
}
