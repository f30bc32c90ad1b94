import { listRotators, parseEnvironment } from '../../language/index.ts'
import {
  believedRuns,
  type IgnoredRun,
  type Schedule,
  type ScheduledRun,
  type SealedRuns,
} from '../../schedule/index.ts'
import type { Environment } from '../../store/index.ts'
import { isAhead, readTimestamp } from '../../timestamp.ts'

import { belowValues } from '../rotating/rotator-state.ts'

/** Revisions are about in the order of their times; clocks of machines may differ by this much. */
const orderMs = 24 * 3_600_000

/**
 * The newest runs of a schedule that the revisions show. Undefined: none since the schedule was
 * made or edited. Needs no key.
 */
function sealedRunsOf(environment: Environment, schedule: Schedule, now: Date): SealedRuns | undefined {
  let found: { due: Date; attempts: Set<number> } | undefined
  for (const { created, details } of environment.history()) {
    if (created.getTime() < schedule.modified.getTime() - orderMs) break
    const due = details.schedule === schedule.id ? readTimestamp(details.due) : undefined
    // Made by a clock that was ahead: that instant has not come.
    if (due === undefined || isAhead(due, now)) continue
    if (found !== undefined && due < found.due) break
    if (found === undefined || due > found.due) found = { due, attempts: new Set() }
    found.attempts.add(Number(details.attempt ?? '1'))
  }
  return found
}

/** The runs of a schedule that are known, and what is not believed. */
export interface KnownRuns {
  readonly runs: readonly ScheduledRun[]
  readonly ignored: readonly IgnoredRun[]
  readonly sealed: SealedRuns | undefined
  readonly lastRotated: Date | undefined
}

export function knownRuns(environment: Environment, schedule: Schedule, now: Date): KnownRuns {
  let paths: ReadonlySet<string> | undefined
  const hasRotator = (path: string) => {
    paths ??= rotatorPaths(environment)
    return paths.has(path)
  }
  const sealed = sealedRunsOf(environment, schedule, now)
  const lines = environment.events.list<unknown>('schedules')
  return {
    ...believedRuns(lines, { schedule: schedule.id, sealed, hasRotator, now }),
    sealed,
    lastRotated: lastRotation(environment, now),
  }
}

/** Returns the time when anything was rotated last, by the revisions. */
function lastRotation(environment: Environment, now: Date): Date | undefined {
  for (const { change, created } of environment.history()) {
    if (change === 'rotate' && !isAhead(created, now)) return created
  }
  return undefined
}

function rotatorPaths(environment: Environment): ReadonlySet<string> {
  const { definition, file } = environment.current()
  const { environment: parsed } = parseEnvironment(file, definition)
  return new Set(parsed === undefined ? [] : listRotators(parsed).map(({ path }) => belowValues(path)))
}

/** One line for each kind of line that is not believed. */
export function ignoredText(ignored: readonly IgnoredRun[]): string[] {
  const say = (why: IgnoredRun['why'], text: (count: string, which: string) => string) => {
    const those = ignored.filter((each) => each.why === why)
    if (those.length === 0) return []
    const count =
      those.length === 1 ? '1 run in events/schedules.jsonl is' : `${those.length} runs in events/schedules.jsonl are`
    return [
      text(
        count,
        those
          .map(({ run }) => run.due)
          .slice(0, 3)
          .join(', '),
      ),
    ]
  }
  return [
    ...say(
      'ahead',
      (count, which) =>
        `${count} from the future (due ${which}) and ignored: a clock was set ahead, or somebody wrote it`,
    ),
    ...say('unsealed', (count, which) => `${count} not what the revisions show (due ${which}) and ignored`),
  ]
}
