import type { DueEntry, RunOutcome } from '../operations/index.ts'
import type { Text } from '../rich-text.ts'

/** A run that waits longer than its schedule allows. */
interface Overdue {
  readonly environment: string
  readonly due: Date
}

/**
 * An environment with a schedule, or perhaps with one, that cannot be read: nobody can tell
 * whether something is due in it.
 */
interface Unreadable {
  readonly environment: string
  readonly problem: string
}

/** Everything that a look at all schedules has come to. */
export interface Pass {
  readonly runs: readonly RunOutcome[]
  /**
   * Other things that went wrong: schedules that cannot be read, runs that are overdue,
   * commits and pushes that failed.
   */
  readonly problems: readonly Text[]
  /** Worth knowing, and no failure: lines of histories that are not believed. */
  readonly notes: readonly string[]
  readonly overdue: readonly Overdue[]
  readonly unreadable: readonly Unreadable[]
  /** Another machine holds the lease: it does what is due. */
  readonly heldBy?: string
}

/**
 * Sums up what there is to say after a look at all schedules. `heldBy`: the machine that is at work
 * on what is overdue, so that this is no failure here.
 */
export function findings(
  entries: readonly DueEntry[],
  problems: readonly Text[],
  heldBy?: string,
): Omit<Pass, 'runs' | 'heldBy'> {
  const unreadable = entries.flatMap(({ environment, problem }) =>
    problem === undefined ? [] : [{ environment, problem }],
  )
  const closed = unreadable.map(({ environment, problem }) => `${environment}: cannot be read: ${problem}`)
  const overdue = entries.flatMap(({ environment, overdue: due }) => (due === undefined ? [] : [{ environment, due }]))
  const late = overdue.map(
    ({ environment, due }) =>
      `${environment}: overdue: due ${due.toISOString()}, and no revision shows that it was rotated`,
  )
  const notes = entries.flatMap(({ environment, notes }) => notes.map((note) => `${environment}: ${note}`))
  if (heldBy !== undefined)
    return { problems: [...closed, ...problems], notes: [...notes, ...late], overdue, unreadable }
  return { problems: [...closed, ...late, ...problems], notes, overdue, unreadable }
}
