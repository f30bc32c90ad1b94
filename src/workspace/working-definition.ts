import { permit, visibleEnvironments } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { type SaveResult, saveDefinition } from './save-definition.ts'
import { overdueSchedules } from './schedules.ts'
import type { Workspace } from './workspace.ts'

/** How `environment.yaml` of an environment stands to its newest revision. */
export interface EnvironmentStatus {
  readonly name: string
  readonly revision: number
  /** `edited`: changed by hand and not saved. `stale`: left behind by a crash; the next writer puts it right. */
  readonly state: 'clean' | 'stale' | 'edited'
}

/** The same, with the instant of its schedule that has passed without a run, where there is one. */
export interface ScheduledStatus extends EnvironmentStatus {
  readonly overdueSince?: Date
}

/** The status of one environment, or of all, with overdue schedules. */
export async function scheduledStatus(
  workspace: Workspace,
  reference?: EnvironmentReference,
): Promise<ScheduledStatus[]> {
  const statuses = environmentStatus(workspace, reference)
  const overdue = await overdueSchedules(
    workspace,
    statuses.map(({ name }) => name),
  )
  const dues = new Map(overdue.map(({ environment, due }) => [environment, due]))
  return statuses.map((status) => {
    const due = dues.get(status.name)
    return due === undefined ? status : { ...status, overdueSince: due }
  })
}

/** The status of one environment, or of all. */
export function environmentStatus(workspace: Workspace, reference?: EnvironmentReference): EnvironmentStatus[] {
  const names = reference === undefined ? visibleEnvironments(workspace) : [reference.name]
  return names.map((name) => {
    const environment = workspace.store.environment(name)
    const newest = environment.current()
    return { name: environment.name, revision: newest.number, state: environment.definitionState(newest) }
  })
}

/** Saves a hand edit of `environment.yaml` as the next revision; its new secrets are encrypted. */
export async function saveWorkingDefinition(
  workspace: Workspace,
  reference: EnvironmentReference,
): Promise<SaveResult & { readonly text: string }> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const environment = workspace.store.environment(reference.name)
  const base = environment.current()
  const text = environment.workingDefinition()
  if (text === undefined || environment.definitionState(base) !== 'edited') {
    return { kind: 'unchanged', revision: base.number, diagnostics: [], text: base.definition }
  }
  const saved = await saveDefinition(workspace, environment, { text, base, change: 'save', savedEdit: text })
  return { ...saved, text }
}

/** Discards a hand edit of `environment.yaml`. Returns whether there was one. */
export async function restoreWorkingDefinition(
  workspace: Workspace,
  reference: EnvironmentReference,
): Promise<boolean> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const environment = workspace.store.environment(reference.name)
  const edited = environment.definitionState() !== 'clean'
  if (edited) await environment.restoreDefinition()
  return edited
}
