import { join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import { listIfPresent } from '../../files/index.ts'
import { trackedNames } from '../../git/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { CompleteHost } from '../host.ts'
import { entryNames } from '../journal/journal-file.ts'
import { layout } from '../layout.ts'
import { FileLock, lockState } from '../locks/lock.ts'
import { moveState } from './move-state.ts'
import type { StoreState } from './state.ts'
import { stateLayout } from './state-layout.ts'
import { markFromGit, wasFromGit } from './state-marks.ts'

interface EarlierStateContext {
  readonly store: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * The findings about the `.esc` in a store's folder, where earlier versions kept
 * the state of the machine.
 * - `none`: there is none any more.
 * - `foreign`: it is, or was, not this machine's own, and nothing in it is used.
 * - `unknown`: it cannot be told whether it comes from git.
 * - `busy`: an earlier version is still at work with it.
 * - `stuck`: something in it could not be moved.
 */
export interface EarlierState {
  readonly kind: 'none' | 'foreign' | 'unknown' | 'busy' | 'stuck'
  /** A sentence without its beginning: `.esc …`. */
  readonly why: string
}

const none: EarlierState = { kind: 'none', why: 'is not there' }

/**
 * Moves the state that an earlier version kept in the store's folder to the state folder, where it
 * is this machine's own: a real folder of this user's that git does not track. Nothing in it is
 * believed for being there: journal entries prove themselves by the data key, and what was seen can
 * only add alarms. Killed at any moment, it is completed by the next.
 */
export function moveEarlierState(
  context: EarlierStateContext,
  options: { readonly again?: boolean } = {},
): EarlierState {
  const { state, store, host } = context
  const { files } = host
  const folder = layout.earlierState(store)
  const status = files.lstat(folder)
  if (status === undefined) return none
  if (status.kind !== 'folder') {
    const what = status.kind === 'link' ? 'a symbolic link' : 'no folder'
    return { kind: 'foreign', why: `is ${what}` }
  }
  const self = process.getuid?.()
  if (self !== undefined && status.owner !== undefined && status.owner !== self) {
    return { kind: 'foreign', why: `belongs to another user (${status.owner})` }
  }
  const marked = wasFromGit(files, state)
  // Asking git each time would make every command slower until somebody mends it.
  if (marked && !options.again) return { kind: 'foreign', why: 'has come from git before' }
  const tracked = trackedNames(state.store, '.esc')
  if (tracked === undefined) return { kind: 'unknown', why: 'may come from git, which could not be asked' }
  if (tracked.length > 0) {
    markFromGit(files, state)
    return { kind: 'foreign', why: 'is tracked by git' }
  }
  const locks = join(folder, 'locks')
  const held = listIfPresent(files, locks).find(
    (name) => name.endsWith('.lock') && lockState(host, join(locks, name)) === 'held',
  )
  if (held !== undefined) return { kind: 'busy', why: `is in use by an earlier version of esc: ${join(locks, held)}` }
  return move(context, folder, marked)
}

function move({ state, store, host }: EarlierStateContext, folder: string, journalsOnly: boolean): EarlierState {
  try {
    const request = { what: `the state of ${store}`, purpose: 'move', waitMs: 10_000 }
    const lock = FileLock.acquireNow(host, stateLayout.lock(state.folder, 'store', 'move'), request)
    try {
      moveState(host.files, { from: folder, state, journalsOnly, isHeld: (path) => lockState(host, path) === 'held' })
    } finally {
      lock.release()
    }
  } catch (error) {
    return { kind: 'stuck', why: `could not be moved: ${messageOf(error)}` }
  }
  if (host.files.lstat(folder) === undefined) {
    host.keys.notify({ kind: 'state-moved', from: folder, to: state.folder })
    return none
  }
  return journalsOnly
    ? { kind: 'foreign', why: 'has come from git before' }
    : { kind: 'stuck', why: 'holds files that esc does not know' }
}

/**
 * Returns the number of entries of unfinished rotations of an environment in the `.esc` of an
 * earlier version.
 */
function earlierEntries({ store, host }: Pick<EarlierStateContext, 'store' | 'host'>, id: string): number {
  const folder = join(layout.earlierState(store), 'journal', id)
  const path = [layout.earlierState(store), join(layout.earlierState(store), 'journal'), folder]
  if (!path.every((each) => host.files.lstat(each)?.kind === 'folder')) return 0
  return entryNames(listIfPresent(host.files, folder)).length
}

/**
 * For whoever is about to rotate: no entry may be left where nobody looks for it. Entries in a
 * `.esc` that is not this machine's own do not count, and that is said.
 * @throws EscError `locked` while an earlier version is at work; `io` when an
 *   entry could not be moved.
 */
export function requireEarlierState(
  context: EarlierStateContext,
  environment: { readonly id: string; readonly name: string },
): void {
  const { store, host } = context
  const folder = layout.earlierState(store)
  const { kind, why } = moveEarlierState(context, { again: true })
  const left = kind === 'none' ? 0 : earlierEntries(context, environment.id)
  if (kind === 'busy') {
    throw new EscError('locked', `${folder} ${why}`, {
      hint: 'wait until it has finished; if it no longer runs, delete that file',
    })
  }
  if (left === 0) return
  if (kind === 'foreign') {
    const remedy = { do: 'check-store' } as const
    const about = { environment: environment.name, folder, entries: left, why }
    host.keys.notify({ kind: 'earlier-journal-left', ...about, remedy })
    return
  }
  const entries = `${left} journal ${left === 1 ? 'entry' : 'entries'} of environment '${environment.name}'`
  throw new EscError('io', `${folder} ${why}, and it holds ${entries}`, {
    hint: rich`they may hold the only copy of a credential: ${step('look at what to do', { do: 'check-store' })}`,
  })
}
