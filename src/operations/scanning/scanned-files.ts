import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import { machineGit } from '../../git/index.ts'
import type { FoundLine, TextScanner } from './scan-text.ts'

const PIECE = 1 << 20
/** As git does: a file with a NUL among so many bytes is no text. */
const LOOKED_AT = 8000
const LINE_BREAK = 0x0a

/**
 * The files at some absolute paths: those that git knows or would add, where there is a repository;
 * otherwise all, but for folders `.git` and `node_modules`. No link is followed.
 *
 * @throws EscError `not_found`.
 */
export async function* listedFiles(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) {
      throw new EscError('not_found', `there is no ${path}`, { hint: 'name a file or a folder' })
    }
    if (!status.isDirectory()) {
      if (status.isFile()) yield path
      continue
    }
    const listed = await machineGit(['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '.'], {
      cwd: path,
    })
    if (listed.status !== 0) {
      yield* walk(path)
      continue
    }
    for (const name of [...new Set(listed.stdout.toString('utf8').split('\0'))].sort()) {
      if (name !== '' && lstatSync(join(path, name), { throwIfNoEntry: false })?.isFile()) yield join(path, name)
    }
  }
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isFile()) yield path
    else if (entry.isDirectory() && entry.name !== '.git' && entry.name !== 'node_modules') yield* walk(path)
  }
}

/**
 * Looks through a file, piece by piece. Undefined: it is no text.
 * @throws EscError `io`.
 */
export function scanFile(path: string, scanner: TextScanner): readonly FoundLine[] | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw new EscError('io', `cannot read ${path}: ${messageOf(error)}`, {
      hint: `leave out what is in ${dirname(path)}, or make it readable`,
      cause: error,
    })
  }
  try {
    return scanPieces(file, scanner)
  } finally {
    closeSync(file)
  }
}

function scanPieces(file: number, scanner: TextScanner): readonly FoundLine[] | undefined {
  const found = new Map<string, FoundLine>()
  let kept: Uint8Array = Buffer.alloc(0)
  let line = 1
  for (let isFirst = true; ; isFirst = false) {
    const piece = Buffer.alloc(PIECE)
    const length = readSync(file, piece, 0, PIECE, null)
    if (isFirst && piece.subarray(0, Math.min(length, LOOKED_AT)).includes(0)) return undefined
    if (length === 0) break
    const bytes = Buffer.concat([kept, piece.subarray(0, length)])
    for (const each of scanner.find(bytes)) {
      const placed = { ...each, line: line + each.line - 1 }
      found.set([placed.line, each.place.environment, each.place.path].join('\0'), placed)
    }
    // Whole lines are kept, so that numbers of lines and marks on them are right.
    const from = bytes.lastIndexOf(LINE_BREAK, Math.max(0, bytes.length - scanner.overlap)) + 1
    const keep = bytes.length - from > PIECE ? Math.max(0, bytes.length - scanner.overlap) : from
    for (let at = 0; at < keep; at++) if (bytes[at] === LINE_BREAK) line++
    kept = bytes.subarray(keep)
  }
  return [...found.values()]
}
