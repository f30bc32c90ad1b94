import { EscError, hintOf } from '../errors.ts'
import type { PlainObject } from '../plain.ts'
import { joined, rich, step } from '../rich-text.ts'
import type { PlanStep, Reconciled, RotationRequest, Rotator, RotatorContext } from '../rotators/index.ts'
import type { RotationProgress } from './report.ts'
import type { Retries } from './retry.ts'
import { samePlain } from './same-plain.ts'

/**
 * The place where a path's unfinished rotation is kept. Every method returns only when the change
 * is durable.
 */
export interface PathJournal {
  /** The record of a rotation that an earlier run did not finish. */
  readonly leftover: PlainObject | undefined
  put(pending: PlainObject): Promise<void>
  clear(): Promise<void>
  /** Throws EscError `locked` when another process has taken over the environment's lock. */
  requireLock(): Promise<void>
}

export interface PathRotation {
  readonly rotator: Rotator
  readonly request: RotationRequest<PlainObject, PlainObject>
  readonly journal: PathJournal
  readonly context: RotatorContext
  /** For planning and reconciling, and for a rotation that has not begun. */
  readonly retries: Retries
  /**
   * Set: the path was rotated again after the leftover was made. `by`: the revision that
   * did, where that is known.
   */
  readonly movedOn?: { readonly by: number | undefined }
  /** True to rotate; false only to reconcile what an earlier run left behind. */
  readonly begin: boolean
  readonly onProgress: (phase: RotationProgress['phase']) => void
}

export interface PathResult {
  readonly state: PlainObject
  /**
   * `resumed`: an earlier run had rotated and was cut off. `unchanged`: there was nothing to
   * reconcile and nothing asked for.
   */
  readonly how: 'rotated' | 'resumed' | 'unchanged'
}

/** Lists and decides, changing nothing. */
export async function planPath(rotation: Omit<PathRotation, 'begin'>): Promise<readonly PlanStep[]> {
  const { rotator, request, journal, context, retries } = rotation
  if (journal.leftover) return [{ action: 'change', what: 'finish or undo the interrupted rotation first' }]
  return (await retries.persist(() => rotator.plan(request, context))).steps
}

/**
 * One path from first look to a credential that logs in. The journal is cleared only where the
 * remote side is known to be as before; after a success it stays until the caller has
 * committed the returned state.
 */
export async function rotatePath(rotation: PathRotation): Promise<PathResult> {
  const { request, journal, context, begin, onProgress, movedOn } = rotation
  if (journal.leftover) {
    onProgress('resuming')
    const reconciled = await reconcile(rotation, journal.leftover, movedOn !== undefined)
    const isHeld =
      reconciled.kind === 'rotated' && request.state !== undefined && samePlain(reconciled.state, request.state)
    if (reconciled.kind === 'rotated' && (movedOn === undefined || isHeld))
      return { state: reconciled.state, how: 'resumed' }
    if (reconciled.kind === 'rotated') await removeSuperseded(rotation, reconciled.state)
    await journal.clear()
    const reason = reconciled.kind === 'undone' ? `: ${reconciled.reason}` : ''
    context.warn(
      movedOn === undefined
        ? `an interrupted rotation was undone${reason}`
        : `an interrupted rotation is out of date, because ${movedOn.by === undefined ? 'its history is gone' : `revision ${movedOn.by} rotated this since`}; its credential was not made current${reason}`,
    )
  }
  if (!begin) {
    if ((!journal.leftover || movedOn !== undefined) && request.state) return { state: request.state, how: 'unchanged' }
    throw new EscError('rotation_failed', 'the interrupted rotation was undone, nothing is left to finish', {
      hint: 'rotate it to get a new credential',
    })
  }
  return { state: await carryOut(rotation), how: 'rotated' }
}

async function carryOut(rotation: PathRotation): Promise<PlainObject> {
  const { rotator, request, journal, context, retries, onProgress } = rotation
  let pending: PlainObject | undefined
  let begun = false
  const stage = async (record: PlainObject) => {
    begun = true
    const before = context.now().getTime()
    await journal.put(record)
    pending = record
    refuseLate(context.now().getTime() - before)
    // Only now: a secret that has just arrived must be on disk before the user's Ctrl-C is obeyed.
    refuseWhenStopped(context)
  }
  let failure: unknown
  const planAndRotate = async () => {
    refuseWhenStopped(context)
    onProgress('planning')
    const plan = await rotator.plan(request, context)
    refuseWhenStopped(context)
    onProgress('rotating')
    try {
      await rotator.rotate(plan, request, stage, context)
    } catch (error) {
      // Before the first record nothing has been changed, so all of it may be done again, the
      // plan too; after it, never.
      if (!begun) throw error
      failure = error
    }
  }
  await retries.persist(planAndRotate)
  if (pending === undefined) throw failure ?? new Error(`the rotator ${rotator.name} staged nothing`)
  if (context.signal.aborted) throw keptInJournal(failure ?? stopped())
  onProgress('verifying')
  const reconciled = await reconcile(rotation, pending, false)
  if (reconciled.kind === 'rotated') return reconciled.state
  await journal.clear()
  throw (
    failure ??
    new EscError('rotation_failed', reconciled.reason, { hint: 'the former credential still holds; try again' })
  )
}

/**
 * For rotators that do not know `movedOn`: the credential works, and the
 * history has gone on without it.
 */
async function removeSuperseded(
  { rotator, request, context, journal }: PathRotation,
  state: PlainObject,
): Promise<void> {
  try {
    await journal.requireLock()
    if (rotator.retire) return await rotator.retire(state, request, context)
  } catch (error) {
    throw keptInJournal(error)
  }
  throw new EscError(
    'conflict',
    'the credential of an interrupted rotation still works, and a later revision rotated this path again (the journal keeps it)',
    {
      hint: rich`remove the credential where ${rotator.name} made it, then ${step('finish the rotation', { do: 'resume-rotation' })}`,
    },
  )
}

async function reconcile(
  rotation: PathRotation,
  pending: PlainObject,
  movedOn: boolean,
): Promise<Reconciled<PlainObject>> {
  const { rotator, request, context, journal, retries } = rotation
  const asked = movedOn ? { ...request, movedOn } : request
  try {
    return await retries.persist(async () => {
      // Whoever has taken the lock over may have made current what this one would undo.
      await journal.requireLock()
      return rotator.reconcile(pending, asked, context)
    })
  } catch (error) {
    throw keptInJournal(error)
  }
}

/** A record says when something is about to be done: what is done much later is not found by it. */
function refuseLate(tookMs: number): void {
  if (tookMs <= 5_000) return
  throw new EscError('io', `the journal took ${Math.round(tookMs / 1000)} s to write`, { hint: 'try again' })
}

function refuseWhenStopped(context: RotatorContext): void {
  if (context.signal.aborted) throw stopped()
}

function stopped(): EscError {
  return new EscError('interrupted', 'interrupted', { hint: 'run the same command again' })
}

/** The credential may be in use already; whoever reads the error must know that it is not lost. */
function keptInJournal(error: unknown): EscError {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof EscError ? error.code : 'provider_failed'
  const hint = code === 'interrupted' ? undefined : hintOf(error)
  return new EscError(code, `${message} (what was begun is kept in the journal)`, {
    hint: joined(
      [hint, rich`the next rotation finishes or undoes it, or ${step('do so now', { do: 'resume-rotation' })}`],
      '; ',
    ),
    cause: error,
  })
}
