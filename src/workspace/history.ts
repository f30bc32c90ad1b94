import type { Author, Retraction, Revision } from '../store/index.ts'
import type { EnvironmentReference } from './reference.ts'
import type { Workspace } from './workspace.ts'

/** A revision as its history shows it. */
export interface RevisionSummary {
  readonly number: number
  readonly created: Date
  readonly author: Author
  readonly change: string
  readonly tags: readonly string[]
  /** It must not be used any more. */
  readonly retraction: Retraction | undefined
}

/** The revisions of an environment, newest first, beginning at the version of the reference. Needs no key. */
export function history(workspace: Workspace, reference: EnvironmentReference): RevisionSummary[] {
  const environment = workspace.store.environment(reference.name)
  const first = environment.resolve(reference.version)
  const tags = environment.versions.tags()
  const retractions = environment.versions.retractions()
  const summary = ({ number, created, author, change }: Revision): RevisionSummary => ({
    number,
    created,
    author,
    change,
    tags: tags.filter((tag) => tag.revision === number).map(({ name }) => name),
    retraction: retractions.find(({ revision }) => revision === number),
  })
  const revisions = [summary(first)]
  for (let number = first.number - 1; number > 0; number--) revisions.push(summary(environment.revision(number)))
  return revisions
}
