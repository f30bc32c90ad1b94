import { join } from 'node:path'
import { EscError } from '../../../errors.ts'
import { createFile, type FileSystem, listIfPresent, statusOf, syncFolder } from '../../../files/index.ts'
import type { Environment } from '../../environment.ts'
import { type EnvironmentContext, restoreHint } from '../../environment-context.ts'
import { layout, revisionNumber } from '../../layout.ts'
import { digestOf, parseRevision } from '../revision-file.ts'
import { mostText } from './archive-format.ts'
import { type ArchiveName, archivePath, leastKept, packedThrough } from './archive-name.ts'
import { encodeArchive, groupsOf } from './encode-archive.ts'
import { archiveDigest, archivesOf, revisionBytes } from './packed-revisions.ts'
import { removePackedTwice } from './packed-twice.ts'
import { eventsToPack, packEvents } from './prune-events.ts'

export interface PruneRequest {
  /**
   * So many of the newest revisions keep a file of their own. Default, and at least: `leastKept`.
   */
  readonly keep?: number
  /**
   * Packed are only revisions before the first that was made then or later. Default: all that are
   * not kept.
   */
  readonly before?: Date
  /** Nothing is written. Default: false. */
  readonly dryRun?: boolean
}

export interface Pruned {
  /** Revisions that have no file of their own any more. Undefined: there was nothing to pack. */
  readonly packed?: { readonly first: number; readonly last: number }
  /** New archives, as paths below the store. */
  readonly archives: readonly string[]
  readonly newest: number
  /** Bytes of all files of revisions and events. */
  readonly before: number
  readonly after: number
  /**
   * True when the seal of the newest revision, which vouches for all before it, was verified. A dry
   * run asks for no key.
   */
  readonly verified: boolean
  /** True when the store gets a version with it that programs before refuse. */
  readonly raisesFormat: boolean
}

/**
 * Packs old revisions, and events of their time, into archives, byte for byte. Each is verified
 * first, through the digests from the newest, and its file is removed only once the archive is on
 * the disk and was read back from it. A recent archive becomes part of the new one where it has no
 * more revisions than are added, so that there are always few.
 *
 * `raiseFormat` is called before anything is written that versions before cannot read.
 *
 * @throws EscError `tampered`, `store_damaged`, `locked`, `io`.
 */
export async function pruneRevisions(
  environment: Environment,
  context: EnvironmentContext,
  request: PruneRequest & { readonly raiseFormat: () => Promise<void> },
): Promise<Omit<Pruned, 'raisesFormat'>> {
  const { files } = context.host
  if (request.dryRun) return summary(await plan(environment, context, request), files, context)
  const busy = await environment.lock('prune')
  try {
    const planned = await plan(environment, context, request)
    const done = summary(planned, files, context)
    if (planned.archives.length > 0) await request.raiseFormat()
    await context.records.transaction({ environment: context.name, purpose: 'prune' }, () => {
      const { folder } = context
      for (const { path, bytes } of planned.archives) createFile(files, path, bytes, { temporaryIn: folder })
      removePackedTwice(files, folder)
      if (planned.archives.length > 0) packEvents(files, folder, eventsToPack(files, folder, planned.until))
    })
    return { ...done, after: sizeOf(files, context.folder) }
  } finally {
    busy.release()
  }
}

interface NewArchive extends ArchiveName {
  readonly path: string
  readonly bytes: Uint8Array
}

interface Plan {
  readonly newest: number
  readonly first: number
  readonly last: number
  readonly archives: readonly NewArchive[]
  /** The time when the first revision that stays was made: events before it are packed too. */
  readonly until: Date
  readonly verified: boolean
}

async function plan(environment: Environment, context: EnvironmentContext, request: PruneRequest): Promise<Plan> {
  const newest = environment.current()
  const verified = !request.dryRun && (await verify(environment))
  const archives = archivesOf(context.host.files, context.folder)
  const first = packedThrough(archives) + 1
  const last = lastToPack(environment, request, first)
  const until = newest.created
  if (last < first) return { newest: newest.number, first, last, archives: [], until, verified }
  const start = startOf(context, archives, { first, last })
  const records: { bytes: Uint8Array; number: number }[] = []
  for (const revision of environment.history()) {
    if (revision.number < start) break
    if (revision.number > last) continue
    records.push({ number: revision.number, bytes: bytesOf(context, revision) })
  }
  return {
    newest: newest.number,
    first,
    last,
    archives: archivesFrom(context.folder, records.reverse()),
    until: environment.revision(last + 1).created,
    verified,
  }
}

/** False where no key is at hand. The digests are verified all the same. */
async function verify(environment: Environment): Promise<boolean> {
  try {
    await environment.verify(environment.current())
    return true
  } catch (error) {
    if (error instanceof EscError && error.code === 'key_unavailable') return false
    throw error
  }
}

function lastToPack(environment: Environment, { keep = leastKept, before }: PruneRequest, first: number): number {
  const last = environment.current().number - Math.max(keep, leastKept)
  if (before === undefined) return last
  for (let number = first; number <= last; number++) {
    if (environment.revision(number).created.getTime() >= before.getTime()) return number - 1
  }
  return last
}

/**
 * Number of the revision that the new archive begins with: earlier, where it takes an archive in.
 */
function startOf(
  { host, folder }: EnvironmentContext,
  archives: readonly ArchiveName[],
  { first, last }: { readonly first: number; readonly last: number },
): number {
  let start = first
  let text = 0
  const add = (from: number, to: number) => {
    for (let number = from; number <= to; number++) text += revisionBytes(host.files, folder, number)?.bytes.length ?? 0
  }
  add(first, last)
  for (;;) {
    const before = archives.find((archive) => archive.first < start && archive.last === start - 1)
    if (before === undefined || start - before.first > last - start + 1) return start
    add(before.first, before.last)
    if (text > mostText) return start
    start = before.first
  }
}

function bytesOf({ host, folder, name }: EnvironmentContext, revision: { number: number; digest: string }): Uint8Array {
  const found = revisionBytes(host.files, folder, revision.number)
  if (found !== undefined && digestOf(found.bytes) === revision.digest) return found.bytes
  const problem = `revision ${revision.number} of environment '${name}' was changed while it was read: ${found?.file ?? 'its file is gone'}`
  throw new EscError('store_damaged', problem, { hint: restoreHint })
}

function archivesFrom(folder: string, records: readonly { bytes: Uint8Array; number: number }[]): NewArchive[] {
  return groupsOf(records).map((group) => {
    const bytes = encodeArchive(group.map((record) => record.bytes))
    const [first, last] = [group[0]?.number ?? 0, group.at(-1)?.number ?? 0]
    const named = { first, last, digest: archiveDigest(bytes) }
    const path = archivePath(folder, named)
    return { ...named, name: path.slice(layout.revisions(folder).length + 1), path, bytes }
  })
}

function summary(
  { newest, first, last, archives, until, verified }: Plan,
  files: FileSystem,
  context: EnvironmentContext,
): Omit<Pruned, 'raisesFormat'> {
  const before = sizeOf(files, context.folder)
  const paths = archives.map(({ path }) => path.slice(context.store.length + 1))
  if (archives.length === 0) return { archives: [], newest, before, after: before, verified }
  const isGone = (number: number) => number <= last
  const isTakenIn = (name: string) =>
    archivesOf(files, context.folder).some(
      (old) => old.name === name && archives.some((added) => added.first <= old.first && added.last >= old.last),
    )
  const events = eventsToPack(files, context.folder, until)
  const replaced = new Set(events.flatMap(({ file, takenIn }) => [file, ...takenIn.map((old) => old.file)]))
  const stays = (file: string, name: string) =>
    !isGone(revisionNumber(name) ?? last + 1) && !isTakenIn(name) && !replaced.has(file)
  const made = [...archives, ...events.flatMap((each) => [{ bytes: each.rest }, ...each.archives])]
  const after = made.reduce((sum, { bytes }) => sum + bytes.length, sizeOf(files, context.folder, stays))
  return { packed: { first, last }, archives: paths, newest, before, after, verified }
}

function sizeOf(files: FileSystem, folder: string, counts: (file: string, name: string) => boolean = () => true) {
  let sum = 0
  for (const part of [layout.revisions(folder), join(folder, 'events')]) {
    for (const name of listIfPresent(files, part)) {
      const file = join(part, name)
      if (counts(file, name)) sum += statusOf(files, file)?.size ?? 0
    }
  }
  return sum
}

/**
 * Packs the revisions up to a number in a folder that nobody reads yet. Everything in it is on the
 * disk when this returns.
 */
export function packStaged(files: FileSystem, folder: string, last: number): void {
  if (last < 1) return
  const records = Array.from({ length: last }, (_, index) => {
    const found = revisionBytes(files, folder, index + 1)
    if (found === undefined) throw new Error(`revision ${index + 1} was not staged`)
    return { number: index + 1, bytes: found.bytes }
  })
  for (const { path, bytes } of archivesFrom(folder, records)) createFile(files, path, bytes)
  removePackedTwice(files, folder)
  syncFolder(files, layout.revisions(folder))
}

/** Packs the events that are older than the first revision that is not packed, likewise. */
export function packEventsStaged(files: FileSystem, folder: string, last: number): void {
  const file = layout.revision(folder, last + 1)
  const { created } = parseRevision(files.readFile(file), file, last + 1)
  packEvents(files, folder, eventsToPack(files, folder, created))
}
