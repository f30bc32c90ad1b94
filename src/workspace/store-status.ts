import type { Author } from '../store/index.ts'
import { visibleEnvironments } from './permit.ts'
import { type OverdueSchedule, overdueSchedules } from './schedules.ts'
import { selectedEnvironment } from './selection.ts'
import { type EnvironmentStatus, environmentStatus } from './working-definition.ts'
import type { Chosen, Workspace } from './workspace.ts'

/** Where one stands. */
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
}

/** Which store is in use and why, and what in it waits to be done. Needs no key. */
export async function storeStatus(workspace: Workspace): Promise<StoreStatus> {
  const { store, chosen } = workspace
  const statuses = environmentStatus(workspace)
  return {
    folder: store.folder,
    state: store.state.folder,
    organization: store.organization,
    chosen,
    author: await workspace.author(),
    selected: selectedEnvironment(workspace),
    environments: statuses.length,
    unsaved: statuses.filter(({ state }) => state !== 'clean'),
    unfinished: statuses.map(({ name }) => name).filter((name) => store.environment(name).journal().ids().length > 0),
    overdue: await overdueSchedules(workspace, visibleEnvironments(workspace)),
  }
}
