import { join } from 'node:path'
import { EscError } from '../../../errors.ts'
import { type FileSystem, listIfPresent, readIfPresent } from '../../../files/index.ts'
import { readTimestamp } from '../../../timestamp.ts'
import { restoreHint } from '../../environment-context.ts'
import { decodeArchive } from './decode-archive.ts'
import { archiveDigest } from './packed-revisions.ts'

/** Old events of one kind in one file, as its name in `events/` tells. */
export interface EventArchive {
  readonly file: string
  readonly kind: string
  /** The first 16 hex digits of the SHA-256 of the file. */
  readonly digest: string
}

/** Takes the name of a file in `events/` apart. Undefined: it is none of an archive. */
export function eventArchiveNamed(name: string, folder = ''): EventArchive | undefined {
  const [, kind, digest] = /^([A-Za-z]+)-([0-9a-f]{16})\.archive$/.exec(name) ?? []
  return kind === undefined || digest === undefined ? undefined : { file: join(folder, name), kind, digest }
}

/** Path of an archive of events of a kind. */
export function eventArchivePath(folder: string, kind: string, digest: string): string {
  return join(folder, `${kind}-${digest}.archive`)
}

/** The archives in the folder of the events, of one kind or of all. */
export function eventArchives(files: FileSystem, folder: string, kind?: string): EventArchive[] {
  const found = listIfPresent(files, folder).flatMap((name) => eventArchiveNamed(name, folder) ?? [])
  return found
    .filter((archive) => kind === undefined || archive.kind === kind)
    .sort((a, b) => (a.file < b.file ? -1 : 1))
}

/**
 * The lines of archives of events.
 * @throws EscError `store_damaged` for one that is not as its name says.
 */
export function linesInArchives(files: FileSystem, archives: readonly EventArchive[]): string[] {
  return mergedLines(archives.map(({ file, digest }) => linesOfArchive(readIfPresent(files, file), { file, digest })))
}

/**
 * The same of bytes that were read. Undefined: the file is gone, as another one has its lines now.
 */
export function linesOfArchive(
  bytes: Uint8Array | undefined,
  { file, digest }: Pick<EventArchive, 'file' | 'digest'>,
): string[] {
  if (bytes === undefined) return []
  if (archiveDigest(bytes) !== digest) {
    const problem = `${file} was changed: its digest is not the one in its name`
    throw new EscError('store_damaged', problem, { hint: restoreHint })
  }
  return decodeArchive(bytes, file).map(String)
}

/**
 * Lines of several files, each once. Where both have lines, they are put in the order of their
 * times: after a merge, the one may have older ones than the other.
 */
export function mergedLines(parts: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = parts.filter((lines) => lines.length > 0)
  if (others.length === 0) return [...first]
  const lines = [...new Set([...first, ...others.flat()])].map((line) => ({ line, time: timeOfEvent(line) ?? 0 }))
  return lines.sort((a, b) => a.time - b.time).map(({ line }) => line)
}

/**
 * The latest of the times that an event names, in milliseconds since 1970. Undefined: it is none,
 * or names none.
 */
export function timeOfEvent(line: string): number | undefined {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof event !== 'object' || event === null) return undefined
  const { created, executed, completed, due } = event as Record<string, unknown>
  const times = [created, executed, completed, due].flatMap((time) => readTimestamp(time) ?? [])
  return times.length === 0 ? undefined : Math.max(...times.map((time) => time.getTime()))
}
