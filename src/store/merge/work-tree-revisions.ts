import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { listIfPresent, readIfPresent } from '../../files/index.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { hasConflictMarkers } from '../git/conflict-markers.ts'
import { layout, revisionNumber } from '../layout.ts'
import { archiveNamed } from '../revisions/archive/archive-name.ts'
import { type RevisionBytes, recordsIn } from '../revisions/archive/packed-revisions.ts'
import { parseRevision, sealedBytesOf } from '../revisions/revision-file.ts'
import type { Side } from './side.ts'
import type { VerifiedSide } from './verified-side.ts'

interface Found extends RevisionBytes {
  readonly number: number
}

/**
 * Refuses when the work tree has a revision that neither side has: it would be lost.
 * @throws EscError `conflict`.
 */
export function refuseOthers(
  context: EnvironmentContext,
  sides: readonly Side[],
  verified: readonly VerifiedSide[],
): void {
  for (const found of inWorkTree(context)) {
    const { number, bytes, file } = found
    const isOnSide = sides.some(({ revisions }) => isSame(bytes, revisions[number - 1]))
    if (isOnSide || isOfGit(found, verified)) continue
    throw new EscError(
      'conflict',
      `revision ${number} of environment '${context.name}' in the work tree is on neither side of the merge`,
      { hint: `keep a copy of ${file}, remove it, and save its change again afterwards` },
    )
  }
}

/**
 * True for what git has put together from both sides, with its marks or without: a revision that
 * was packed looks to it as if it was renamed to a new one. No key vouches for such a file.
 */
function isOfGit({ number, bytes, file }: Found, verified: readonly VerifiedSide[]): boolean {
  if (hasConflictMarkers(Buffer.from(bytes).toString())) return true
  const keys = verified.flatMap(({ key }) => key ?? [])
  try {
    const revision = parseRevision(bytes, file, number)
    const { seal } = revision
    if (seal === undefined || keys.length === 0) return false
    return !keys.some((key) => key.verifySeal('revision', sealedBytesOf(revision), seal))
  } catch {
    return false
  }
}

function* inWorkTree({ folder, host }: EnvironmentContext): Generator<Found> {
  const revisions = layout.revisions(folder)
  for (const name of listIfPresent(host.files, revisions)) {
    const file = join(revisions, name)
    const number = revisionNumber(name)
    const bytes = number === undefined ? undefined : readIfPresent(host.files, file)
    if (number !== undefined && bytes !== undefined) yield { number, bytes, file }
    const archive = archiveNamed(name)
    const records = archive === undefined ? [] : (recordsIn(host.files, file, archive) ?? [])
    for (const [index, record] of records.entries()) {
      yield { number: (archive?.first ?? 0) + index, bytes: record, file }
    }
  }
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.from(one).equals(other)
}
