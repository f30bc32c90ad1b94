import { randomUUID } from 'node:crypto'
import type { BudgetLimits } from '../budget.ts'
import { EscError, messageOf } from '../errors.ts'
import {
  type Decrypt,
  type EvaluationHost,
  type EvaluatorRotator,
  type ExportedMap,
  evaluateEnvironment,
  fromPlain,
  limiter,
  type RotationOutcome,
  secretTexts,
  toPlain,
} from '../evaluate/index.ts'
import { type ParsedEnvironment, parseEnvironment } from '../language/index.ts'
import { SecretMask } from '../masking/index.ts'
import type { PlainObject } from '../plain.ts'
import { rich, step, type Text } from '../rich-text.ts'
import type { Rotator, RotatorContext } from '../rotators/index.ts'
import type { Schema } from '../schema/index.ts'
import type { Author, Environment, Revision } from '../store/index.ts'
import { type Diagnostic, formatPropertyPath, type PropertyPath, parsePropertyPath } from '../yaml/index.ts'
import { type CommitResult, commitStates, type ParsedBase, type StateChange } from './commit.ts'
import { type Cooldown, requireCooldown } from './cooldown.ts'
import { believableEvents, failedPaths, type RotationCause, type RotationEvent, rotationEvent } from './event.ts'
import { decodeJournalEntry, type JournalEntry } from './journal-entry.ts'
import { PathRun } from './path-run.ts'
import { notSaved, refuseEdited, refuseErrors, rotatorGone } from './refusals.ts'
import type { RotationMode, RotationProgress, RotationReport } from './report.ts'
import type { Retarget } from './retarget.ts'
import { defaultRetryPolicy, type RetryPolicy } from './retry.ts'
import { type Selection, selectCalls, shownPath } from './selection.ts'
import { RunResources } from './shared-resources.ts'
import { TargetLock } from './target-lock.ts'

/** At most this many paths are rotated at the same time. */
const rotationConcurrency = 12

/** The host of the evaluations of a run, and how the revision is unlocked. */
export interface RotationHost {
  readonly host: EvaluationHost
  readonly unlock: () => Promise<Decrypt>
  readonly context?: ExportedMap
  /** See `EvaluationRequest`. */
  readonly fullName?: (name: string) => string
}

export interface RotationRun {
  readonly environment: Environment
  readonly author: Author
  readonly mode: RotationMode
  /**
   * Relative to `values`. Empty: every rotator of the environment. In mode `failed`: what to
   * try again, where that is not what the history says; what is no rotator any more is left
   * out. Ignored by `resume`.
   */
  readonly paths: readonly PropertyPath[]
  /** The cause of the run: recorded in the revision and in the history. Default: a person. */
  readonly cause?: RotationCause
  /** Loads a rotator by name; rejects, with a suggestion, when there is none. */
  readonly loadRotator: (name: string) => Promise<Rotator>
  /**
   * The host to evaluate the given revision in, with the engine's own rotators, and how
   * to unlock that revision.
   */
  readonly evaluationHost: (rotator: EvaluationHost['rotator'], base: Revision) => RotationHost
  readonly context: Omit<RotatorContext, 'progress' | 'warn'>
  readonly cooldown: Cooldown
  /** Limits of each evaluation. Default: the usual ones. */
  readonly limits?: BudgetLimits
  /** For faults that pass by themselves. Default: 3 tries within 30 s. */
  readonly retries?: RetryPolicy
  /** The credential as JSON data, in adopt mode. */
  readonly adopt?: ExportedMap
  /**
   * In resume mode: what the history cannot place is taken for out of date and
   * cleaned up, instead of refused.
   */
  readonly discard?: boolean
  /** In retarget mode: whether the record is to be moved. */
  readonly confirmRetarget?: (move: Retarget) => Promise<boolean>
  /**
   * Called once nobody else can rotate the environment, before anything is begun. The run ends with
   * whatever it throws.
   */
  readonly locked?: () => void | Promise<void>
  readonly onProgress: (progress: RotationProgress) => void
}

/**
 * Rotates the selected rotators of one environment and saves all successes as one revision
 * (architecture, section 6).
 *
 * @throws EscError when nothing was begun: the definition has errors, a path names no rotator, the
 *   environment is locked or has unsaved edits. Everything later is reported per path.
 */
export async function rotate(run: RotationRun): Promise<RotationReport> {
  if (onlyLooks(run.mode)) return new Rotation(run).perform()
  const lock = await run.environment.lock('rotate')
  try {
    await run.locked?.()
    return await new Rotation(run).perform()
  } finally {
    lock.release()
  }
}

interface Outcome {
  readonly rotations: readonly RotationOutcome[]
  readonly diagnostics: readonly Diagnostic[]
}

class Rotation {
  readonly #run: RotationRun
  readonly #paths = new Map<string, PathRun>()
  readonly #warnings: Text[] = []

  constructor(run: RotationRun) {
    this.#run = run
  }

  async perform(): Promise<RotationReport> {
    const resources = new RunResources()
    try {
      return await this.#perform({ ...this.#run.context, shared: resources })
    } finally {
      await resources.close()
    }
  }

  async #perform(context: RotationRun['context']): Promise<RotationReport> {
    const { environment, mode, onProgress, adopt, confirmRetarget, retries = defaultRetryPolicy } = this.#run
    const created = context.now()
    const base = environment.current()
    if (!onlyLooks(mode)) {
      refuseEdited(environment, base)
      // What this run removes, it removes because of what that revision says.
      environment.makeDurable(base)
    }
    // Whoever can change the definition decides where the managing credentials are sent.
    await environment.verify(base)
    // Once for all that looks at this definition: the larger part of a long one's time.
    const parsed = parseEnvironment(environment.name, base.definition)
    const selection = await this.#select(parsed)
    this.#warnings.push(...selection.orphans.map((entry) => describeOrphan(entry, environment.name)))
    if (mode === 'rotate') {
      const cooldown = { ...this.#run.cooldown, unattended: this.#run.cause !== undefined }
      this.#warnings.push(...(await requireCooldown(selection.calls, environment, cooldown, created)))
    }
    const shared = {
      mode,
      context,
      retries,
      onProgress,
      adopt,
      confirmRetarget,
    }
    const place = {
      ...shared,
      journal: environment.journal(),
      targets: new TargetLock(),
      environment,
      base,
      discard: this.#run.discard ?? false,
    }
    for (const call of selection.calls) this.#paths.set(call.path, new PathRun(call, place))
    const outcome = await this.#evaluate(base, parsed)
    if (onlyLooks(mode)) return this.#report(outcome, selection, undefined)
    const commit = await this.#commit(outcome.rotations, created, { definition: base.definition, parsed })
    const report = this.#report(outcome, selection, commit)
    const begun = [...this.#paths.values()].some((path) => path.begun)
    // A run that changed nothing anywhere changes nothing in the folder either: this
    // machine alone remembers it.
    if (!begun && !this.#hasRotated()) return report
    return { ...report, event: await this.#record(report, { created, base, begun }) }
  }

  async #select(parsed: ParsedEnvironment): Promise<Selection> {
    const { environment, mode, paths } = this.#run
    refuseErrors(environment.name, parsed)
    if (!parsed.environment) throw new EscError('not_found', `Environment '${environment.name}' has no rotators`)
    const records = environment.journal()
    const entries = await records.list()
    if (entries.length > 0 && !onlyLooks(mode)) records.makeDurable()
    const given = paths.map((path) => formatPropertyPath(path))
    const failed = mode !== 'failed' ? [] : given.length > 0 ? given : failedPaths(this.#history())
    const journal = entries.map(({ content }) => decodeJournalEntry(content))
    return selectCalls({ environment: parsed.environment, name: environment.name, mode, paths, failed, journal })
  }

  #history(): readonly RotationEvent[] {
    const { environment, context } = this.#run
    const place = { environmentId: environment.id, now: context.now() }
    return believableEvents(environment.events.list<unknown>('rotations'), place).events
  }

  async #evaluate(base: Revision, parsed: ParsedEnvironment): Promise<Outcome> {
    const { environment, evaluationHost, limits } = this.#run
    const { host, unlock, ...evaluation } = evaluationHost((name) => this.#callable(name), base)
    const request = {
      name: environment.name,
      text: base.definition,
      parsed,
      unlock,
      limits,
      ...evaluation,
    }
    const checked = await evaluateEnvironment({ ...request, mode: 'check' }, host)
    refuseErrors(environment.name, checked)
    if (this.#paths.size === 0) return { rotations: [], diagnostics: [] }
    const rotatePaths = [...this.#paths.keys()].map((path) => parsePropertyPath(path).slice(1))
    // No signal here: when the user stops the run, what has succeeded must
    // still come back to be saved.
    return evaluateEnvironment({ ...request, mode: 'rotate', rotatePaths }, host, { concurrency: rotationConcurrency })
  }

  /**
   * A rotator as the evaluator calls it: `rotate` is a whole rotation of
   * that path, journal and all.
   */
  async #callable(name: string): Promise<EvaluatorRotator> {
    const rotator = await this.#run.loadRotator(name)
    return {
      inputs: rotator.inputs,
      state: rotator.state,
      outputs: rotator.outputs,
      local: rotator.local,
      open: async (inputs, state) => {
        try {
          return fromPlain(rotator.open(state && plainOf(state, rotator.state), plainOf(inputs, rotator.inputs)))
        } catch (error) {
          throw new SecretMask(secretTexts(inputs, state)).error(error)
        }
      },
      rotate: async (inputs, state, { path }) => {
        const run = this.#paths.get(path)
        if (!run) throw new Error(`asked to rotate ${path}, which was not selected`)
        const request = { inputs: plainOf(inputs, rotator.inputs), state: state && plainOf(state, rotator.state) }
        return fromPlain(await run.rotate(rotator, request, secretTexts(inputs, state)))
      },
    }
  }

  /** One revision for all successes; only then is the journal cleared. */
  async #commit(
    outcomes: readonly RotationOutcome[],
    created: Date,
    base: ParsedBase,
  ): Promise<CommitResult | undefined> {
    const { environment, author } = this.#run
    const succeeded = outcomes.filter(({ status, path }) => status === 'succeeded' && this.#paths.has(path))
    const changes = succeeded.flatMap(({ path, patch }): StateChange[] => {
      const run = this.#paths.get(path)
      return run && patch && !run.saved ? [{ path, rotator: run.call.rotator, patch }] : []
    })
    let result: CommitResult | undefined
    try {
      const details = this.#details(new Set(succeeded.map(({ path }) => path)))
      result =
        changes.length > 0
          ? await commitStates(environment, changes, { author, created, details, run: this.#run.cause }, base)
          : undefined
    } catch (error) {
      for (const { path } of changes) this.#paths.get(path)?.fail(notSaved(error))
      return undefined
    }
    const displaced = new Set(result?.displaced.map(({ path }) => path))
    const revision = result?.revision === undefined ? undefined : { number: result.revision, digest: result.digest }
    const limited = limiter(rotationConcurrency)
    const finished = succeeded.map(async ({ path }) => {
      const run = this.#paths.get(path)
      if (displaced.has(path)) run?.fail(rotatorGone())
      else await limited(async () => run?.finish(run.saved ? undefined : revision))
    })
    await Promise.all(finished)
    return result
  }

  /** True when there was something to rotate, rather than to tidy up. */
  #hasRotated(): boolean {
    const { mode } = this.#run
    return this.#paths.size > 0 && (mode === 'rotate' || mode === 'failed')
  }

  /**
   * In the revision's record: with it, that a schedule's run has been can be told from the
   * revision alone, and how it went.
   */
  #details(succeeded: ReadonlySet<string>): Readonly<Record<string, string>> {
    const { cause } = this.#run
    if (cause === undefined) return {}
    const failed = [...this.#paths].flatMap(([path, { call }]) => (succeeded.has(path) ? [] : [call.shown]))
    return {
      schedule: cause.schedule,
      due: cause.due,
      attempt: String(cause.attempt),
      ...(failed.length === 0 ? {} : { failed: JSON.stringify(failed) }),
    }
  }

  #report(outcome: Outcome, selection: Selection, commit: CommitResult | undefined): RotationReport {
    const outcomes = new Map(outcome.rotations.map((rotation) => [rotation.path, rotation]))
    const runs = [...this.#paths].map(([path, run]) => ({ run, found: outcomes.get(path) }))
    const paths = runs.map(({ run, found }) => run.report(found, outcome.diagnostics))
    const succeeded = paths.filter((path) => path.status === 'succeeded').length
    const whole = succeeded === paths.length && selection.orphans.length === 0
    return {
      status: whole ? 'succeeded' : succeeded > 0 ? 'partial' : 'failed',
      ...(commit?.revision === undefined ? {} : { revision: commit.revision }),
      paths,
      warnings: this.#warnings,
      // What a path's own error says already is not said twice.
      diagnostics: outcome.diagnostics.filter(({ path, cause }) => !(cause === 'rotate' && this.#paths.has(path))),
      quoted: runs.flatMap(({ run, found }) => run.blamed(found, outcome.diagnostics) ?? []),
    }
  }

  async #record(
    report: RotationReport,
    { created, base, begun }: { readonly created: Date; readonly base: Revision; readonly begun: boolean },
  ): Promise<RotationEvent> {
    const { environment, author, context } = this.#run
    const event = rotationEvent({
      id: randomUUID(),
      environmentId: environment.id,
      created,
      completed: context.now(),
      userID: author.email || author.name,
      preRotationRevision: base.number,
      cause: this.#run.cause,
      report,
    })
    try {
      if (begun) await environment.events.append('rotations', event)
      else environment.events.appendOnMachine('rotations', event)
    } catch (error) {
      const what = report.revision === undefined ? 'the failed rotation is' : 'the rotation is saved, but'
      this.#warnings.push(`${what} not recorded in the rotation history: ${messageOf(error)}`)
    }
    return event
  }
}

function onlyLooks(mode: RotationMode): boolean {
  return mode === 'plan' || mode === 'doctor'
}

const nowhere = { line: 0, column: 0, byte: 0 }

function plainOf(value: ExportedMap, schema: Schema): PlainObject {
  return toPlain({ value, trace: { def: { begin: nowhere, end: nowhere } } }, schema) as PlainObject
}

function describeOrphan(entry: JournalEntry, environment: string): Text {
  const what = entry.pending ? 'an interrupted rotation' : 'a superseded credential'
  return rich`${shownPath(entry.path)}: ${what} of ${entry.rotator}, begun ${entry.startedAt} at revision ${entry.revision}, waits for its rotator: put it back and ${step('finish the rotation', { do: 'resume-rotation', environment })}, or ${step('look at the record', { do: 'show-journal', environment })}`
}
