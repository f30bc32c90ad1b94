import { EscError, hintOf, messageOf } from '../errors.ts'
import type { ExportedMap, RotationOutcome } from '../evaluate/index.ts'
import { plainSecretTexts, SecretMask } from '../masking/index.ts'
import type { PlainObject } from '../plain.ts'
import { present } from '../present.ts'
import { rich, step, type Text } from '../rich-text.ts'
import type { CredentialCheck, PlanStep, RotationRequest, Rotator, RotatorContext } from '../rotators/index.ts'
import type { Environment, Revision, RotationJournal } from '../store/index.ts'
import { type Diagnostic, placeOf } from '../yaml/index.ts'
import { adoptCredential } from './adopt.ts'
import { encodeJournalEntry, type JournalEntry, journalEntryId } from './journal-entry.ts'
import { refuseUnplaced, standingOf } from './lineage.ts'
import { placedReport } from './placed-report.ts'
import { refuseViolations } from './refuse-violations.ts'
import { maskReport, type PathReport, type RotationMode, type RotationProgress } from './report.ts'
import { type Retarget, retargeted } from './retarget.ts'
import { Retries, type RetryPolicy } from './retry.ts'
import { type PathRotation, planPath, rotatePath } from './rotate-path.ts'
import { samePlain } from './same-plain.ts'
import type { SelectedCall } from './selection.ts'
import type { TargetLock } from './target-lock.ts'

/** Everything that the paths of one run share. */
export interface RunContext {
  readonly mode: RotationMode
  readonly context: Omit<RotatorContext, 'progress' | 'warn'>
  readonly journal: RotationJournal
  readonly targets: TargetLock
  readonly environment: Environment
  /** The revision the run is based on. */
  readonly base: Revision
  /**
   * Takes entries whose revision is not in this history for out of date, instead
   * of refusing their paths.
   */
  readonly discard: boolean
  readonly retries: RetryPolicy
  readonly onProgress: (progress: RotationProgress) => void
  /** The credential as JSON data, in adopt mode. */
  readonly adopt?: ExportedMap
  /** In retarget mode: whether the record is to be moved. */
  readonly confirmRetarget?: (move: Retarget) => Promise<boolean>
}

/** The revision that a record is made from. */
export interface MadeFrom {
  readonly number: number
  /** Undefined only for entries of earlier versions. */
  readonly digest: string | undefined
}

/** Thrown instead of rotating when the user only wants to look. */
class OnlyLooked extends Error {}

/**
 * One selected call, from the plan to the retired credential, and what is known of it meanwhile.
 */
export class PathRun {
  readonly call: SelectedCall
  readonly #run: RunContext
  readonly #notes: Text[] = []
  /** Hides the secrets of this path in everything that it says. */
  readonly #mask = new SecretMask()
  #phase: RotationProgress['phase'] = 'planning'
  #steps: readonly PlanStep[] | undefined
  #checks: readonly CredentialCheck[] | undefined
  #error: unknown
  #begun = false
  #saved = false
  #moved = false
  #rotator: Rotator | undefined
  #request: RotationRequest<PlainObject, PlainObject> | undefined
  #state: PlainObject | undefined
  #superseded: readonly PlainObject[]
  #madeFrom: MadeFrom
  #startedAt: string | undefined

  constructor(call: SelectedCall, run: RunContext) {
    this.call = call
    this.#run = run
    this.#superseded = call.leftover?.superseded ?? []
    this.#madeFrom = run.base
  }

  /** True when anything may have changed because of this run, remotely or in the journal. */
  get begun(): boolean {
    return this.#begun
  }

  /**
   * True when the new state is in the newest revision already: an earlier run was cut off
   * between commit and clean-up.
   */
  get saved(): boolean {
    return this.#saved
  }

  /** The whole rotation of this path; returns the state to be committed. */
  async rotate(
    rotator: Rotator,
    request: RotationRequest<PlainObject, PlainObject>,
    secrets: readonly string[],
  ): Promise<PlainObject> {
    const { leftover } = this.call
    const known = [request.inputs, request.state, leftover?.pending, ...this.#superseded]
    this.#mask.add([...secrets, ...known.flatMap((each) => plainSecretTexts(each))])
    try {
      return await this.#rotateInTurn(rotator, request)
    } catch (error) {
      // Whatever it says goes on into diagnostics, events, logs and webhooks.
      throw this.#mask.error(error)
    }
  }

  #rotateInTurn(rotator: Rotator, request: RotationRequest<PlainObject, PlainObject>): Promise<PlainObject> {
    this.#rotator = rotator
    this.#request = request
    return this.#run.targets.run(rotator.target(request.inputs), () => this.#rotate(rotator, request))
  }

  fail(error: unknown): void {
    this.#error = error
  }

  /**
   * After the commit: retires what it superseded, then clears the journal. What
   * cannot be retired stays in it.
   */
  async finish(revision: MadeFrom | undefined): Promise<void> {
    try {
      // Other clones can retire what this commit superseded once they have it, and not before.
      this.#madeFrom = revision ?? this.#run.base
      await this.#retireAndClear()
    } catch (error) {
      this.#notes.push(`saved, but the next rotation must clear the journal: ${messageOf(error)}`)
    }
  }

  /** Until then the record says what to retire, should this be cut off. */
  async #retireAndClear(): Promise<void> {
    const [rotator, request] = [this.#rotator, this.#request]
    if (this.#superseded.length > 0 && rotator && request) {
      const saved = { inputs: request.inputs, state: this.#state }
      await this.#run.targets.run(rotator.target(request.inputs), () => this.#retire(rotator, saved))
    }
    if (this.#superseded.length === 0) await this.#run.journal.remove(this.#id)
    else await this.#put(undefined)
  }

  report(outcome: RotationOutcome | undefined, diagnostics: readonly Diagnostic[]): PathReport {
    const report = placedReport(this.#report(outcome, diagnostics), this.#run.environment.name)
    return maskReport(report, this.#mask)
  }

  #report(outcome: RotationOutcome | undefined, diagnostics: readonly Diagnostic[]): PathReport {
    const looked = { steps: this.#steps, checks: this.#checks }
    const report = { path: this.call.shown, rotator: this.call.rotator, notes: this.#notes, ...looked }
    const error = this.#error
    if (error !== undefined) {
      const hint = hintOf(error)
      return { ...report, status: 'failed', error: messageOf(error), ...(hint === undefined ? {} : { hint }) }
    }
    const broken = this.#checks?.filter(({ works }) => works === false)
    if (broken?.length) {
      return { ...report, status: 'failed', error: `${broken.map(({ what }) => what).join(', ')} cannot log in` }
    }
    if (this.#wasEvaluated(outcome)) return { ...report, status: 'succeeded' }
    return { ...report, status: 'not-evaluated', ...whyNotEvaluated(this.blamed(outcome, diagnostics)) }
  }

  #wasEvaluated(outcome: RotationOutcome | undefined): boolean {
    return outcome?.status === 'succeeded' || Boolean(this.#steps || this.#checks || this.#moved)
  }

  /**
   * The diagnostic that has kept the path from being evaluated: the first error inside the call,
   * else the first anywhere, since its inputs lead there. `undefined`: none has.
   */
  blamed(outcome: RotationOutcome | undefined, diagnostics: readonly Diagnostic[]): Diagnostic | undefined {
    if (this.#error !== undefined || this.#wasEvaluated(outcome)) return undefined
    const { path } = this.call
    const errors = [...(outcome?.diagnostics ?? []), ...diagnostics].filter(({ severity }) => severity === 'error')
    const within = errors.find(
      (error) => error.path === path || error.path.startsWith(`${path}.`) || error.path.startsWith(`${path}[`),
    )
    return within ?? errors[0]
  }

  get #id(): string {
    return journalEntryId(this.call.path)
  }

  async #rotate(rotator: Rotator, request: RotationRequest<PlainObject, PlainObject>): Promise<PlainObject> {
    const { leftover, begin } = this.call
    const context = this.#context()
    if (this.#run.mode === 'retarget') return this.#retarget(rotator, request)
    const movedOn = await this.#movedOn().catch((error) => {
      this.#error = error
      this.#progress('failed', messageOf(error))
      throw error
    })
    const rotation = {
      rotator,
      request,
      journal: {
        leftover: leftover?.pending,
        put: (pending: PlainObject) => {
          this.#begun = true
          this.#mask.add(plainSecretTexts(pending))
          this.#startedAt ??= context.now().toISOString()
          return this.#put(pending)
        },
        clear: () => this.#clear(rotator, request.state),
        requireLock: () => this.#run.journal.requireLock(),
      },
      context,
      retries: new Retries(this.#run.retries, context),
      begin,
      movedOn,
      onProgress: (phase: RotationProgress['phase']) => this.#progress(phase),
    }
    try {
      await this.#look(rotation)
      if (this.#run.adopt) return await this.#adopt(rotation, this.#run.adopt)
      if (rotator.retire && !leftover?.pending) {
        // First what an earlier run could not retire: it may fill the place that
        // the new credential needs.
        if (begin && this.#superseded.length > 0) await this.#retire(rotator, request)
        if (begin && request.state !== undefined) this.#superseded = [...this.#superseded, request.state]
      }
      const { state, how } = await rotatePath(rotation)
      this.#mask.add(plainSecretTexts(state))
      refuseViolations(state, rotator)
      this.#state = state
      this.#saved = how !== 'rotated' && request.state !== undefined && samePlain(state, request.state)
      if (how !== 'unchanged') this.#begun = true
      if (how === 'resumed') {
        if (!this.#saved && leftover?.pending) await this.#supersede(request.state, leftover.pending)
        this.#notes.push(
          this.#saved ? 'had been rotated and saved by an interrupted run' : 'finished an interrupted rotation',
        )
      }
      this.#progress('rotated')
      return state
    } catch (error) {
      if (!(error instanceof OnlyLooked)) {
        this.#error = error
        this.#progress('failed', messageOf(error))
      }
      throw error
    }
  }

  /** The record alone is moved; the next run reconciles it there. */
  async #retarget(rotator: Rotator, { inputs }: RotationRequest<PlainObject, PlainObject>): Promise<never> {
    const { leftover, shown } = this.call
    const { confirmRetarget } = this.#run
    try {
      const { moved, ...move } = retargeted(rotator, { leftover: present(leftover), inputs, shown })
      if (confirmRetarget && !(await confirmRetarget(move)))
        throw new EscError('invalid_input', 'confirmation declined')
      this.#keepLineage()
      await this.#put(moved)
      this.#moved = true
      this.#notes.push(`the record was moved from ${move.from} to ${move.to}`)
    } catch (error) {
      this.#error = error
      throw error
    }
    throw new OnlyLooked()
  }

  /**
   * Returns the place where the leftover stands in the history. @throws EscError `conflict` when
   * this clone does not have its revision.
   */
  async #movedOn(): Promise<{ readonly by: number | undefined } | undefined> {
    const { leftover } = this.call
    const { environment, base, mode, discard } = this.#run
    if (leftover === undefined || mode === 'doctor') return undefined
    const standing = await standingOf(environment, base, leftover)
    if (standing.kind === 'moved-on') return { by: standing.by }
    if (standing.kind === 'current') return undefined
    if (discard) return { by: undefined }
    throw refuseUnplaced(environment, leftover, base, standing)
  }

  /** Undone: the state holds, so only what earlier rotations superseded is still to be retired. */
  async #clear(rotator: Rotator, state: PlainObject | undefined): Promise<void> {
    const { leftover, begin } = this.call
    this.#superseded = (leftover?.superseded ?? []).filter((former) => !state || !samePlain(former, state))
    if (this.#superseded.length > 0) await this.#put(undefined)
    else await this.#run.journal.remove(this.#id)
    // The rotation that follows supersedes the state of now: another clone may have rotated
    // since the one that is undone.
    if (rotator.retire && begin && state !== undefined) this.#superseded = [...this.#superseded, state]
  }

  async #look(rotation: PathRotation): Promise<void> {
    const { mode } = this.#run
    if (mode === 'plan') this.#steps = await planPath(rotation)
    if (mode === 'doctor') this.#checks = (await rotation.rotator.check?.(rotation.request, rotation.context)) ?? []
    if (this.#steps || this.#checks) throw new OnlyLooked()
  }

  async #adopt(rotation: PathRotation, credential: ExportedMap): Promise<PlainObject> {
    if (this.call.leftover) {
      throw new EscError('conflict', `${this.call.shown}: an interrupted rotation must be finished first`, {
        hint: rich`${step('finish it', { do: 'resume-rotation' })}`,
      })
    }
    const { state, role } = await adoptCredential(rotation, credential, (adopted) =>
      this.#mask.add(plainSecretTexts(adopted)),
    )
    if (role === 'adopted') this.#notes.push('the adopted credential works until the next rotation, which removes it')
    this.#state = state
    this.#begun = true
    return state
  }

  /**
   * Another clone may have rotated since the record was made: what the state has come
   * to name meanwhile is superseded too. On the disk before the commit, which may take
   * its name from the state.
   */
  async #supersede(state: PlainObject | undefined, pending: PlainObject): Promise<void> {
    if (!this.#rotator?.retire || state === undefined) return
    if (this.#superseded.some((former) => samePlain(former, state))) return
    this.#superseded = [...this.#superseded, state]
    this.#keepLineage()
    await this.#put(pending)
  }

  /** A leftover that is written again stays bound to the revision it was made from. */
  #keepLineage(): void {
    const { leftover } = this.call
    if (leftover !== undefined) this.#madeFrom = { number: leftover.revision, digest: leftover.digest }
  }

  /** Retires what it can; the rest stays superseded. */
  async #retire(rotator: Rotator, request: RotationRequest<PlainObject, PlainObject>): Promise<void> {
    try {
      for (const former of this.#superseded) {
        await this.#run.journal.requireLock()
        await rotator.retire?.(former, request, this.#context())
      }
      this.#superseded = []
      this.#begun = true
    } catch (error) {
      this.#notes.push(
        `a superseded credential is still there and will be removed with the next rotation: ${messageOf(error)}`,
      )
    }
  }

  #put(pending: PlainObject | undefined): Promise<void> {
    const { context, journal } = this.#run
    const entry: JournalEntry = {
      path: this.call.path,
      rotator: this.call.rotator,
      startedAt: this.#startedAt ?? this.call.leftover?.startedAt ?? context.now().toISOString(),
      revision: this.#madeFrom.number,
      digest: this.#madeFrom.digest,
      ...(pending && { pending }),
      superseded: this.#superseded,
    }
    return journal.put(this.#id, encodeJournalEntry(entry))
  }

  #context(): RotatorContext {
    return {
      ...this.#run.context,
      progress: (text) => this.#progress(this.#phase, text),
      warn: (text) => void this.#notes.push(text),
    }
  }

  #progress(phase: RotationProgress['phase'], text?: string): void {
    this.#phase = phase
    const shown = text === undefined ? {} : { text: this.#mask.text(text) }
    this.#run.onProgress({ path: this.call.shown, phase, ...shown })
  }
}

function whyNotEvaluated(found: Diagnostic | undefined): { readonly error: string; readonly hint?: Text } {
  if (!found) return { error: 'its inputs or state are not known' }
  const at = placeOf(found)
  const error = `not rotated, its inputs cannot be worked out: ${at === undefined ? '' : `${at}: `}${found.summary}`
  return { error, hint: found.hint }
}
