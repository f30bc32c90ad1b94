import { EscError, hintOf, messageOf } from '../../errors.ts'
import type { Text } from '../../rich-text.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { findOverdue } from '../schedules/schedules.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { permit, visibleListing } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'

/** The relation of `environment.yaml` of an environment to its newest revision. */
export interface EnvironmentStatus {
  readonly name: string
  readonly revision: number
  /**
   * `edited`: changed by hand and not saved. `stale`: left behind by a crash; the
   * next writer puts it right.
   */
  readonly state: 'clean' | 'stale' | 'edited'
}

/** The same, with the instant of its schedule that has passed without a run, where there is one. */
export interface ScheduledStatus extends EnvironmentStatus {
  readonly overdueSince?: Date
}

/** An environment that cannot be used as it is. */
export interface EnvironmentProblem {
  readonly environment: string
  readonly code: string
  /** A sentence without a full stop. */
  readonly problem: string
  readonly hint: Text | undefined
}

export interface Statuses<S extends EnvironmentStatus> {
  readonly statuses: readonly S[]
  readonly problems: readonly EnvironmentProblem[]
}

/**
 * The status of one environment, or of all, with overdue schedules. Of all, those that
 * cannot be read are problems. Throws EscError when the one environment cannot be read.
 */
export const scheduledStatus = storeOperation({
  name: 'get-status',
  level: undefined,
  audit: 'environment-read',
  async run(work, reference?: EnvironmentReference): Promise<Statuses<ScheduledStatus>> {
    if (reference !== undefined) await permit(work, reference.name, 'read', 'environment-read')
    return withSchedules(work, reference)
  },
})

async function withSchedules(
  workspace: Workspace,
  reference: EnvironmentReference | undefined,
): Promise<Statuses<ScheduledStatus>> {
  const { statuses, problems } =
    reference === undefined
      ? environmentStatuses(workspace)
      : { statuses: [environmentStatus(workspace, reference.name)], problems: [] }
  const names = [...statuses.map(({ name }) => name), ...problems.map(({ environment }) => environment)]
  const overdue = await findOverdue(workspace, names)
  const dues = new Map(overdue.map(({ environment, due }) => [environment, due]))
  return {
    statuses: statuses.map((status) => {
      const due = dues.get(status.name)
      return due === undefined ? status : { ...status, overdueSince: due }
    }),
    problems,
  }
}

/**
 * The status of every environment that the user may see. One that cannot be read
 * hides none of the others.
 */
export function environmentStatuses(workspace: Workspace): Statuses<EnvironmentStatus> {
  const statuses: EnvironmentStatus[] = []
  const problems: EnvironmentProblem[] = []
  const { names, unreadable } = visibleListing(workspace)
  for (const { name, error } of unreadable) problems.push(environmentProblem(name, error))
  for (const name of names) {
    try {
      statuses.push(environmentStatus(workspace, name))
    } catch (error) {
      problems.push(environmentProblem(name, error))
    }
  }
  return { statuses, problems }
}

export function environmentProblem(environment: string, error: unknown): EnvironmentProblem {
  const known = error instanceof EscError
  return {
    environment,
    code: known ? error.code : 'failed',
    problem: messageOf(error),
    hint: hintOf(error),
  }
}

function environmentStatus({ store }: Workspace, name: string): EnvironmentStatus {
  const environment = store.environment(name)
  const newest = environment.current()
  return { name: environment.name, revision: newest.number, state: environment.definitionState(newest) }
}

/** Saves a hand edit of `environment.yaml` as the next revision; its new secrets are encrypted. */
export const saveWorkingDefinition = operation({
  name: 'save-working-definition',
  level: 'write',
  audit: 'environment-updated',
  async run(work): Promise<SaveResult & { readonly text: string }> {
    const environment = work.store.environment(work.subject.name)
    const base = environment.current()
    const text = environment.workingDefinition()
    if (text === undefined || environment.definitionState(base) !== 'edited') {
      return { kind: 'unchanged', revision: base.number, diagnostics: [], text: base.definition }
    }
    const saved = await saveDefinition(work, environment, { text, base, change: 'save', savedEdit: text })
    return { ...saved, text }
  },
  outcome: saveOutcome,
})

/** Discards a hand edit of `environment.yaml`. Returns whether there was one. */
export const restoreWorkingDefinition = operation({
  name: 'restore-working-definition',
  level: 'write',
  audit: 'environment-updated',
  async run({ store, subject }): Promise<boolean> {
    const environment = store.environment(subject.name)
    const edited = environment.definitionState() !== 'clean'
    if (edited) await environment.restoreDefinition()
    return edited
  },
})
