import { EscError } from '../errors.ts'
import { listRotators, parseEnvironment } from '../language/index.ts'
import { rich, step } from '../rich-text.ts'
import { cameFrom, type Environment, type Revision } from '../store/index.ts'
import type { JournalEntry } from './journal-entry.ts'
import { shownPath } from './selection.ts'
import { stateText } from './state-text.ts'

/**
 * The relation of a journal entry to the history of this clone.
 * - `current`: the path was not rotated since the entry was made, so its rotation can be finished.
 * - `moved-on`: revision `by` rotated the path after the entry was made. The credential of the
 *   entry must not become current.
 * - `behind`: the entry was made from a revision that this clone does not have yet.
 * - `elsewhere`: the entry was made from a revision of another history than this clone's.
 */
export type Standing =
  | { readonly kind: 'current' }
  | { readonly kind: 'moved-on'; readonly by: number | undefined }
  | { readonly kind: 'behind' | 'elsewhere' }

/**
 * Compares an entry with the revisions since the one it was made from. Sealed revisions decide;
 * each is verified before it is believed. Entries of earlier versions have no digest: for those the
 * revision's number must do.
 */
export async function standingOf(environment: Environment, newest: Revision, entry: JournalEntry): Promise<Standing> {
  const from = baseNumber(environment, newest, entry)
  if (from === undefined) return { kind: entry.revision > newest.number ? 'behind' : 'elsewhere' }
  if (from === newest.number) return { kind: 'current' }
  const key = await environment.unlock()
  const stateIn = ({ definition }: Revision): string => {
    const { environment: parsed } = parseEnvironment(environment.name, definition)
    const call = parsed && listRotators(parsed).find(({ path }) => path === entry.path)
    return stateText(environment.name, { definition, statePath: call?.statePath, decrypt: (text) => key.decrypt(text) })
  }
  let before = stateIn(environment.revision(from))
  for (let number = from + 1; number <= newest.number; number++) {
    const revision = environment.revision(number)
    await environment.verify(revision)
    const state = stateIn(revision)
    if (revision.change === 'rotate' && state !== before) return { kind: 'moved-on', by: number }
    before = state
  }
  return { kind: 'current' }
}

/** The error for an entry that this clone's history does not explain. */
export function refuseUnplaced(
  environment: Environment,
  entry: JournalEntry,
  newest: Revision,
  standing: Standing,
): EscError {
  const path = shownPath(entry.path)
  const what = `${path}: an interrupted rotation was begun from revision ${entry.revision} of '${environment.name}'`
  const { name } = environment
  const abandon = step('remove the credential of the interrupted rotation', {
    do: 'abandon-rotation',
    environment: name,
  })
  const renumber = step('renumber the revisions', { do: 'renumber-revisions', environment: name })
  const force = rich`if that revision is lost for good, ${abandon}`
  return standing.kind === 'behind'
    ? new EscError('conflict', `${what}, and the newest revision here is ${newest.number} (the journal keeps it)`, {
        hint: rich`get the newer revisions first, such as with "git pull", then run the rotation again; ${force}`,
      })
    : new EscError(
        'conflict',
        `${what}, and this clone has another revision ${entry.revision} (the journal keeps it)`,
        {
          hint: rich`merge the history it belongs to first, with "git pull", and ${renumber} where both changed; ${force}`,
        },
      )
}

/**
 * Returns the number that the revision of an entry has here: a merge may have given it a new
 * number, and with it another digest.
 */
function baseNumber(environment: Environment, newest: Revision, entry: JournalEntry): number | undefined {
  const { revision: number, digest } = entry
  if (number <= newest.number && (digest === undefined || environment.revision(number).digest === digest)) return number
  if (digest === undefined) return undefined
  for (const revision of environment.history()) if (cameFrom(revision, digest)) return revision.number
  return undefined
}
