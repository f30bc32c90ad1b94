import { dirname } from 'node:path'
import { type FileSystem, makeFolders, readIfPresent, replaceFile } from '../files/index.ts'

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
  const all = parse<Event>(lines(files, shared))
  const more = parse<Event>(lines(files, own))
  if (more.length === 0) return all
  const completed = (event: Event) => String((event as { readonly completed?: unknown } | null)?.completed)
  return [...all, ...more].sort((a, b) => (completed(a) < completed(b) ? -1 : completed(a) > completed(b) ? 1 : 0))
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
