import { join } from 'node:path'
import { EscError } from '../../../errors.ts'
import {
  createFile,
  type FileSystem,
  listIfPresent,
  readIfPresent,
  removeFile,
  replaceFile,
  syncFolder,
} from '../../../files/index.ts'
import { encodeArchive, groupsOf } from './encode-archive.ts'
import {
  type EventArchive,
  eventArchivePath,
  eventArchives,
  linesInArchives,
  linesOfArchive,
  mergedLines,
  timeOfEvent,
} from './packed-events.ts'
import { archiveDigest } from './packed-revisions.ts'

/** Events of one kind that are to be packed. */
export interface EventsToPack {
  /** The file that they leave, and what stays in it. */
  readonly file: string
  readonly rest: Uint8Array
  /** All archives of the kind there are to be. */
  readonly archives: readonly { readonly path: string; readonly bytes: Uint8Array; readonly lines: readonly string[] }[]
  /** Archives whose lines are in the new ones. */
  readonly takenIn: readonly EventArchive[]
}

/**
 * Finds the events that are older than a time: the lines of each file in `events/`, and those that
 * were packed before. Lines that are no events stay where they are.
 */
export function eventsToPack(files: FileSystem, folder: string, before: Date): EventsToPack[] {
  const events = join(folder, 'events')
  return listIfPresent(files, events).flatMap((name) => {
    const kind = /^([A-Za-z]+)\.jsonl$/.exec(name)?.[1]
    const file = join(events, name)
    const bytes = kind === undefined ? undefined : readIfPresent(files, file)
    if (kind === undefined || bytes === undefined) return []
    const lines = Buffer.from(bytes).toString().split('\n')
    const isOld = (line: string) => (timeOfEvent(line) ?? before.getTime()) < before.getTime()
    // What ends without a newline may have been cut short.
    const old = lines.slice(0, -1).filter(isOld)
    if (old.length === 0) return []
    const rest = lines.filter((line, index) => index === lines.length - 1 || !isOld(line)).join('\n')
    const takenIn = eventArchives(files, events, kind)
    const packed = mergedLines([linesInArchives(files, takenIn), old])
    const archives = groupsOf(packed.map((line) => ({ line, bytes: Buffer.from(line) }))).map((group) => {
      const archive = encodeArchive(group.map((each) => each.bytes))
      const path = eventArchivePath(events, kind, archiveDigest(archive))
      return { path, bytes: archive, lines: group.map(({ line }) => line) }
    })
    return [{ file, rest: Buffer.from(rest), archives, takenIn }]
  })
}

/**
 * Packs events. An archive is on the disk, and was read back, before lines leave their file, so
 * that at any moment each is in one of them or in both. For the holder of the write lock.
 */
export function packEvents(files: FileSystem, folder: string, toPack: readonly EventsToPack[]): void {
  for (const { file, rest, archives, takenIn } of toPack) {
    for (const { path, bytes, lines } of archives) {
      createFile(files, path, bytes, { temporaryIn: folder })
      const digest = archiveDigest(bytes)
      if (linesOfArchive(readIfPresent(files, path), { file: path, digest }).join('\n') === lines.join('\n')) continue
      throw new EscError('io', `${path} was written, and reads otherwise`, {
        hint: 'check the disk; no event was removed',
      })
    }
    replaceFile(files, file, rest)
    const kept = new Set(archives.map(({ path }) => path))
    const superfluous = takenIn.filter((archive) => !kept.has(archive.file))
    for (const archive of superfluous) removeFile(files, archive.file)
    if (superfluous.length > 0) syncFolder(files, join(folder, 'events'))
  }
}
