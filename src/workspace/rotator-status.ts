import { messageOf } from '../errors.ts'
import { listRotators, parseEnvironment } from '../language/index.ts'
import { journalEntryId, pathRecords, type RotationEvent } from '../rotation/index.ts'
import { nextRuns } from '../schedule/index.ts'
import type { Environment } from '../store/index.ts'
import { decode, getAt, parsePropertyPath } from '../syntax/index.ts'
import { belowValues } from './rotator-state.ts'
import { scheduleOf } from './schedules.ts'
import type { Workspace } from './workspace.ts'

/**
 * What a rotator's state holds: nothing, for it was never rotated; one credential; that and the one before, which is valid too; or
 * something that only the rotator can read.
 */
export type CredentialsHeld = 'none' | 'current' | 'current-and-previous' | 'unknown'

/** How one rotator is doing. No secrets. */
export interface RotatorStatus {
  readonly environment: string
  /** Below `values`. */
  readonly path: string
  /** Undefined: the definition does not name one. */
  readonly rotator: string | undefined
  /** Undefined: never, or nobody knows. */
  readonly lastRotated: Date | undefined
  /** Undefined: nothing is recorded. */
  readonly lastAttempt: Date | undefined
  readonly lastResult: 'succeeded' | 'failed' | undefined
  /** Why the last attempt failed. */
  readonly error: string | undefined
  readonly credentials: CredentialsHeld
  /** The next run of the environment's schedule. Undefined: none comes. */
  readonly nextRun: Date | undefined
  /** A rotation that was interrupted on this machine waits in the journal. */
  readonly unfinished: boolean
}

export interface RotatorList {
  readonly rotators: readonly RotatorStatus[]
  /** Environments that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly environment: string; readonly problem: string }[]
  /** Environments whose journal holds rotations of rotators that are no longer there. */
  readonly left: readonly string[]
}

/** All rotators of some environments, in the order of the definitions. Needs no key. */
export async function rotatorStatus(workspace: Workspace, environments: readonly string[]): Promise<RotatorList> {
  const rotators: RotatorStatus[] = []
  const unreadable: { environment: string; problem: string }[] = []
  const left: string[] = []
  for (const name of environments) {
    try {
      const environment = workspace.store.environment(name)
      let nextRun: { readonly at: Date | undefined } | undefined
      const waiting = new Set(environment.journal().ids())
      for (const { id, status } of statusesOf(environment, waiting)) {
        nextRun ??= { at: await nextRunOf(environment, workspace.options.now()) }
        rotators.push({ ...status, nextRun: nextRun.at })
        waiting.delete(id)
      }
      if (waiting.size > 0) left.push(name)
    } catch (error) {
      unreadable.push({ environment: name, problem: messageOf(error) })
    }
  }
  return { rotators, unreadable, left }
}

function statusesOf(environment: Environment, waiting: ReadonlySet<string>) {
  const { definition, file } = environment.current()
  const { environment: parsed } = parseEnvironment(file, definition)
  const calls = parsed === undefined ? [] : listRotators(parsed)
  if (calls.length === 0) return []
  const { node } = decode(file, definition)
  const records = pathRecords(environment.events<RotationEvent>('rotations'))
  return calls.map(({ path: documentPath, provider, statePath }) => {
    const path = belowValues(documentPath)
    const record = records.get(path)
    const id = journalEntryId(documentPath)
    const state = getAt(node, parsePropertyPath(statePath))
    const status: Omit<RotatorStatus, 'nextRun'> = {
      environment: environment.name,
      path,
      rotator: provider,
      lastRotated: record?.lastRotated ?? createdAt(state),
      lastAttempt: record?.lastAttempt,
      lastResult: record?.lastResult,
      error: record?.error,
      credentials: credentialsIn(state, provider),
      unfinished: waiting.has(id),
    }
    return { id, status }
  })
}

async function nextRunOf(environment: Environment, now: Date): Promise<Date | undefined> {
  const schedule = scheduleOf(environment)
  return schedule && (await nextRuns(schedule, now, 1))[0]
}

type StateNode = ReturnType<typeof getAt>

function credentialsIn(state: StateNode, rotator: string | undefined): CredentialsHeld {
  const holds = (key: string) => {
    const member = getAt(state, [key])
    return member !== undefined && member.kind !== 'null'
  }
  if (state === undefined || state.kind === 'null') return 'none'
  // `current` of an adapter is whatever it likes to keep, both credentials perhaps.
  if (rotator === 'external') return 'unknown'
  if (rotator === 'snowflake-user') return holds('previousFingerprint') ? 'current-and-previous' : 'current'
  if (!holds('current')) return 'unknown'
  return holds('previous') ? 'current-and-previous' : 'current'
}

/** For credentials that came here by no rotation of ours: what their state says, where it does. */
function createdAt(state: StateNode): Date | undefined {
  const node = getAt(state, ['current', 'createdAt']) ?? getAt(state, ['createdAt'])
  if (node?.kind !== 'string') return undefined
  const date = new Date(node.value)
  return Number.isNaN(date.getTime()) ? undefined : date
}
