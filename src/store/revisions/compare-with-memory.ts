// Apart from the rest of the history, because most openings find everything as
// this machine has seen it.
import { EscError } from '../../errors.ts'
import { rich, step, type Text } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { acceptKeyChanges } from '../keys/key-changes.ts'
import type { Sighting } from '../keys/remembered.ts'
import { layout } from '../layout.ts'
import type { Settings } from '../settings/settings.ts'
import { cameFrom, type Revision } from './revision-file.ts'

/** The environment that is compared. */
export interface Compared {
  readonly context: EnvironmentContext
  readonly settings: Settings
  /** Reads a revision. */
  revision(number: number): Revision
  /**
   * Is told whether the present data key is one that this machine knows, by its
   * digest. Throws to refuse it.
   */
  judgeKey(key: string, isKnown: boolean): void
}

/**
 * Compares the newest revision with what this machine has seen before.
 *
 * @returns what the newest revision that was seen is called now, where the record of a revision
 *   says that a merge has renumbered it.
 * @throws EscError `tampered` when something older was put back, or
 *   something else put in its place.
 */
export function compareWithMemory(
  compared: Compared,
  newest: Revision,
  seen: Sighting | undefined,
  now: Sighting,
): Revision | undefined {
  const { context, settings } = compared
  const { folder, memory, name } = context
  const file = memory.file(settings.id)
  const refuse = (problem: string, where: string, hint: Text) => {
    throw new EscError('tampered', `${problem}, in ${where}`, { hint })
  }
  const resetHint = `restore the files from the git history; if the history was reset on purpose, delete ${file}`
  if (now.key === '' && seen !== undefined && seen.key !== '') {
    refuse(`the settings of environment '${name}' have lost the data key`, settings.file, resetHint)
  }
  if (seen === undefined && memory.names.isReplaced(name, settings.id)) {
    refuse(
      `environment '${name}' is not the one that this machine has seen under that name`,
      settings.file,
      rich`its maker could read what you save: unless you know who removed the one before and made this one, restore the environment from the git history; if you do know, ${step('accept it', { do: 'accept-key', environment: name })}`,
    )
  }
  const isKnown = now.key === '' || memory.knowsKey(settings.id, now.key) || acceptKeyChanges(context, settings)
  compared.judgeKey(now.key, isKnown)
  if (seen === undefined) return undefined
  if (newest.number < seen.number) {
    refuse(
      `the history of environment '${name}' was cut short: its newest revision is ${newest.number}, and this machine has seen revision ${seen.number}`,
      layout.revisions(folder),
      resetHint,
    )
  }
  // After a key change every file has another digest.
  if (now.key !== seen.key && seen.key !== '') return undefined
  if ((now.generation ?? 0) < (seen.generation ?? 0)) {
    refuse(
      `older tags and retractions of environment '${name}' were put back: this machine has seen generation ${seen.generation}, and the settings have ${now.generation}`,
      settings.file,
      resetHint,
    )
  }
  const then = newest.number === seen.number ? newest : compared.revision(seen.number)
  if (then.digest === seen.digest) return undefined
  const renumbered = renumberedSince(compared, newest, seen)
  if (renumbered === undefined) {
    refuse(
      `revision ${seen.number} of environment '${name}' is not the one this machine has seen before`,
      layout.revision(folder, seen.number),
      resetHint,
    )
  }
  return renumbered
}

/** Follows the digests from the newest revision back to one that came from what was seen. */
function renumberedSince({ revision: read }: Compared, newest: Revision, seen: Sighting): Revision | undefined {
  for (let revision = newest; revision.number > seen.number; ) {
    if (cameFrom(revision, seen.digest)) return revision
    const before = read(revision.number - 1)
    if (before.digest !== revision.previous) return undefined
    revision = before
  }
  return undefined
}

/**
 * A history that went back under another name of a branch, or under none: the commits say
 * whether it must be newer.
 */
export function refuseRolledBack({ folder, memory, name }: EnvironmentContext, id: string, number: number): void {
  const found = memory.rolledBackFrom(id, { number, name })
  if (found === undefined) return
  throw new EscError(
    'tampered',
    `the history of environment '${name}' was rolled back: its newest revision is ${number}, in ${layout.revisions(folder)}, and commit ${found.commit.slice(0, 12)}, which the present one was made from, had revision ${found.number}`,
    {
      hint: `restore the files from that commit; if the history was reset on purpose, delete ${memory.file(id)}`,
    },
  )
}
