import { EscError } from '../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'

/** The times when a schedule runs: at every instant of a cron expression, or once. */
export type Timing =
  | { readonly kind: 'cron'; readonly expression: string }
  | { readonly kind: 'once'; readonly at: Date }

/**
 * The settings of an environment for its rotation by the clock. An
 * environment has at most one.
 */
export interface Schedule {
  /** `sched-1`; never given twice in one environment. */
  readonly id: string
  readonly kind: 'environment_rotation'
  readonly timing: Timing
  /** IANA name of the zone in which the cron expression is read. */
  readonly timezone: string
  readonly paused: boolean
  readonly created: Date
  /**
   * The time when it was last edited, paused or resumed. Instants before it are not made up for.
   */
  readonly modified: Date
}

/** The field `schedule` of an environment's settings, as data. */
export function scheduleField(schedule: Schedule): JsonObject {
  const { id, kind, timing, timezone, paused, created, modified } = schedule
  return {
    id,
    kind,
    ...(timing.kind === 'cron' ? { cron: timing.expression, timezone } : { once: timing.at.toISOString() }),
    ...(paused && { paused }),
    created: created.toISOString(),
    modified: modified.toISOString(),
  }
}

/**
 * Reads that field. Undefined: the environment has no schedule. Says nothing about whether
 * the cron expression is one.
 * @throws EscError `store_damaged`, naming `file`.
 */
export function readSchedule(field: Json | undefined, file: string): Schedule | undefined {
  if (field === undefined || field === null) return undefined
  if (!isJsonObject(field)) throw damaged(file, 'is not a mapping')
  const { id, kind, cron, once, timezone, paused, created, modified } = field
  if (typeof id !== 'string' || id === '') throw damaged(file, 'has no id')
  if (kind !== 'environment_rotation') throw damaged(file, `is of the unknown kind '${String(kind)}'`)
  if (typeof cron === 'string' && once !== undefined) throw damaged(file, 'has both cron and once')
  const timing: Timing | undefined =
    typeof cron === 'string'
      ? { kind: 'cron', expression: cron }
      : once === undefined
        ? undefined
        : { kind: 'once', at: dateOf(once, 'once', file) }
  if (timing === undefined) throw damaged(file, 'has neither cron nor once')
  return {
    id,
    kind,
    timing,
    timezone: typeof timezone === 'string' ? timezone : 'UTC',
    paused: paused === true,
    created: dateOf(created, 'created', file),
    modified: dateOf(modified, 'modified', file),
  }
}

/** As tables show it: the cron expression, with its zone where that is not UTC; or the time. */
export function describeTiming({ timing, timezone }: Schedule): string {
  if (timing.kind === 'once') return timing.at.toISOString().replace('.000Z', 'Z')
  return timezone === 'UTC' ? timing.expression : `${timing.expression} ${timezone}`
}

function dateOf(value: Json | undefined, name: string, file: string): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) throw damaged(file, `has no valid time '${name}'`)
  return date
}

function damaged(file: string, problem: string): EscError {
  return new EscError('store_damaged', `the schedule in ${file} ${problem}`, {
    hint: 'restore the file from the git history, or remove the schedule and make it anew',
  })
}
