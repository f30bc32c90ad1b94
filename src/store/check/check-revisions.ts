import { join } from 'node:path'
import { listIfPresent, temporaryPrefix } from '../../files/index.ts'
import type { DataKey } from '../../keys/index.ts'
import { rich, step } from '../../rich-text.ts'
import { isAhead } from '../../timestamp.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import { hasConflictMarkers } from '../git/conflict-markers.ts'
import { layout, revisionNumber } from '../layout.ts'
import { archiveNamed } from '../revisions/archive/archive-name.ts'
import { type RevisionBytes, revisionBytes } from '../revisions/archive/packed-revisions.ts'
import { parseRevision, type Revision, sealedBytesOf } from '../revisions/revision-file.ts'
import { retractionsOf } from '../revisions/versions.ts'
import type { Settings } from '../settings/settings.ts'
import { checkArchives } from './check-archives.ts'
import { described, type ReportFinding } from './finding.ts'

/** Finds the secrets that a revision file holds in the clear. Lines count from 1. */
export type FindPlaintext = (text: string) => readonly { readonly line: number; readonly inComment: boolean }[]

interface Checking {
  readonly settings: Settings | undefined
  readonly key: DataKey | undefined
  /** A merge has been reported, so files that hold both sides are no news. */
  readonly merged: boolean
  readonly findPlaintext: FindPlaintext | undefined
  readonly report: ReportFinding
}

/** Every record, seal and link, with the key; without it, all but the seals. */
export function checkRevisions(
  context: EnvironmentContext,
  checking: Checking,
): {
  readonly count: number
  readonly newest: number
  readonly sealed: boolean
  /** The newest one; undefined: it cannot be read. */
  readonly last: Revision | undefined
} {
  const { report } = checking
  const { numbers, unreadable } = listNumbers(context, report)
  const newest = numbers.at(-1) ?? 0
  const there = new Set(numbers)
  const missing = Array.from({ length: newest }, (_, index) => index + 1).filter(
    (number) => !there.has(number) && !unreadable(number),
  )
  if (newest === 0 && !unreadable(1)) missing.push(1)
  for (const number of missing) {
    report({
      severity: 'error',
      kind: 'missing_revision',
      file: layout.revision(context.folder, number),
      problem: `revision ${number} of environment '${context.name}' is missing`,
      remedy: restoreHint,
    })
  }
  let before: Revision | undefined
  let anySeal = false
  for (const number of numbers) {
    const file = layout.revision(context.folder, number)
    const found = revisionBytes(context.host.files, context.folder, number) ?? { bytes: new Uint8Array(), file }
    const revision = read({ number, ...found }, checking)
    checkPlaintext(context, { number, ...found, isNewest: number === newest }, checking)
    const sealed = revision && checkSeal(context, revision, checking)
    if (revision !== undefined) checkTime(context, revision, report)
    if (revision !== undefined && before?.number === number - 1)
      checkLink(context, { revision, before, sealed }, report)
    anySeal ||= revision?.seal !== undefined
    before = revision
  }
  return { count: numbers.length, newest, sealed: anySeal, last: before?.number === newest ? before : undefined }
}

function checkTime({ host }: EnvironmentContext, { created, number, file }: Revision, report: ReportFinding): void {
  if (!isAhead(created, new Date(host.now()))) return
  report({
    severity: 'note',
    kind: 'future_time',
    file,
    problem: `revision ${number} is dated ${created.toISOString()}, in the future: the clock of the machine that made it was wrong`,
    remedy: 'set the clock right; schedules go on, and the age of credentials is counted from the revision before',
  })
}

/**
 * Numbers in ascending order, and which of the missing ones are in an archive that cannot be read.
 */
function listNumbers(context: EnvironmentContext, report: ReportFinding) {
  const folder = layout.revisions(context.folder)
  const { packed, unreadable } = checkArchives(context, report)
  const numbers = new Set(packed)
  for (const name of listIfPresent(context.host.files, folder)) {
    const number = revisionNumber(name)
    if (number !== undefined) numbers.add(number)
    else if (!name.startsWith(temporaryPrefix) && archiveNamed(name) === undefined) {
      const problem = 'this file is not a revision'
      const remedy = 'move it elsewhere, or remove it'
      report({ severity: 'warning', kind: 'unknown_file', file: join(folder, name), problem, remedy })
    }
  }
  return { numbers: [...numbers].sort((a, b) => a - b), unreadable }
}

interface Numbered extends RevisionBytes {
  readonly number: number
}

function read({ number, bytes, file }: Numbered, { merged, report }: Checking): Revision | undefined {
  try {
    return parseRevision(bytes, file, number)
  } catch (error) {
    const known = merged && hasConflictMarkers(Buffer.from(bytes).toString())
    if (!known) report({ severity: 'error', ...described(error, file) })
    return undefined
  }
}

/** A retracted revision was dealt with: the text stays, and whoever retracted it knows. */
function checkPlaintext(
  context: EnvironmentContext,
  { number, bytes, file, isNewest }: Numbered & { readonly isNewest: boolean },
  { settings, findPlaintext, report }: Checking,
): void {
  const found = findPlaintext?.(Buffer.from(bytes).toString()) ?? []
  if (found.length === 0) return
  const lines = found.map(({ line }) => line)
  const onlyComments = found.every(({ inComment }) => inComment)
  const what = onlyComments ? 'a comment with a secret in the clear' : 'a secret in the clear'
  const where = lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.join(', ')}`
  const environment = context.name
  const save = isNewest ? rich`${step('save the definition without it', { do: 'edit-definition', environment })}, ` : ''
  report({
    severity: isRetracted(settings, number) ? 'note' : onlyComments ? 'warning' : 'error',
    kind: 'plaintext_secret',
    file,
    problem: `revision ${number} of environment '${context.name}' holds ${what} (${where} of the file)`,
    remedy: rich`change that secret where it comes from, ${save}and ${step('retract the revision', { do: 'retract-revision', environment, revision: number })}`,
  })
}

function isRetracted(settings: Settings | undefined, number: number): boolean {
  try {
    return settings !== undefined && retractionsOf(settings).some(({ revision }) => revision === number)
  } catch {
    return false
  }
}

/** False when it does not match. Undefined: nobody can tell. */
function checkSeal(
  context: EnvironmentContext,
  revision: Revision,
  { settings, key, report }: Checking,
): boolean | undefined {
  const tampered = (problem: string) => {
    report({ severity: 'error', kind: 'tampered', file: revision.file, problem, remedy: restoreHint })
    return false
  }
  const { number, seal } = revision
  if (seal === undefined) {
    const sealedFrom = settings?.sealedFrom
    const lost = sealedFrom !== undefined && number >= sealedFrom
    return lost ? tampered(`revision ${number} of environment '${context.name}' has lost its seal`) : undefined
  }
  if (key === undefined) return undefined
  if (key.verifySeal('revision', sealedBytesOf(revision), seal)) return true
  return tampered(
    `the seal of revision ${number} of environment '${context.name}' does not match: the file was changed`,
  )
}

function checkLink(
  context: EnvironmentContext,
  { revision, before, sealed }: { revision: Revision; before: Revision; sealed: boolean | undefined },
  report: ReportFinding,
): void {
  // What a changed record says of its predecessor is worth nothing.
  if (sealed === false || revision.previous === before.digest) return
  const problem = `revision ${revision.number} of environment '${context.name}' was made from another revision ${before.number} than the one in ${before.file}`
  report({
    severity: 'error',
    kind: 'history_fork',
    file: before.file,
    problem: `${problem}: that file was changed, or a git merge took the two from different branches`,
    remedy: rich`restore the file from the git history; after a merge, ${step('put the two sides in order', { do: 'renumber-revisions', environment: context.name })}`,
  })
}
