import { join } from 'node:path'
import { listIfPresent, readIfPresent, temporaryPrefix } from '../../files/index.ts'
import { storeIdentity } from '../../machine/index.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import type { CompleteHost } from '../host.ts'
import { type EntryOrigin, entryNames, parseEntry } from '../journal/journal-file.ts'
import { layout } from '../layout.ts'
import { oldTemporaries } from '../locks/leftovers.ts'
import { lockState } from '../locks/lock.ts'
import { interruptedSwaps } from '../revisions/swap.ts'
import { Settings } from '../settings/settings.ts'
import type { StoreState } from '../state/state.ts'
import { stateLayout } from '../state/state-layout.ts'
import type { ReportFinding } from './finding.ts'

interface StateContext {
  readonly store: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * Everything outside the environments: locks and journals of this machine, and leftovers.
 *
 * @param ids of the environments there are.
 * @param isSpecial folders that are not to be looked into, because they are none.
 */
export function checkMachine(
  context: StateContext,
  {
    ids,
    projects,
    isSpecial,
  }: {
    readonly ids: ReadonlySet<string>
    readonly projects: readonly string[]
    readonly isSpecial: (folder: string) => boolean
  },
  report: ReportFinding,
): void {
  const { state, store } = context
  checkLocks(context, ids, report)
  checkJournals(context, ids, report)
  checkSwaps(context, projects, report)
  checkOpened(context, ids, report)
  const folders = [
    state.folder,
    stateLayout.locks(state.folder),
    stateLayout.seen(state.folder),
    stateLayout.opened(state.folder),
    stateLayout.environmentLocks(state.machine),
    ...[...ids].map((id) => stateLayout.journal(state.machine, id)),
    store,
    layout.removed(store),
    ...projects.map((project) => layout.project(store, project)),
  ]
  for (const file of folders
    .filter((folder) => !isSpecial(folder))
    .flatMap((folder) => oldTemporaries(context.host, folder))) {
    reportLeftover(file, 'an interrupted operation has left this', report)
  }
}

/**
 * The locks of this store, and those of its environments; others are the business of other stores.
 */
function checkLocks({ state, host }: StateContext, ids: ReadonlySet<string>, report: ReportFinding): void {
  const within = (folder: string, pattern: RegExp) =>
    listIfPresent(host.files, folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name))
  const files = [
    ...within(stateLayout.locks(state.folder), /\.lock$|^break-/),
    ...within(stateLayout.environmentLocks(state.machine), /^break-/),
    ...[...ids].map((id) => stateLayout.environmentLock(state.machine, id)),
  ]
  for (const file of files) {
    if (lockState(host, file) !== 'broken') continue
    report({
      severity: 'note',
      kind: 'broken_lock',
      file,
      problem: 'the process that held this lock is gone',
      remedy: rich`leave it to the next that wants the lock, or ${step('remove it', { do: 'repair-store' })}`,
      fixable: true,
    })
  }
}

/**
 * Journals of environments that are not here: of this store, and of stores
 * that are nowhere any more.
 */
function checkJournals({ state, host }: StateContext, ids: ReadonlySet<string>, report: ReportFinding): void {
  const { files } = host
  for (const id of listIfPresent(files, stateLayout.journals(state.machine))) {
    if (ids.has(id)) continue
    const file = stateLayout.journal(state.machine, id)
    const entries = entryNames(listIfPresent(files, file))
    if (entries.length === 0) continue
    const origins = entries.map((entry) => originOf(origin(file, entry.file), entry.movedFrom))
    const count = `${entries.length} ${entries.length === 1 ? 'journal entry' : 'journal entries'}`
    if (origins.some(({ identity }) => identity === storeIdentity(state.store))) {
      report({
        severity: 'warning',
        kind: 'unfinished_rotation',
        file,
        problem: `there ${entries.length === 1 ? 'is' : 'are'} ${count} of an environment that is not here (id ${id})`,
        remedy: rich`it may be on another branch, or removed: bring it back and rotate it, for they may hold the only copy of a credential; else ${step('give them up', { do: 'show-journal' })} and its name`,
      })
    } else if (!origins.some(({ store }) => store !== undefined && files.exists(layout.configuration(store)))) {
      const { environment, store = 'an unknown store' } = present(origins[0])
      const whose = environment === undefined ? `an environment (id ${id})` : `environment '${environment}'`
      report({
        severity: 'note',
        kind: 'unfinished_rotation',
        file,
        problem: `this machine keeps ${count} of ${whose} of ${store}, which is not there any more`,
        remedy:
          'open that store again, anywhere on this machine, and rotate the environment, for they may hold the only copy of a credential',
      })
    }
  }

  function origin(folder: string, name: string): EntryOrigin {
    const bytes = readIfPresent(files, join(folder, name))
    return (bytes && parseEntry(bytes)?.origin) ?? {}
  }

  function originOf(origin: EntryOrigin, movedFrom: string | undefined): EntryOrigin & { readonly identity?: string } {
    if (origin.store !== undefined) return { ...origin, identity: storeIdentity(origin.store) }
    if (movedFrom === undefined) return origin
    const store = storeNamed(movedFrom)
    return { identity: movedFrom, store }
  }

  function storeNamed(identity: string): string | undefined {
    try {
      const bytes = readIfPresent(files, stateLayout.about(stateLayout.store(state.machine, identity)))
      return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString()).store
    } catch {
      return undefined
    }
  }
}

/** Kept results of environments that are gone, or on another branch: opening them makes it anew. */
function checkOpened({ state, host }: StateContext, ids: ReadonlySet<string>, report: ReportFinding): void {
  const folder = stateLayout.opened(state.folder)
  for (const id of listIfPresent(host.files, folder)) {
    if (ids.has(id) || id.startsWith(temporaryPrefix)) continue
    const file = join(folder, id)
    reportLeftover(file, 'this was kept of opening an environment that is not here', report)
  }
}

function checkSwaps(context: StateContext, projects: readonly string[], report: ReportFinding): void {
  const { store, host } = context
  for (const project of projects) {
    for (const { name, file } of interruptedSwaps(host.files, layout.project(store, project))) {
      const environment = `${project}/${name}`
      // Not interrupted, but under way.
      if (isLocked(context, [layout.environment(store, environment), file])) continue
      if (!host.files.exists(file)) continue
      report({
        severity: 'note',
        kind: 'interrupted_change',
        environment,
        file,
        problem: 'a change of the secrets provider was interrupted; the environment itself is whole',
        remedy: rich`${step('remove what it has left', { do: 'repair-store' })}, or make the change again`,
        fixable: true,
      })
    }
  }
}

/**
 * True when the environment is locked whose settings are in the first of some folders that has any.
 */
function isLocked({ state, host }: StateContext, folders: readonly string[]): boolean {
  for (const folder of folders) {
    const file = layout.settings(folder)
    try {
      const bytes = readIfPresent(host.files, file)
      if (bytes === undefined) continue
      const { id } = new Settings(Buffer.from(bytes).toString(), file)
      return lockState(host, stateLayout.environmentLock(state.machine, id)) === 'held'
    } catch {}
  }
  return false
}

function reportLeftover(file: string, problem: string, report: ReportFinding): void {
  const remedy = rich`${step('remove it', { do: 'repair-store' })}`
  report({ severity: 'note', kind: 'leftover', file, problem, remedy, fixable: true })
}
