import { EscError } from '../../errors.ts'
import type { Author, Environment } from '../../store/index.ts'
import {
  type EnvironmentProblem,
  type EnvironmentStatus,
  environmentProblem,
  environmentStatuses,
} from '../definitions/working-definition.ts'
import { folderFileName } from '../folders/folder-file.ts'
import { selectedEnvironment } from '../references/selection.ts'
import { findOverdue, type OverdueSchedule } from '../schedules/schedules.ts'
import { storeOperation } from '../session/operation.ts'
import { refusalOf, visibleListing } from '../session/permit.ts'
import type { Chosen, Workspace } from '../session/workspace.ts'

/** The status of one store. */
export interface StoreStatus {
  readonly folder: string
  /** Folder of what this machine keeps about the store. */
  readonly state: string
  readonly organization: string
  readonly chosen: Chosen
  readonly author: Author
  readonly selected: string | undefined
  readonly environments: number
  /** Environments whose `environment.yaml` is not their newest revision. */
  readonly unsaved: readonly EnvironmentStatus[]
  /** Environments with credentials of a rotation that was interrupted on this machine. */
  readonly unfinished: readonly string[]
  /** Environments whose rotation by the clock is overdue. */
  readonly overdue: readonly OverdueSchedule[]
  /**
   * Environments that cannot be used as they are: unreadable, damaged, or not
   * what this machine has seen.
   */
  readonly problems: readonly EnvironmentProblem[]
  /**
   * Environments that cannot be opened with the keys at hand, as far as that can be
   * told without asking anybody.
   */
  readonly locked: readonly string[]
}

/**
 * Tells which store is in use and why, and what in it waits to be done. Needs no key; where the key
 * is a file on this machine, the seals of the newest revisions are checked. One environment that
 * cannot be read hides none of the others.
 */
export const storeStatus = storeOperation({
  name: 'show-store-status',
  level: undefined,
  audit: 'environment-read',
  run: statusOf,
})

async function statusOf(workspace: Workspace): Promise<StoreStatus> {
  const { store, chosen } = workspace
  const { statuses, problems: unreadable } = environmentStatuses(workspace)
  const problems = [...unreadable]
  const locked: string[] = []
  const unfinished: string[] = []
  for (const { name } of statuses) {
    try {
      const environment = store.environment(name)
      if (environment.journal().ids().length > 0) unfinished.push(name)
      if (hasKeyFile(environment.settings) && refusalOf(workspace, name, 'open') === undefined)
        await environment.verify(environment.current())
    } catch (error) {
      if (error instanceof EscError && error.code === 'key_unavailable') locked.push(name)
      else problems.push(environmentProblem(name, error))
    }
  }
  const { names } = visibleListing(workspace)
  return {
    folder: store.folder,
    state: store.state.folder,
    organization: store.organization,
    chosen,
    author: await workspace.author(),
    selected: selectedOrProblem(workspace, problems),
    environments: names.length,
    unsaved: statuses.filter(({ state }) => state !== 'clean'),
    unfinished,
    overdue: await findOverdue(workspace, names),
    problems: problems.sort((a, b) => (a.environment < b.environment ? -1 : 1)),
    locked,
  }
}

function selectedOrProblem(workspace: Workspace, problems: EnvironmentProblem[]): string | undefined {
  try {
    return selectedEnvironment(workspace)
  } catch (error) {
    problems.push(environmentProblem(folderFileName, error))
    return undefined
  }
}

/** Its key is in a file, so that looking whether it is there asks no person and no network. */
function hasKeyFile({ wrappedDataKey, secretsProvider }: Environment['settings']): boolean {
  return wrappedDataKey !== undefined && (secretsProvider === undefined || secretsProvider === 'default')
}
