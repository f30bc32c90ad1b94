import { join } from 'node:path'
import { listIfPresent, statusOf, temporaryPrefix } from '../../files/index.ts'
import { layout } from '../layout.ts'
import { oldTemporaries } from '../leftovers.ts'
import { lockState } from '../lock.ts'
import { interruptedSwaps } from '../swap.ts'
import type { CompleteWorld } from '../world.ts'
import type { Report } from './finding.ts'

/** What is in `.esc/` and between the environments: locks, journals, leftovers. `ids`: of the environments there are. */
export function checkMachine(
  place: { readonly store: string; readonly world: CompleteWorld },
  { ids, projects }: { readonly ids: ReadonlySet<string>; readonly projects: readonly string[] },
  report: Report,
): void {
  checkLocks(place, report)
  checkJournals(place, ids, report)
  checkSwaps(place, projects, report)
  checkOpened(place, ids, report)
  const journals = listIfPresent(place.world.files, join(layout.machine(place.store), 'journal'))
  const folders = [
    layout.machine(place.store),
    layout.locks(place.store),
    layout.seen(place.store),
    layout.opened(place.store),
    ...journals.map((id) => layout.journal(place.store, id)),
    place.store,
    layout.removed(place.store),
    ...projects.map((project) => layout.project(place.store, project)),
  ]
  for (const file of folders.flatMap((folder) => oldTemporaries(place.world, folder))) {
    const problem = 'an interrupted operation has left this'
    report({ severity: 'note', kind: 'leftover', file, problem, remedy: 'run `esc check --fix`', fixable: true })
  }
}

function checkLocks({ store, world }: { store: string; world: CompleteWorld }, report: Report): void {
  for (const name of listIfPresent(world.files, layout.locks(store))) {
    const file = join(layout.locks(store), name)
    if (!/\.lock$|^break-/.test(name) || lockState(world, file) !== 'broken') continue
    report({
      severity: 'note',
      kind: 'broken_lock',
      file,
      problem: 'the process that held this lock is gone',
      remedy: 'the next that wants the lock takes it, or `esc check --fix` removes it',
      fixable: true,
    })
  }
}

function checkJournals(
  { store, world }: { store: string; world: CompleteWorld },
  ids: ReadonlySet<string>,
  report: Report,
): void {
  const journals = join(layout.machine(store), 'journal')
  for (const id of listIfPresent(world.files, journals)) {
    const folder = layout.journal(store, id)
    const entries = listIfPresent(world.files, folder).filter((name) => name.endsWith('.entry'))
    if (ids.has(id) || entries.length === 0) continue
    report({
      severity: 'warning',
      kind: 'unfinished_rotation',
      file: folder,
      problem: `there are ${entries.length} journal entries of an environment that is not here (id ${id})`,
      remedy:
        'it may be on another branch, or removed: bring it back and rotate it, for they may hold the only copy of a credential',
    })
  }
}

/** What was kept of environments that are gone, or on another branch: opening them makes it anew. */
function checkOpened(
  { store, world }: { store: string; world: CompleteWorld },
  ids: ReadonlySet<string>,
  report: Report,
): void {
  for (const id of listIfPresent(world.files, layout.opened(store))) {
    if (ids.has(id) || id.startsWith(temporaryPrefix)) continue
    const file = join(layout.opened(store), id)
    const problem = 'this was kept of opening an environment that is not here'
    report({ severity: 'note', kind: 'leftover', file, problem, remedy: 'run `esc check --fix`', fixable: true })
  }
}

function checkSwaps(
  { store, world }: { store: string; world: CompleteWorld },
  projects: readonly string[],
  report: Report,
): void {
  for (const project of projects) {
    for (const { name, file } of interruptedSwaps(world.files, layout.project(store, project))) {
      const environment = `${project}/${name}`
      // Not interrupted, but under way.
      if (lockState(world, layout.lock(store, 'environment', environment)) === 'held') continue
      if (statusOf(world.files, file) === undefined) continue
      report({
        severity: 'note',
        kind: 'interrupted_change',
        environment,
        file,
        problem: 'a change of the secrets provider was interrupted; the environment itself is whole',
        remedy: 'run `esc check --fix`, or make the change again',
        fixable: true,
      })
    }
  }
}
