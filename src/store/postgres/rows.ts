import { EscError } from '../../errors.ts'
import { digestOf, parseRevision } from '../revisions/revision-file.ts'
import { Settings } from '../settings/settings.ts'
import type { Bytes } from './tree.ts'

/** The files of an environment's folder, by their paths in it. */
export type EnvironmentFiles = ReadonlyMap<string, Bytes>

/** An environment as it is kept, with what tells whether it is the newest. */
export interface KeptEnvironment {
  readonly id: string
  /** Path of its folder below that of the store: also of a removed one. */
  readonly place: string
  /** Counts its changes. */
  readonly version: number
  /** Counts those that changed more than was added. */
  readonly generation: number
  readonly newest: number
  readonly files: EnvironmentFiles
}

/** An environment's files as rows. */
export interface EnvironmentRows {
  readonly id: string
  readonly settings: string
  readonly newest: number
  readonly revisions: ReadonlyMap<number, Bytes>
  readonly events: ReadonlyMap<string, readonly string[]>
  readonly others: ReadonlyMap<string, Bytes>
}

const settingsFile = 'settings.yaml'
export const definitionFile = 'environment.yaml'

/**
 * Takes the files of an environment apart. `environment.yaml` is no row: it is the newest
 * definition.
 * @throws EscError `unsaved_edit` where it is not; `store_damaged`.
 */
export function rowsOf(place: string, files: EnvironmentFiles): EnvironmentRows {
  const revisions = new Map<number, Bytes>()
  const events = new Map<string, readonly string[]>()
  const others = new Map<string, Bytes>()
  for (const [path, content] of files) {
    const number = revisionNumberOf(path)
    const kind = eventKindOf(path)
    if (number !== undefined) revisions.set(number, content)
    else if (kind !== undefined) events.set(kind, linesOf(content))
    else if (path !== settingsFile && path !== definitionFile) others.set(path, content)
  }
  const settings = files.get(settingsFile)
  if (settings === undefined) throw damaged(place, 'has no settings.yaml')
  const text = textOf(place, settings)
  const newest = Math.max(0, ...revisions.keys())
  requireNewestDefinition(place, files, newest)
  return { id: new Settings(text, `${place}/${settingsFile}`).id, settings: text, newest, revisions, events, others }
}

/** The number of the revision that a path is of. `undefined`: it is of none. */
export function revisionNumberOf(path: string): number | undefined {
  const number = /^revisions\/([1-9][0-9]{0,8})\.yaml$/.exec(path)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** The kind of the events that a path is of. `undefined`: it is of none. */
export function eventKindOf(path: string): string | undefined {
  return /^events\/([^/]+)\.jsonl$/.exec(path)?.[1]
}

/** @throws EscError `unsaved_edit` where `environment.yaml` is not this revision. */
export function requireNewestDefinition(place: string, files: EnvironmentFiles, newest: number): void {
  const definition = files.get(definitionFile)
  if (definition !== undefined && equal(definition, definitionOf(place, files.get(revisionFile(newest)), newest)))
    return
  throw new EscError('unsaved_edit', `environment.yaml of ${place} is not its newest revision`, {
    hint: 'save or discard the edit first: a database keeps revisions only',
  })
}

function revisionFile(number: number): string {
  return `revisions/${number}.yaml`
}

/** Puts the files of an environment together again. */
export function filesOf(place: string, rows: Omit<EnvironmentRows, 'id'>): EnvironmentFiles {
  const files = new Map<string, Bytes>([[settingsFile, Buffer.from(rows.settings)]])
  for (const [number, content] of rows.revisions) files.set(revisionFile(number), content)
  for (const [kind, lines] of rows.events) {
    files.set(`events/${kind}.jsonl`, Buffer.from(lines.map((line) => `${line}\n`).join('')))
  }
  for (const [path, content] of rows.others) files.set(path, content)
  const newest = rows.revisions.get(rows.newest)
  if (newest !== undefined) files.set(definitionFile, definitionOf(place, newest, rows.newest))
  return files
}

export function equal(one: Bytes, other: Bytes): boolean {
  return one === other || Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(other)
}

function definitionOf(place: string, content: Bytes | undefined, number: number): Bytes {
  if (content === undefined) throw damaged(place, 'has no revisions')
  return Buffer.from(parseRevision(content, `${place}/${revisionFile(number)}`, number).definition)
}

/** Lines without what a crash cut short. */
export function linesOf(content: Bytes): string[] {
  return Buffer.from(content)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

/** @throws EscError `store_damaged` where a column of text could not hold it. */
function textOf(place: string, content: Bytes): string {
  const text = Buffer.from(content).toString()
  if (text.includes('\0') || digestOf(Buffer.from(text)) !== digestOf(content)) {
    throw damaged(place, 'has a settings.yaml that is not UTF-8 text')
  }
  return text
}

function damaged(place: string, problem: string): EscError {
  return new EscError('store_damaged', `${place} ${problem}`, { hint: 'restore the folder from the git history' })
}
