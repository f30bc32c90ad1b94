import { perform, performTold } from '../../perform.ts'
import type { Told } from '../../wire.ts'

/** A rotated secret, as the server lists it. */
export interface RotatorRow {
  readonly path: string
  readonly rotator?: string
  readonly lastRotated?: string
  readonly lastAttempt?: string
  readonly lastResult?: 'succeeded' | 'failed'
  readonly error?: string
  /** The advice on the error. */
  readonly hint?: Told
  readonly credentials: 'none' | 'current' | 'current-and-previous' | 'unknown'
  readonly nextRun?: string
  readonly overdue?: string
  readonly unfinished: boolean
}

export interface PlanStep {
  readonly action: 'create' | 'change' | 'keep' | 'delete'
  readonly what: string
}

export interface CredentialCheck {
  readonly credential: 'current' | 'previous' | 'foreign'
  readonly what: string
  readonly works?: boolean
  readonly detail?: string
}

export interface PathReport {
  readonly path: string
  readonly rotator: string
  readonly status: 'succeeded' | 'failed' | 'not-evaluated'
  readonly error?: string
  readonly hint?: Told
  readonly notes: readonly Told[]
  readonly steps?: readonly PlanStep[]
  readonly checks?: readonly CredentialCheck[]
}

export interface Report {
  readonly status: 'succeeded' | 'partial' | 'failed'
  readonly revision?: number
  readonly paths: readonly PathReport[]
  readonly warnings: readonly Told[]
  readonly diagnostics: readonly { readonly summary: string; readonly path?: string }[]
}

/** The schedule of an environment, as the server shows it. */
export interface ScheduleView {
  readonly schedule: {
    readonly id: string
    readonly paused: boolean
    readonly timezone: string
    readonly timing:
      | { readonly kind: 'cron'; readonly expression: string }
      | { readonly kind: 'once'; readonly at: string }
  }
  /** The cron expression with its zone, or the time. */
  readonly timing: string
  readonly words?: string
  readonly next: readonly string[]
  readonly lastExecuted?: string
  readonly lastResult?: 'succeeded' | 'partial' | 'failed'
  readonly overdue?: string
  readonly warnings: readonly string[]
  readonly problem?: string
}

/** An unfinished rotation in the journal of the server. */
export interface JournalRecord {
  readonly file: string
  readonly kind: 'unfinished' | 'retire' | 'unreadable' | 'foreign' | 'left'
  readonly path?: string
  readonly rotator?: string
  readonly startedAt?: string
  readonly revision?: number
  readonly concerns?: Readonly<Record<string, string>>
  readonly superseded?: number
  readonly standing?: 'current' | 'moved-on' | 'behind' | 'elsewhere' | 'rotator-gone' | 'unknown'
  readonly movedOnBy?: number
  readonly problem?: string
}

/** A run that a person asks for. */
export interface Run {
  readonly mode: 'rotate' | 'failed' | 'resume'
  /** Empty: all that the mode means. */
  readonly paths: readonly string[]
  readonly force?: boolean
}

export interface RotatedSecrets {
  readonly rotators: readonly RotatorRow[]
  readonly schedule: ScheduleView | undefined
  /** True when the journal holds records. */
  readonly unfinished: boolean
  readonly warnings: readonly string[]
}

/** Loads what the screen shows. @throws Error where the environment cannot be read. */
export async function loadRotated(name: string): Promise<RotatedSecrets> {
  interface Listed {
    readonly rotators: readonly RotatorRow[]
    readonly unreadable: readonly { readonly problem: string }[]
    readonly left: readonly string[]
    readonly warnings: readonly string[]
  }
  const [listed, schedules] = await Promise.all([
    performTold<Listed>('list-rotators', undefined, [name]),
    perform<readonly ScheduleView[]>('list-schedules', name),
  ])
  const { rotators, unreadable, left, warnings } = listed.result
  if (unreadable[0] !== undefined) throw new Error(unreadable[0].problem)
  return {
    rotators,
    schedule: schedules.result[0],
    unfinished: left.length > 0 || rotators.some((row) => row.unfinished),
    warnings,
  }
}

/** Has the server plan a rotation, or log in with every credential. Changes nothing. */
export async function look(name: string, mode: 'plan' | 'doctor', paths: readonly string[]): Promise<Report> {
  return (await performTold<Report>('rotate-environment', name, { mode, paths })).result
}
