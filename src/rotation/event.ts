import { type Text, textOfParts, textParts } from '../rich-text.ts'
import { isAhead, readTimestamp } from '../timestamp.ts'

/** The cause of a run, where that was no person: an instant of a schedule. */
export interface RotationCause {
  /** Id of the schedule. */
  readonly schedule: string
  /** The instant it was due at: RFC 3339, UTC. */
  readonly due: string
  readonly attempt: number
}

/**
 * One run, as a line of `events/rotations.jsonl`: the `SecretRotationEvent` of the hosted service's
 * API, so that its readers can read ours. Holds no secret.
 */
export interface RotationEvent {
  readonly id: string
  readonly environmentId: string
  /** RFC 3339, UTC. */
  readonly created: string
  readonly completed: string
  readonly userID: string
  readonly preRotationRevision: number
  readonly postRotationRevision?: number
  readonly status: 'succeeded' | 'failed'
  readonly cause?: RotationCause
  readonly rotations: readonly {
    readonly id: string
    readonly environmentPath: string
    readonly status: 'succeeded' | 'failed'
    readonly errorMessage?: string
    /** The advice on the error, as the parts of a text (`textParts`). */
    readonly errorHint?: unknown
  }[]
}

/** The end of a run, as its event tells it. */
interface RunOutcome {
  readonly status: 'succeeded' | 'partial' | 'failed'
  /** The revision that holds the new credentials; absent when nothing changed. */
  readonly revision?: number
  readonly paths: readonly {
    readonly path: string
    readonly status: 'succeeded' | 'failed' | 'not-evaluated'
    readonly error?: string
    readonly hint?: Text
  }[]
}

export function rotationEvent(run: {
  readonly id: string
  readonly environmentId: string
  readonly created: Date
  readonly completed: Date
  readonly userID: string
  readonly preRotationRevision: number
  readonly cause?: RotationCause
  readonly report: RunOutcome
}): RotationEvent {
  const { report } = run
  return {
    id: run.id,
    environmentId: run.environmentId,
    created: run.created.toISOString(),
    completed: run.completed.toISOString(),
    userID: run.userID,
    preRotationRevision: run.preRotationRevision,
    postRotationRevision: report.revision,
    status: report.status === 'succeeded' ? 'succeeded' : 'failed',
    ...(run.cause && { cause: run.cause }),
    rotations: report.paths.map((path, index) => ({
      id: `${run.id}-${index + 1}`,
      environmentPath: path.path,
      status: path.status === 'succeeded' ? 'succeeded' : 'failed',
      errorMessage: path.error,
      errorHint: path.hint && textParts(path.hint),
    })),
  }
}

/** The paths whose latest attempt failed. */
export function failedPaths(events: readonly RotationEvent[]): readonly string[] {
  const latest = new Map<string, 'succeeded' | 'failed'>()
  for (const event of events) {
    for (const rotation of event.rotations) latest.set(rotation.environmentPath, rotation.status)
  }
  return [...latest].filter(([, status]) => status === 'failed').map(([path]) => path)
}

/**
 * The events that can be believed: of this environment, of the known shape, and with a time that
 * has been. Events are hints. Anybody who can write to the repository can write them, so the sealed
 * revisions decide when a path was rotated. `ahead`: events from the future.
 */
export function believableEvents(
  lines: readonly unknown[],
  { environmentId, now }: { readonly environmentId: string; readonly now: Date },
): { readonly events: readonly RotationEvent[]; readonly ahead: readonly RotationEvent[] } {
  const events: RotationEvent[] = []
  const ahead: RotationEvent[] = []
  for (const line of lines) {
    if (!isRotationEvent(line) || line.environmentId !== environmentId) continue
    const isFuture = [line.created, line.completed].some((time) => isAhead(new Date(time), now))
    if (isFuture) ahead.push(line)
    else events.push(line)
  }
  return { events, ahead }
}

function isRotationEvent(line: unknown): line is RotationEvent {
  if (typeof line !== 'object' || line === null) return false
  const { created, completed, rotations } = line as Partial<RotationEvent>
  if (readTimestamp(created) === undefined || readTimestamp(completed) === undefined) return false
  if (!Array.isArray(rotations)) return false
  return rotations.every((each: unknown) => {
    if (typeof each !== 'object' || each === null) return false
    const { environmentPath, status } = each as Record<string, unknown>
    return typeof environmentPath === 'string' && (status === 'succeeded' || status === 'failed')
  })
}

/** The record in the history of one path. */
export interface PathRecord {
  readonly lastRotated: Date | undefined
  readonly lastAttempt: Date
  readonly lastResult: 'succeeded' | 'failed'
  /** The error of the last attempt, when it failed. */
  readonly error: string | undefined
  /** The advice on it. */
  readonly hint: Text | undefined
}

/** By shown path; `events` are the oldest first. */
export function pathRecords(events: readonly RotationEvent[]): ReadonlyMap<string, PathRecord> {
  const records = new Map<string, PathRecord>()
  for (const { completed, rotations } of events) {
    const at = new Date(completed)
    for (const { environmentPath, status, errorMessage, errorHint } of rotations) {
      const lastRotated = status === 'succeeded' ? at : records.get(environmentPath)?.lastRotated
      const error = status === 'failed' ? errorMessage : undefined
      const hint = status === 'failed' ? textOfParts(errorHint) : undefined
      records.set(environmentPath, { lastRotated, lastAttempt: at, lastResult: status, error, hint })
    }
  }
  return records
}
