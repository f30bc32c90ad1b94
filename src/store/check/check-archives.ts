import { join } from 'node:path'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { layout } from '../layout.ts'
import { eventArchives, linesInArchives } from '../revisions/archive/packed-events.ts'
import { archivesOf, recordsIn } from '../revisions/archive/packed-revisions.ts'
import { packedTwice } from '../revisions/archive/packed-twice.ts'
import { described, type ReportFinding } from './finding.ts'

export interface CheckedArchives {
  /** Numbers of the revisions in archives that can be read. */
  readonly packed: readonly number[]
  /** True for a revision in an archive that cannot, which has been reported. */
  readonly unreadable: (number: number) => boolean
}

/**
 * Checks that each archive is as it was written, and agrees with others and with files of
 * revisions.
 */
export function checkArchives(context: EnvironmentContext, report: ReportFinding): CheckedArchives {
  const { folder, host } = context
  const packed: number[] = []
  const unreadable: { readonly first: number; readonly last: number }[] = []
  for (const archive of archivesOf(host.files, folder)) {
    const file = join(layout.revisions(folder), archive.name)
    try {
      recordsIn(host.files, file, archive)
      for (let number = archive.first; number <= archive.last; number++) packed.push(number)
    } catch (error) {
      unreadable.push(archive)
      report({ severity: 'error', ...described(error, file) })
    }
  }
  if (unreadable.length === 0) checkTwice(context, report)
  return { packed, unreadable: (number) => unreadable.some(({ first, last }) => number >= first && number <= last) }
}

function checkTwice(context: EnvironmentContext, report: ReportFinding): void {
  const found = packedTwice(context.host.files, context.folder)
  const same = found.filter(({ differs }) => differs === undefined)
  const [first] = same
  if (first !== undefined) {
    const more = same.length === 1 ? '' : `, and ${same.length - 1} more files are`
    report({
      severity: 'note',
      kind: 'packed_twice',
      file: first.file,
      problem: `this file${more} in an archive too, as after a crash or a merge: ${first.archive}`,
      remedy: rich`leave it to the next prune, or ${step('remove it', { do: 'repair-store' })}`,
      fixable: true,
    })
  }
  for (const { file, archive, differs } of found) {
    if (differs === undefined) continue
    report({
      severity: 'error',
      kind: 'history_fork',
      file,
      problem: `revision ${differs} of environment '${context.name}' is another one in ${archive}: a file was changed, or a git merge took the two from different branches`,
      remedy: rich`restore the file from the git history; after a merge, ${step('put the two sides in order', { do: 'renumber-revisions', environment: context.name })}`,
    })
  }
}

/** Checks that each archive of events is as it was written. */
export function checkEventArchives({ host, folder }: EnvironmentContext, report: ReportFinding): void {
  for (const archive of eventArchives(host.files, join(folder, 'events'))) {
    try {
      linesInArchives(host.files, [archive])
    } catch (error) {
      report({ severity: 'error', ...described(error, archive.file) })
    }
  }
}
