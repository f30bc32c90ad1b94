import type { DueEntry } from '../operations/index.ts'
import type { Text } from '../rich-text.ts'
import type { Pass } from './scheduler.ts'

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
