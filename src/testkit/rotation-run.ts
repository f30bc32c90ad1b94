import type { PlainObject } from '../plain.ts'
import { decodeJournalEntry, encodeJournalEntry } from '../rotation/index.ts'
import type { Plan, Reconciled, Rotator, RotatorContext } from '../rotators/index.ts'

/** The last record a run staged, as the next run would find it. */
export interface Journal<Pending> {
  pending: Pending | undefined
}

export interface Run<Inputs, State extends object, Pending extends object, RotationPlan extends Plan> {
  readonly rotator: Rotator<Inputs, State, Pending, RotationPlan>
  readonly inputs: Inputs
  readonly state: State | undefined
  readonly context: RotatorContext
  readonly journal?: Journal<Pending>
  /** Around the moment a record becomes durable. */
  readonly onStage?: (when: 'before' | 'after') => void
  /** Sees each record once it is durable. */
  readonly onRecord?: (record: Pending) => void
}

/**
 * plan → rotate → reconcile, as the engine does it: a refusal of `rotate` counts only once
 * `reconcile` has cleaned up.
 */
export async function rotateOnce<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  run: Run<Inputs, State, Pending, RotationPlan>,
): Promise<State> {
  const { rotator, inputs, state, context, journal = { pending: undefined }, onStage, onRecord } = run
  const request = { inputs, state }
  const plan = await rotator.plan(request, context)
  let failure: unknown
  const stage = async (pending: Pending) => {
    onStage?.('before')
    journal.pending = kept(pending)
    onRecord?.(pending)
    onStage?.('after')
  }
  try {
    await rotator.rotate(plan, request, stage, context)
  } catch (error) {
    failure = error
  }
  if (journal.pending === undefined) throw failure
  const reconciled = await rotator.reconcile(journal.pending, request, context)
  return committed(reconciled, journal, failure)
}

/**
 * Does what the run after a crash does with what it finds. Undefined: undone, the state still
 * holds.
 */
export async function resume<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  run: Run<Inputs, State, Pending, RotationPlan> & { readonly journal: Journal<Pending> },
): Promise<Reconciled<State> | undefined> {
  const { rotator, inputs, state, context, journal } = run
  if (journal.pending === undefined) return undefined
  const reconciled = await rotator.reconcile(journal.pending, { inputs, state }, context)
  journal.pending = undefined
  return reconciled
}

function committed<State, Pending>(reconciled: Reconciled<State>, journal: Journal<Pending>, failure: unknown): State {
  journal.pending = undefined
  if (reconciled.kind === 'rotated') return reconciled.state
  throw failure ?? new Error(reconciled.reason)
}

/** As the next run reads it: what was no data is lost. */
function kept<Pending extends object>(pending: Pending): Pending {
  const entry = { path: 'values.x', rotator: 'x', startedAt: '', revision: 1, superseded: [] }
  const bytes = encodeJournalEntry({ ...entry, pending: pending as unknown as PlainObject })
  return decodeJournalEntry(bytes).pending as unknown as Pending
}
