import { sep } from 'node:path'

/** As `join`, of a folder and names that are as they should be. */
function within(folder: string, ...names: readonly string[]): string {
  return folder + sep + names.join(sep)
}

/**
 * The place where everything is in the state folder: `machine` is the whole of it, `state` the
 * folder of one store in it (`StoreState`).
 */
export const stateLayout = {
  store: (machine: string, identity: string) => within(machine, 'stores', identity),
  stores: (machine: string) => within(machine, 'stores'),
  /**
   * Unfinished rotations: by the environment's id alone, so that a store that was
   * moved or cloned finds them.
   */
  journals: (machine: string) => within(machine, 'journal'),
  journal: (machine: string, id: string) => within(machine, 'journal', id),
  /** Entries that somebody has taken out of a journal, kept as they were. */
  forgotten: (machine: string, id: string) => within(machine, 'forgotten', id),
  environmentLocks: (machine: string) => within(machine, 'locks'),
  /**
   * Held for a rotation: by the id, so that two clones on this machine do not rotate one
   * environment at the same time.
   */
  environmentLock: (machine: string, id: string) => within(machine, 'locks', `environment+${id}.lock`),

  /** Says which store it is, for people. */
  about: (state: string) => within(state, 'store.json'),
  /** There once the store's `.esc` was found in git. */
  fromGit: (state: string) => within(state, 'esc-from-git'),
  locks: (state: string) => within(state, 'locks'),
  /** `+` and the prefix cannot occur in a name, so that no two things share a lock file. */
  lock: (state: string, kind: 'write' | 'store' | 'scheduler' | 'schedule' | 'webhooks', name = '') =>
    within(state, 'locks', `${kind}+${name.replaceAll('/', '+')}.lock`),
  webhooks: (state: string) => within(state, 'webhooks'),
  /**
   * Events of an environment that are of no interest to other machines, such as
   * rotations that came to nothing.
   */
  events: (state: string, { kind, id }: { readonly kind: string; readonly id: string }) =>
    within(state, 'events', id, `${kind}.jsonl`),
  opened: (state: string) => within(state, 'opened'),
  seen: (state: string) => within(state, 'seen'),
  audit: (state: string) => within(state, 'audit'),
  /** The time when a scheduler last looked after the store on this machine. */
  schedulerLook: (state: string) => within(state, 'scheduler.json'),
  selected: (state: string) => within(state, 'selected'),
  /** Credentials that are to be rotated because the data key of an environment was changed. */
  owedRotations: (state: string, id: string) => within(state, 'owed', `${id}.json`),
  leaving: (state: string) => within(state, 'leaving'),
  /** Tokens and open sessions of the server: `tokens`, one file for each, named after a digest. */
  entries: (state: string, kind: string) => within(state, `${kind}s`),
}
