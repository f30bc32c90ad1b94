import { join } from 'node:path'
import { listIfPresent } from '../../files/index.ts'
import { trackedNames } from '../../git/index.ts'
import type { CompleteHost } from '../host.ts'
import { layout } from '../layout.ts'
import { moveEarlierState } from '../state/earlier-state.ts'
import type { StoreState } from '../state/state.ts'
import type { ReportFinding } from './finding.ts'

interface StateContext {
  readonly store: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/**
 * The `.esc` that earlier versions kept in the store's folder, and whatever could be taken for it.
 */
export function checkEarlierState(context: StateContext, report: ReportFinding): void {
  const { state, store, host } = context
  const tracked = trackedNames(state.store, '.esc') ?? []
  for (const name of tracked) reportTracked(context, name, report)
  if (tracked.includes('.esc')) return
  const file = layout.earlierState(store)
  const { kind, why } = moveEarlierState(context, { again: true })
  const problem = `the folder for the state of earlier versions ${why}, and is not used`
  const entries = countEntries(host, file)
  const kept =
    entries === 0 ? '' : `, but keep what is in journal/ (${entries}): it may hold the only copy of a credential`
  if (kind === 'foreign') {
    report({ severity: 'error', kind: 'committed_state', file, problem, remedy: `delete it${kept}` })
  } else if (kind === 'unknown') {
    const remedy = 'install git, or allow this repository in it (safe.directory), so that it can be asked'
    report({ severity: 'warning', kind: 'earlier_state', file, problem, remedy })
  } else if (kind === 'busy') {
    const remedy = 'wait until that has finished; if it no longer runs, delete the lock file'
    report({ severity: 'note', kind: 'earlier_state', file, problem, remedy })
  } else if (kind === 'stuck') {
    const remedy = `make the folder and ${state.machine} writable, or move away what is left${kept}`
    report({ severity: 'warning', kind: 'earlier_state', file, problem, remedy })
  }
}

function reportTracked({ store, host }: StateContext, name: string, report: ReportFinding): void {
  const entries = countEntries(host, join(store, name))
  const kept =
    entries === 0
      ? ''
      : `; keep what is in journal/ (${entries} ${entries === 1 ? 'file' : 'files'}) until you know whose it is`
  report({
    severity: 'error',
    kind: 'committed_state',
    file: join(store, name),
    problem: `git tracks ${name}: whoever can push could change what a machine keeps for itself. Nothing in it is used`,
    remedy: `in ${store}, run \`git rm -r --cached ${name}\`, commit, and delete it${kept}`,
  })
}

/** Files of journals in a folder; what a link leads to does not count. */
function countEntries({ files }: CompleteHost, folder: string): number {
  const isFolder = (path: string) => files.lstat(path)?.kind === 'folder'
  const journals = join(folder, 'journal')
  if (!isFolder(folder) || !isFolder(journals)) return 0
  return listIfPresent(files, journals)
    .map((id) => join(journals, id))
    .filter(isFolder)
    .reduce((sum, id) => sum + listIfPresent(files, id).filter((name) => name.endsWith('.entry')).length, 0)
}
