import type { Author } from '../store/index.ts'
import type { EnvironmentReference } from './reference.ts'
import { findRevision, revisionTags, type Workspace } from './workspace.ts'

/** A revision as its history shows it. */
export interface RevisionSummary {
  readonly number: number
  readonly created: Date
  readonly author: Author
  readonly change: string
  readonly tags: readonly string[]
}

/** The revisions of an environment, newest first, beginning at the version of the reference. Needs no key. */
export function* history(workspace: Workspace, reference: EnvironmentReference): Generator<RevisionSummary> {
  const environment = workspace.store.environment(reference.name)
  const first = findRevision(environment, reference.version)
  const tags = revisionTags(environment)
  for (let number = first.number; number > 0; number--) {
    const { created, author, change } = number === first.number ? first : environment.revision(number)
    yield { number, created, author, change, tags: [...tags.keys()].filter((tag) => tags.get(tag) === number).sort() }
  }
}
