import { join } from 'node:path'
import {
  type FileSystem,
  listIfPresent,
  readIfPresent,
  removeFile,
  syncFile,
  syncFolder,
} from '../../../files/index.ts'
import { layout, revisionNumber } from '../../layout.ts'
import { type ArchiveName, archivesAmong } from './archive-name.ts'
import { recordsIn } from './packed-revisions.ts'

/** A file whose revisions are in an archive too, as after a crash or a merge. */
export interface PackedTwice {
  readonly file: string
  /** The archive that has them. */
  readonly archive: string
  /** The first revision of which the two have different bytes. Undefined: they are the same. */
  readonly differs: number | undefined
}

/**
 * Finds revision files, and archives, that another archive makes superfluous. Reads the archives
 * from the disk.
 * @throws EscError `store_damaged` for an archive that cannot be read.
 */
export function packedTwice(files: FileSystem, folder: string): PackedTwice[] {
  const revisions = layout.revisions(folder)
  const names = listIfPresent(files, revisions)
  const archives = archivesAmong(names)
  const numbers = new Set(names.flatMap((name) => revisionNumber(name) ?? []))
  return archives.flatMap((archive) => {
    const inFiles = [...numbers].filter((number) => number >= archive.first && number <= archive.last)
    const others = archives.filter((other) => isCovered(other, archive))
    if (inFiles.length === 0 && others.length === 0) return []
    const path = join(revisions, archive.name)
    const records = recordsIn(files, path, archive) ?? []
    const found: PackedTwice[] = []
    for (const number of inFiles) {
      const file = layout.revision(folder, number)
      const bytes = readIfPresent(files, file)
      if (bytes === undefined) continue
      const same = isSame(bytes, records[number - archive.first])
      found.push({ file, archive: path, differs: same ? undefined : number })
    }
    for (const other of others) {
      const file = join(revisions, other.name)
      const differing = recordsIn(files, file, other)?.findIndex(
        (bytes, index) => !isSame(bytes, records[other.first + index - archive.first]),
      )
      if (differing === undefined) continue
      found.push({ file, archive: path, differs: differing === -1 ? undefined : other.first + differing })
    }
    return found
  })
}

/**
 * Removes what `packedTwice` finds to be the same byte for byte. For the holder of the write lock.
 * Returns the files.
 */
export function removePackedTwice(files: FileSystem, folder: string): string[] {
  const superfluous = packedTwice(files, folder).filter(({ differs }) => differs === undefined)
  if (superfluous.length === 0) return []
  // Git does not sync what it checks out, and these are about to be the only copies.
  for (const archive of new Set(superfluous.map(({ archive }) => archive))) syncFile(files, archive)
  syncFolder(files, layout.revisions(folder))
  const removed = new Set(superfluous.map(({ file }) => file))
  for (const file of removed) removeFile(files, file)
  syncFolder(files, layout.revisions(folder))
  return [...removed]
}

/** True when one is superfluous beside another. Of two of the same revisions, one is. */
function isCovered(one: ArchiveName, by: ArchiveName): boolean {
  if (one.first < by.first || one.last > by.last) return false
  return one.first > by.first || one.last < by.last || one.digest > by.digest
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(other)
}
