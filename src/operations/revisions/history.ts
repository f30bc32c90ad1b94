import { EscError } from '../../errors.ts'
import { rotatedPaths } from '../../rotation/index.ts'
import type { Author, Environment, Retraction, Revision } from '../../store/index.ts'
import { RetractedError } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation } from '../session/operation.ts'

/** A revision as its history shows it. */
export interface RevisionSummary {
  readonly number: number
  readonly created: Date
  readonly author: Author
  readonly change: string
  /** Paths that a rotation rotated, below `values`. Empty: it was none. */
  readonly rotated: readonly string[]
  /** The revision that a rollback brought back. */
  readonly from: string | undefined
  readonly tags: readonly string[]
  /** It must not be used any more. */
  readonly retraction: Retraction | undefined
}

/** A name for a revision, as it is shown: `latest` among them. */
export interface TagSummary {
  readonly name: string
  readonly revision: number
  /** `undefined` when written by hand, without a date. */
  readonly modified: Date | undefined
  readonly editor: Author | undefined
}

/** The thing that a version stands for. */
export type VersionSummary =
  | { readonly kind: 'revision'; readonly revision: RevisionSummary }
  | { readonly kind: 'tag'; readonly tag: TagSummary }

/**
 * The revisions of an environment, newest first, beginning at the version of the
 * reference. Needs no key.
 */
export const history = operation({
  name: 'list-revisions',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<RevisionSummary[]> {
    const environment = work.store.environment(work.subject.name)
    const first = revisionNamed(environment, work.subject.version)
    const summary = summaries(environment)
    const revisions: RevisionSummary[] = []
    for (const revision of environment.history()) {
      if (revision.number <= first.number) revisions.push(summary(revision))
    }
    return revisions
  },
})

/** The number of the revision that a reference means. Throws EscError `not_found`. */
export const resolveVersion = operation({
  name: 'resolve-version',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<number> {
    return store.environment(subject.name).resolve(subject.version).number
  },
})

/** The revision or tag that the reference names. */
export const describeVersion = operation({
  name: 'describe-version',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<VersionSummary> {
    const environment = work.store.environment(work.subject.name)
    const version = requireVersion(work.subject)
    if (!isNumber(version)) {
      const tag = tagSummaries(environment).find(({ name }) => name === version)
      if (tag !== undefined) return { kind: 'tag', tag }
    }
    return { kind: 'revision', revision: summaries(environment)(revisionNamed(environment, version)) }
  },
})

/** The tags of an environment by name, `latest` among them. */
export const revisionTags = operation({
  name: 'list-revision-tags',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<TagSummary[]> {
    return tagSummaries(work.store.environment(work.subject.name))
  },
})

/** @throws EscError `usage`: `please specify a version`. */
export function requireVersion({ name, version }: EnvironmentReference): string {
  if (version !== undefined) return version
  throw new EscError('usage', 'please specify a version', { hint: `add it to the name: ${name}@3, or ${name}@a-tag` })
}

/** A version that begins with a digit is a number. */
export function isNumber(version: string): boolean {
  return /^[0-9]/.test(version)
}

/** The revision that a version means, retracted or not: to be shown, not to be used. */
function revisionNamed(environment: Environment, version: string | undefined): Revision {
  try {
    return environment.resolve(version)
  } catch (error) {
    if (error instanceof RetractedError) return environment.revision(error.retraction.revision)
    throw error
  }
}

function summaries(environment: Environment): (revision: Revision) => RevisionSummary {
  const tags = environment.versions.tags()
  const retractions = environment.versions.retractions()
  return (revision) => ({
    number: revision.number,
    created: revision.created,
    author: revision.author,
    change: revision.change,
    rotated: revision.change === 'rotate' ? rotatedIn(environment, revision) : [],
    from: revision.change === 'rollback' ? revision.details.from : undefined,
    tags: tags.filter((tag) => tag.revision === revision.number).map(({ name }) => name),
    retraction: retractions.find((each) => each.revision === revision.number),
  })
}

/** The history is shown all the same where an earlier revision cannot be read. */
function rotatedIn(environment: Environment, revision: Revision): readonly string[] {
  try {
    return rotatedPaths(environment, revision)
  } catch {
    return []
  }
}

function tagSummaries(environment: Environment): TagSummary[] {
  const { number, created, author } = environment.current()
  const latest = { name: 'latest', revision: number, modified: created, editor: author }
  const tags = environment.versions.tags().map((tag) => ({ modified: undefined, editor: undefined, ...tag }))
  return [latest, ...tags].sort((a, b) => (a.name < b.name ? -1 : 1))
}
