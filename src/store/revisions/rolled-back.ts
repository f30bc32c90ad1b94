import { commonCommitWith } from '../../git/index.ts'

/**
 * So many sightings are looked into at most, the highest first: each takes git some milliseconds.
 */
const mostSightings = 20

/** A revision that was seen earlier, and may be missing now. */
interface SeenRevision {
  readonly number: number
  /** The commit that was checked out then. */
  readonly commit?: string
  /** Name that the environment had. */
  readonly environment?: string
}

/**
 * A commit that what is checked out was made from, and that had a newer revision than there is now.
 */
export interface NewerCommit {
  readonly number: number
  readonly commit: string
}

/**
 * Tells whether a revision that was seen on some branch must still be there: the present commit was
 * made from one that had it. An older branch, tag or commit was made from none, and so is no alarm.
 * Undefined also where git cannot tell.
 *
 * @param store the real path of the store's folder.
 * @param sightings of revisions that are not there, by branch.
 */
export function rolledBack(
  store: string,
  sightings: readonly (readonly [branch: string, sighting: SeenRevision])[],
  name: string,
): NewerCommit | undefined {
  const highest = [...sightings].sort(([, a], [, b]) => b.number - a.number).slice(0, mostSightings)
  for (const [branch, { commit, number, environment = name }] of highest) {
    const seenAt = [commit, branch.startsWith('refs/heads/') ? branch : undefined]
    const path = `${environment}/revisions/${number}.yaml`
    for (const one of seenAt) {
      // A ref that a memory names must not be taken for an option.
      if (one === undefined || one.startsWith('-')) continue
      const found = commonCommitWith(store, { one, other: 'HEAD', path })
      if (found !== undefined) return { number, commit: found }
    }
  }
  return undefined
}
