import { messageOf } from '../../errors.ts'
import { listRotators, parseEnvironment } from '../../language/index.ts'
import type { Text } from '../../rich-text.ts'
import {
  believableEvents,
  journalEntryId,
  lastSealedRotations,
  pathRecords,
  type RotationEvent,
  type SealedRotations,
} from '../../rotation/index.ts'
import { nextRuns } from '../../schedule/index.ts'
import type { Environment } from '../../store/index.ts'
import { isAhead } from '../../timestamp.ts'
import { decode, getAt, parsePropertyPath } from '../../yaml/index.ts'
import { findOverdue, scheduleOf } from '../schedules/schedules.ts'
import { storeOperation } from '../session/operation.ts'
import { belowValues } from './rotator-state.ts'

/**
 * The content of a rotator's state: nothing, for it was never rotated; one credential; that and the
 * one before, which is valid too; or something that only the rotator can read.
 */
export type CredentialsHeld = 'none' | 'current' | 'current-and-previous' | 'unknown'

/** The status of one rotator. No secrets. */
export interface RotatorStatus {
  readonly environment: string
  /** Below `values`. */
  readonly path: string
  /** `undefined` when the definition does not name one. */
  readonly rotator: string | undefined
  /** `undefined` when that was never, or nobody knows. */
  readonly lastRotated: Date | undefined
  /** `undefined` when nothing is recorded. */
  readonly lastAttempt: Date | undefined
  readonly lastResult: 'succeeded' | 'failed' | undefined
  /** The reason why the last attempt failed. */
  readonly error: string | undefined
  /** The advice on it, as the run gave it. Nobody vouches for it: it is kept beside the history. */
  readonly hint: Text | undefined
  readonly credentials: CredentialsHeld
  /** The next run of the environment's schedule. Undefined: none comes. */
  readonly nextRun: Date | undefined
  /** Instant of the schedule that has passed without a run. Undefined: nothing is overdue. */
  readonly overdue: Date | undefined
  /** A rotation that was interrupted on this machine waits in the journal. */
  readonly unfinished: boolean
}

export interface RotatorList {
  readonly rotators: readonly RotatorStatus[]
  /** Environments that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly environment: string; readonly problem: string }[]
  /** Environments whose journal holds rotations of rotators that are no longer there. */
  readonly left: readonly string[]
  /** Revisions and events with times in the future, which do not count. */
  readonly warnings: readonly string[]
}

/** All rotators of some environments, in the order of the definitions. Needs no key. */
export const rotatorStatus = storeOperation({
  name: 'list-rotators',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.array(z.string()).describe('names of environments'),
  async run(work, environments: readonly string[]): Promise<RotatorList> {
    const rotators: RotatorStatus[] = []
    const unreadable: { environment: string; problem: string }[] = []
    const left: string[] = []
    const warnings: string[] = []
    for (const name of environments) {
      try {
        const environment = work.store.environment(name)
        let scheduled: { readonly nextRun: Date | undefined; readonly overdue: Date | undefined } | undefined
        const waiting = new Set(environment.journal().ids())
        const now = work.host.now()
        const { statuses, warnings: found } = statusesOf(environment, { waiting, now })
        warnings.push(...found.map((warning) => `${name}: ${warning}`))
        for (const { id, status } of statuses) {
          scheduled ??= {
            nextRun: await nextRunOf(environment, now),
            overdue: (await findOverdue(work, [name]))[0]?.due,
          }
          rotators.push({ ...status, ...scheduled })
          waiting.delete(id)
        }
        if (waiting.size > 0) left.push(name)
      } catch (error) {
        unreadable.push({ environment: name, problem: messageOf(error) })
      }
    }
    return { rotators, unreadable, left, warnings }
  },
})

function statusesOf(
  environment: Environment,
  { waiting, now }: { readonly waiting: ReadonlySet<string>; readonly now: Date },
) {
  const { definition, file } = environment.current()
  const { environment: parsed } = parseEnvironment(file, definition)
  const calls = parsed === undefined ? [] : listRotators(parsed)
  if (calls.length === 0) return { statuses: [], warnings: [] }
  const { node } = decode(file, definition)
  const lines = environment.events.list<unknown>('rotations')
  const { events, ahead } = believableEvents(lines, { environmentId: environment.id, now })
  const records = pathRecords(events)
  const held = calls.filter(({ statePath }) => getAt(node, parsePropertyPath(statePath)) !== undefined)
  const sealed = lastSealedRotations(
    environment,
    held.map(({ path }) => belowValues(path)),
    now,
  )
  const statuses = calls.map(({ path: documentPath, provider, statePath }) => {
    const path = belowValues(documentPath)
    const record = records.get(path)
    const id = journalEntryId(documentPath)
    const state = getAt(node, parsePropertyPath(statePath))
    const status: Omit<RotatorStatus, 'nextRun' | 'overdue'> = {
      environment: environment.name,
      path,
      rotator: provider,
      lastRotated: sealed.last.get(path)?.at ?? past(createdAt(state), now),
      lastAttempt: record?.lastAttempt,
      lastResult: record?.lastResult,
      error: record?.error,
      hint: record?.hint,
      credentials: credentialsIn(state, provider),
      unfinished: waiting.has(id),
    }
    return { id, status }
  })
  return { statuses, warnings: [...aheadText(sealed.ahead), ...eventText(ahead)] }
}

function aheadText(ahead: SealedRotations['ahead']): string[] {
  return ahead.map(
    ({ at, revision }) =>
      `revision ${revision} is dated ${at.toISOString()}, in the future: how old its credentials are is not known, and what is shown is the time before`,
  )
}

function eventText(ahead: readonly RotationEvent[]): string[] {
  if (ahead.length === 0) return []
  const [first] = ahead
  const count = ahead.length === 1 ? '1 event is' : `${ahead.length} events are`
  return [`${count} from the future (${first?.completed}) in events/rotations.jsonl, and ignored`]
}

/** A time in the future is none. */
function past(time: Date | undefined, now: Date): Date | undefined {
  return time === undefined || isAhead(time, now) ? undefined : time
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
