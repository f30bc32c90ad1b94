import { type Retraction, type RevisionTag, retractionsOf, revisionTagsOf } from '../revisions/versions.ts'
import type { Settings } from '../settings/settings.ts'
import { described, type ReportFinding } from './finding.ts'

/** Checks that tags and retractions speak of revisions that are there and can be used. */
export function checkVersions(settings: Settings, newest: number, report: ReportFinding): void {
  let tags: readonly RevisionTag[]
  let retractions: readonly Retraction[]
  try {
    tags = revisionTagsOf(settings)
    retractions = retractionsOf(settings)
  } catch (error) {
    report({ severity: 'error', ...described(error, settings.file) })
    return
  }
  const dangling = (problem: string, remedy: string) =>
    report({ severity: 'error', kind: 'dangling_version', file: settings.file, problem, remedy })
  const retracted = new Set(retractions.map(({ revision }) => revision))
  for (const { name, revision } of tags) {
    if (revision > newest)
      dangling(`tag '${name}' is on revision ${revision}, which is not there`, 'move or remove the tag')
    else if (retracted.has(revision)) {
      dangling(`tag '${name}' is on revision ${revision}, which is retracted`, 'move the tag to its replacement')
    }
  }
  for (const { revision, replacement } of retractions) {
    if (revision >= newest) {
      dangling(`revision ${revision} is retracted, but it is the newest`, 'save another revision after it')
    }
    if (replacement > newest || retracted.has(replacement)) {
      dangling(
        `the replacement of the retracted revision ${revision} is revision ${replacement}, which ${replacement > newest ? 'is not there' : 'is retracted too'}`,
        'restore settings.yaml from the git history',
      )
    }
  }
}
