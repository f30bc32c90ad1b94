import { join } from 'node:path'
import {
  confined,
  type FileSystem,
  ioError,
  machineFiles,
  makeFolders,
  readIfPresent,
  statusOf,
  syncFolder,
} from '../files/index.ts'
import { limitOf, lockNow, stateLayout } from '../store/index.ts'
import { type AuditHead, headFile, readHead, writeHead } from './head.ts'
import { type AuditEntry, digestOfLine, formatLine, parseLine } from './line.ts'

export interface AuditLogContext {
  /** Folder of the store. */
  readonly store: string
  /** Folder of what this machine keeps about the store. */
  readonly state: string
  readonly keep: 'beside' | 'repository'
  /** Default: the machine's own. */
  readonly files?: FileSystem
}

/** The folder that logs are in, one file a log and month. */
export function auditFolder({ store, state, keep }: Pick<AuditLogContext, 'store' | 'state' | 'keep'>): string {
  return keep === 'beside' ? stateLayout.audit(state) : join(store, '.audit')
}

/**
 * Logs in the repository may come with it, so nothing but regular files is
 * read or appended to there.
 */
export function auditFiles(context: AuditLogContext): FileSystem {
  const { store, state, keep, files = machineFiles } = context
  // Neither folder is in the other.
  const isOutside = keep === 'beside' && !state.startsWith(store) && !store.startsWith(state)
  return isOutside ? files : confined(files, { root: store, limit: limitOf })
}

/**
 * Appends lines to this machine's log of a store, each chained to the one before; all into the file
 * of the month of the first. Synchronous, so that nothing is done between the decision and its
 * record; several processes take turns. With `synced`, the lines are on the disk when this returns;
 * without, they outlive the process but not a loss of power.
 *
 * @param entries one at least, all of one host.
 * @returns the path of the file.
 * @throws EscError `io`, `locked`.
 */
export function appendAudit(
  context: AuditLogContext,
  entries: readonly [AuditEntry, ...AuditEntry[]],
  { synced }: { readonly synced: boolean },
): string {
  const { store, state } = context
  const files = auditFiles(context)
  const folder = auditFolder(context)
  const lock = lockNow(stateLayout.lock(state, 'store', 'audit'), {
    what: `the audit log of ${store}`,
    purpose: 'audit',
    waitMs: 5_000,
  })
  try {
    const anchor = headFile(state, context.keep)
    const [first] = entries
    const head = caughtUp(files, folder, readHead(files, anchor, first.host))
    const file = `${first.time.slice(0, 7)}-${head.log}.jsonl`
    const path = join(folder, file)
    const torn = file === head.file ? head.torn : isTorn(files, path)
    let { sequence, digest } = head
    // A line that a crash cut short is closed, so that it spoils no other.
    let texts = torn ? '\n' : ''
    for (const entry of entries) {
      const text = formatLine(entry, { sequence: sequence + 1, previous: digest })
      texts += `${text}\n`
      sequence += 1
      digest = digestOfLine(text)
    }
    const bytes = Buffer.from(texts)
    write(files, path, { bytes, synced, folder, mode: context.keep === 'beside' ? 0o600 : undefined })
    const next = { file, size: sizeOf(files, path), sequence, digest }
    writeHead(files, anchor, { log: head.log, ...next }, { synced })
    return path
  } catch (error) {
    throw ioError(error, `cannot write the audit log in ${folder}`)
  } finally {
    lock.release()
  }
}

/** A head, and whether the file it is about ends in the middle of a line. */
type CurrentHead = AuditHead & { readonly torn: boolean }

/** The head with the lines that a process wrote which was killed before it could move it. */
function caughtUp(files: FileSystem, folder: string, head: AuditHead): CurrentHead {
  if (head.file === '') return { ...head, torn: false }
  const path = join(folder, head.file)
  // A log that is as long as it was ends as it did, so that a long one need not be read.
  if (sizeOf(files, path) === head.size) return { ...head, torn: false }
  const bytes = Buffer.from(readIfPresent(files, path) ?? [])
  // One that is shorter than it was is continued where it was: what is
  // missing stays visible for ever.
  let { sequence, digest } = head
  for (const text of bytes.subarray(head.size).toString().split('\n')) {
    const line = parseLine(text)
    if (line === undefined || line.previous !== digest || line.sequence !== sequence + 1) continue
    sequence += 1
    digest = digestOfLine(text)
  }
  return { ...head, sequence, digest, torn: endsTorn(bytes) }
}

function isTorn(files: FileSystem, path: string): boolean {
  return endsTorn(readIfPresent(files, path) ?? [])
}

function endsTorn(bytes: ArrayLike<number>): boolean {
  return bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a
}

function sizeOf(files: FileSystem, path: string): number {
  return statusOf(files, path)?.size ?? 0
}

interface Writing {
  readonly bytes: Uint8Array
  readonly synced: boolean
  readonly folder: string
  readonly mode: number | undefined
}

function write(files: FileSystem, path: string, { bytes, synced, folder, mode }: Writing): void {
  let file: number
  try {
    file = files.open(path, 'a', mode)
  } catch {
    makeFolders(files, folder, mode === undefined ? undefined : 0o700)
    file = files.open(path, 'a', mode)
  }
  try {
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(files.write(file, rest))
    if (synced) files.sync(file)
  } finally {
    files.close(file)
  }
  if (synced) syncFolder(files, folder)
}
