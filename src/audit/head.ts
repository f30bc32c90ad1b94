import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { codeOf, type FileSystem, makeFolders, readTextIfPresent, replaceFile } from '../files/index.ts'
import { stateLayout } from '../store/index.ts'

/**
 * The end of a log, kept apart from it: where the next line goes, and how a
 * shortened log is noticed.
 */
export interface AuditHead {
  /** Name of the log: the machine's, and random digits for this clone on it. */
  readonly log: string
  /** The file of the newest line, in the log's folder; empty: there is none yet. */
  readonly file: string
  /** Length of that file in bytes. */
  readonly size: number
  /** The number and digest of the newest line; 0 and empty before the first. */
  readonly sequence: number
  readonly digest: string
}

/**
 * `+` cannot occur in the id of an environment, whose sightings are beside. `state`: folder of what
 * this machine keeps about the store.
 */
export function headFile(state: string, place: 'beside' | 'repository'): string {
  return join(stateLayout.seen(state), `audit+${place}.json`)
}

/** A log that has no head yet begins anew, under a name that no other has. */
export function readHead(files: FileSystem, file: string, host: string): AuditHead {
  try {
    const text = readTextIfPresent(files, file)
    const head = text === undefined ? undefined : JSON.parse(text)
    if (head?.version === 1 && isName(head.log) && (head.file === '' || isName(head.file))) return head
  } catch {}
  const machine = host.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40)
  return { log: `${machine}-${randomBytes(4).toString('hex')}`, file: '', size: 0, sequence: 0, digest: '' }
}

/**
 * Names of logs and files become parts of paths: letters, digits, `_`, `-` and dots, of
 * which none is the first.
 */
function isName(text: unknown): boolean {
  if (typeof text !== 'string' || text === '' || text.startsWith('.')) return false
  // Without a regular expression: compiling it takes longer than a name has characters.
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    const isLetterOrDigit = (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9')
    if (!isLetterOrDigit && char !== '_' && char !== '-' && char !== '.') return false
  }
  return true
}

/**
 * Longer than any head: each is written over the former, which is a write of
 * one block and no new file.
 */
const headBytes = 512

export function writeHead(
  files: FileSystem,
  file: string,
  head: AuditHead,
  { synced }: { readonly synced: boolean },
): void {
  const { log, file: name, size, sequence, digest } = head
  const text = JSON.stringify({ version: 1, log, file: name, size, sequence, digest })
  const bytes = Buffer.from(`${text.padEnd(headBytes - 1)}\n`)
  let open: number
  try {
    open = files.open(file, 'r+')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolders(files, dirname(file), 0o700)
    replaceFile(files, file, bytes, { synced })
    return
  }
  try {
    files.write(open, bytes)
    if (synced) files.sync(open)
  } finally {
    files.close(open)
  }
}
