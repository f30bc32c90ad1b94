import { basename, dirname } from 'node:path'
import { type FileSystem, listIfPresent, makeFolders, readIfPresent, replaceFile } from '../files/index.ts'
import { eventArchives, linesInArchives, mergedLines } from './revisions/archive/packed-events.ts'

/** So many events of a kind are kept on a machine alone. */
const keptOnMachine = 100

/**
 * Events of one kind, oldest first: those in the repository (`shared`) and those that this machine
 * alone has (`own`). A line that a crash cut short is left out.
 */
export function readEvents<Event>(
  files: FileSystem,
  { shared, own }: { readonly shared: string; readonly own: string },
): Event[] {
  const all = parse<Event>(linesWithPacked(files, shared))
  const more = parse<Event>(lines(files, own))
  if (more.length === 0) return all
  const completed = (event: Event) => String((event as { readonly completed?: unknown } | null)?.completed)
  return [...all, ...more].sort((a, b) => (completed(a) < completed(b) ? -1 : completed(a) > completed(b) ? 1 : 0))
}

/** The lines of a file of events, and those that were packed, oldest first. */
export function linesWithPacked(files: FileSystem, file: string): string[] {
  const folder = dirname(file)
  const own = lines(files, file)
  if (!listIfPresent(files, folder).some((name) => name.endsWith('.archive'))) return own
  const kind = basename(file, '.jsonl')
  return mergedLines([linesInArchives(files, eventArchives(files, folder, kind)), own])
}

/** Replaces the file whole, so that no crash leaves half a line, and drops the oldest. */
export function appendMachineEvent(files: FileSystem, file: string, event: object): void {
  const kept = lines(files, file).slice(1 - keptOnMachine)
  makeFolders(files, dirname(file), 0o700)
  const text = [...kept, JSON.stringify(event)].map((line) => `${line}\n`).join('')
  replaceFile(files, file, Buffer.from(text), { mode: 0o600 })
}

function lines(files: FileSystem, file: string): string[] {
  const bytes = readIfPresent(files, file)
  if (bytes === undefined) return []
  return Buffer.from(bytes)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

function parse<Event>(texts: readonly string[]): Event[] {
  return texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as Event]
    } catch {
      return []
    }
  })
}
