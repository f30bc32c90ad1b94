import type { SecretMask } from '../masking/index.ts'
import type { Text } from '../rich-text.ts'
import type { CredentialCheck, PlanStep } from '../rotators/index.ts'
import type { Diagnostic } from '../yaml/index.ts'
import type { RotationEvent } from './event.ts'

export type RotationMode =
  | 'rotate' // every selected path, after reconciling what an earlier run left behind
  | 'failed' // the paths that failed in the last run
  | 'resume' // only what an earlier run left behind
  | 'plan' // say what would be done; change nothing
  | 'doctor' // log in with every credential; change nothing
  | 'retarget' // move the record of an interrupted rotation to the address that the inputs name now
  | 'adopt' // take a credential somebody else made into the state, as `previous`

/**
 * The report on one path. `not-evaluated`: its inputs or state could not be worked
 * out, so it was not begun.
 */
export interface PathReport {
  /** Relative to `values`, as the user writes it: `db`, `a["b.c"]`. */
  readonly path: string
  readonly rotator: string
  readonly status: 'succeeded' | 'failed' | 'not-evaluated'
  readonly error?: string
  readonly hint?: Text
  /** Worth knowing although it succeeded, such as that an interrupted rotation was finished. */
  readonly notes: readonly Text[]
  /** Only in plan mode. */
  readonly steps?: readonly PlanStep[]
  /** Only in doctor mode; empty where there is nothing to log in to. */
  readonly checks?: readonly CredentialCheck[]
}

export interface RotationReport {
  readonly status: 'succeeded' | 'partial' | 'failed'
  /** The revision that holds the new credentials; absent when nothing changed. */
  readonly revision?: number
  readonly paths: readonly PathReport[]
  /** Other things to know, such as unfinished rotations whose rotator was edited away. */
  readonly warnings: readonly Text[]
  readonly diagnostics: readonly Diagnostic[]
  /** Those of the diagnostics that the error of a path repeats. */
  readonly quoted: readonly Diagnostic[]
  /** As recorded in the rotation history; absent when nothing was begun. */
  readonly event?: RotationEvent
}

/** For a terminal: what a path is doing right now. */
export interface RotationProgress {
  readonly path: string
  readonly phase: 'planning' | 'rotating' | 'verifying' | 'resuming' | 'rotated' | 'failed'
  readonly text?: string
}

/**
 * The report without the secrets that the mask knows. Paths and names of rotators are no secrets.
 */
export function maskReport(report: PathReport, mask: SecretMask): PathReport {
  const { error, hint, notes, steps, checks } = report
  return {
    ...report,
    ...(error !== undefined && { error: mask.text(error) }),
    ...(hint !== undefined && { hint: mask.rich(hint) }),
    notes: notes.map((note) => mask.rich(note)),
    ...(steps && { steps: steps.map((step) => ({ ...step, what: mask.text(step.what) })) }),
    ...(checks && {
      checks: checks.map((check) => ({
        ...check,
        what: mask.text(check.what),
        ...(check.detail !== undefined && { detail: mask.text(check.detail) }),
      })),
    }),
  }
}
