import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { EscError } from '../../../errors.ts'
import { type FileSystem, listIfPresent, readIfPresent, statusOf } from '../../../files/index.ts'
import { restoreHint } from '../../environment-context.ts'
import { layout } from '../../layout.ts'
import { type ArchiveName, archivesAmong } from './archive-name.ts'
import { decodeArchive } from './decode-archive.ts'

/** The bytes of a revision, and the file that they are in. */
export interface RevisionBytes {
  readonly bytes: Uint8Array
  readonly file: string
}

/** The archives of an environment, by their first revision. */
export function archivesOf(files: FileSystem, folder: string): ArchiveName[] {
  return archivesAmong(listIfPresent(files, layout.revisions(folder)))
}

/**
 * A revision as it is in its own file, else in an archive. Undefined: it is in neither. Parses
 * nothing.
 * @throws EscError `store_damaged` for an archive that cannot be read.
 */
export function revisionBytes(files: FileSystem, folder: string, number: number): RevisionBytes | undefined {
  const file = layout.revision(folder, number)
  const bytes = readIfPresent(files, file)
  return bytes === undefined ? packedRevision(files, folder, number) : { bytes, file }
}

/** The same of archives alone. */
export function packedRevision(files: FileSystem, folder: string, number: number): RevisionBytes | undefined {
  // Archives are replaced by larger ones: one that was listed may be gone when it is read.
  for (let tries = 3; tries > 0; tries--) {
    const archive = archiveWith(archivesOf(files, folder), number)
    if (archive === undefined) return undefined
    const file = join(layout.revisions(folder), archive.name)
    const bytes = recordsIn(files, file, archive)?.[number - archive.first]
    if (bytes !== undefined) return { bytes, file }
  }
  return undefined
}

/** True when an archive has that revision, as far as names tell. */
export function isPacked(files: FileSystem, folder: string, number: number): boolean {
  return archiveWith(archivesOf(files, folder), number) !== undefined
}

/** The smallest one, which takes the least time to read. */
function archiveWith(archives: readonly ArchiveName[], number: number): ArchiveName | undefined {
  let best: ArchiveName | undefined
  for (const archive of archives) {
    if (archive.first > number || archive.last < number) continue
    if (best === undefined || archive.last - archive.first < best.last - best.first) best = archive
  }
  return best
}

interface Unpacked {
  readonly file: string
  readonly size: number
  readonly modifiedMs: number
  /** Large, and soon not needed any more: a long-running process must be able to let go of it. */
  readonly records: WeakRef<readonly Uint8Array[]>
}

/** The archive that was read last: histories are read one revision after the other. */
const lastRead = new WeakMap<FileSystem, Unpacked>()

/**
 * The revisions in an archive, in their order. Undefined: there is no such file.
 * @throws EscError `store_damaged` when it is not as its name says.
 */
export function recordsIn(files: FileSystem, file: string, archive: ArchiveName): readonly Uint8Array[] | undefined {
  const status = statusOf(files, file)
  if (status === undefined) return undefined
  const last = lastRead.get(files)
  if (last?.file === file && last.size === status.size && last.modifiedMs === status.modifiedMs) {
    const records = last.records.deref()
    if (records !== undefined) return records
  }
  const bytes = readIfPresent(files, file)
  if (bytes === undefined) return undefined
  const records = recordsOf(bytes, file, archive)
  const { size, modifiedMs } = status
  lastRead.set(files, { file, size, modifiedMs, records: new WeakRef(records) })
  return records
}

/** The same of bytes that were read, whatever the file that they are from. */
export function recordsOf(bytes: Uint8Array, file: string, archive: ArchiveName): readonly Uint8Array[] {
  const { first, last, digest } = archive
  if (archiveDigest(bytes) !== digest) {
    const problem = `${file} was changed: its digest is not the one in its name`
    throw new EscError('store_damaged', problem, { hint: restoreHint })
  }
  const records = decodeArchive(bytes, file)
  if (records.length === last - first + 1) return records
  const problem = `${file} holds ${records.length} revisions, and its name says ${last - first + 1}`
  throw new EscError('store_damaged', problem, { hint: restoreHint })
}

/** Returns what the name of an archive says of its bytes. */
export function archiveDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
