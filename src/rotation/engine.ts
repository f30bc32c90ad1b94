import { randomUUID } from 'node:crypto'
import { EscError, messageOf } from '../errors.ts'
import {
  type Rotator as CallableRotator,
  type CallContext,
  type Decrypt,
  type ExportedMap,
  evaluateEnvironment,
  fromPlain,
  type RotationOutcome,
  toPlain,
  type World,
} from '../evaluate/index.ts'
import { parseEnvironment } from '../language/index.ts'
import type { PlainObject } from '../plain.ts'
import type { PlanStep, Rotator, RotatorContext } from '../rotators/index.ts'
import { type Author, type Environment, layout, type Revision } from '../store/index.ts'
import type { Diagnostic, PropertyPath } from '../syntax/index.ts'
import { parsePropertyPath } from '../syntax/index.ts'
import { type CommitResult, commitStates, type StateChange } from './commit.ts'
import { failedPaths, type RotationEvent, rotationEvent } from './event.ts'
import { decodeJournalEntry, encodeJournalEntry, type JournalEntry, journalEntryId } from './journal-entry.ts'
import type { PathReport, RotationMode, RotationProgress, RotationReport } from './report.ts'
import { type PathJournal, planPath, rotatePath } from './rotate-path.ts'
import { samePlain } from './same-plain.ts'
import { type SelectedCall, type Selection, selectCalls, shownPath } from './selection.ts'
import { TargetLock } from './target-lock.ts'

/** At most this many paths are rotated at the same time. */
const rotationConcurrency = 8

export interface RotationRun {
  readonly environment: Environment
  readonly author: Author
  readonly mode: RotationMode
  /** Relative to `values`. Empty: every rotator of the environment. Ignored by `failed` and `resume`. */
  readonly paths: readonly PropertyPath[]
  /** Loads a rotator by name; rejects, with a suggestion, when there is none. */
  readonly loadRotator: (name: string) => Promise<Rotator>
  /** The world to evaluate the given revision in, with the engine's own rotators, and how to unlock that revision. */
  readonly buildWorld: (rotator: World['rotator'], base: Revision) => { world: World; unlock: () => Promise<Decrypt> }
  readonly context: Omit<RotatorContext, 'progress' | 'warn'>
  readonly onProgress: (progress: RotationProgress) => void
}

/**
 * Rotates the selected rotators of one environment and saves all successes as one revision (architecture, section 6).
 *
 * @throws EscError when nothing was begun: the definition has errors, a path names no rotator, the environment is
 *   locked or has unsaved edits. Everything later is reported per path.
 */
export async function rotate(run: RotationRun): Promise<RotationReport> {
  if (run.mode === 'plan') return new Rotation(run).perform()
  const lock = await run.environment.lock('rotate')
  try {
    return await new Rotation(run).perform()
  } finally {
    lock.release()
  }
}

/** What is known of one selected call while the run goes on. */
interface PathState {
  readonly call: SelectedCall
  readonly notes: string[]
  steps?: readonly PlanStep[]
  error?: unknown
  /** Whether anything may have changed because of this run, remotely or in the journal. */
  begun?: boolean
  /** The state is already in the newest revision: an earlier run was cut off between commit and clean-up. */
  saved?: boolean
}

class Rotation {
  readonly #run: RotationRun
  readonly #targets = new TargetLock()
  readonly #paths = new Map<string, PathState>()

  constructor(run: RotationRun) {
    this.#run = run
  }

  async perform(): Promise<RotationReport> {
    const { environment, context, mode } = this.#run
    const created = context.now()
    const base = environment.current()
    if (mode !== 'plan') refuseEdited(environment, base)
    // Whoever can change the definition decides where the managing credentials are sent.
    await environment.verify(base)
    const selection = await this.#select(base)
    for (const call of selection.calls) this.#paths.set(call.path, { call, notes: [] })
    const evaluation = await this.#evaluate(base, selection)
    if (mode === 'plan') return this.#report(evaluation, selection, undefined)
    const commit = await this.#commit(evaluation.rotations, created)
    const report = this.#report(evaluation, selection, commit)
    // A run that changed nothing anywhere leaves no trace in the folder either; its errors are on the terminal.
    if ([...this.#paths.values()].some((known) => known.begun)) {
      const event = rotationEvent({
        id: randomUUID(),
        environmentId: environment.id,
        created,
        completed: context.now(),
        userID: this.#run.author.email || this.#run.author.name,
        preRotationRevision: base.number,
        report,
      })
      environment.appendEvent('rotations', event)
    }
    return report
  }

  async #select(base: Revision): Promise<Selection> {
    const { environment, mode, paths } = this.#run
    const parsed = parseEnvironment(environment.name, base.definition)
    refuseErrors(environment.name, parsed.diagnostics)
    if (!parsed.environment) throw new EscError('not_found', `Environment '${environment.name}' has no rotators`)
    const entries = await environment.journal().list()
    const failed = mode === 'failed' ? failedPaths(environment.events<RotationEvent>('rotations')) : []
    const journal = entries.map(({ content }) => decodeJournalEntry(content))
    return selectCalls({ environment: parsed.environment, name: environment.name, mode, paths, failed, journal })
  }

  async #evaluate(base: Revision, selection: Selection) {
    const { environment, buildWorld } = this.#run
    const { world, unlock } = buildWorld((name) => this.#callable(name, base), base)
    const request = { name: environment.name, text: base.definition, unlock }
    const checked = await evaluateEnvironment({ ...request, mode: 'check' }, world)
    refuseErrors(environment.name, checked.diagnostics)
    if (selection.calls.length === 0) return { rotations: [], diagnostics: [] }
    const rotatePaths = selection.calls.map((call) => parsePropertyPath(call.path).slice(1))
    // No signal here: when the user stops the run, what has succeeded must still come back to be saved.
    return evaluateEnvironment({ ...request, mode: 'rotate', rotatePaths }, world, { concurrency: rotationConcurrency })
  }

  /** A rotator as the evaluator calls it: `rotate` is a whole rotation of that path, journal and all. */
  async #callable(name: string, base: Revision): Promise<CallableRotator> {
    const rotator = await this.#run.loadRotator(name)
    const plainState = (state: ExportedMap | undefined) =>
      state && (toPlain({ value: state, trace: noTrace }, rotator.state) as PlainObject)
    return {
      inputs: rotator.inputs,
      state: rotator.state,
      outputs: rotator.outputs,
      open: async (_inputs, state) => fromPlain(rotator.open(plainState(state))),
      rotate: async (inputs, state, context) => {
        const request = {
          inputs: toPlain({ value: inputs, trace: noTrace }, rotator.inputs) as PlainObject,
          state: plainState(state),
        }
        return fromPlain(await this.#rotateCall(rotator, request, context, base))
      },
    }
  }

  async #rotateCall(
    rotator: Rotator,
    request: { inputs: PlainObject; state: PlainObject | undefined },
    { path }: CallContext,
    base: Revision,
  ): Promise<PlainObject> {
    const { context, mode, onProgress } = this.#run
    const known = this.#paths.get(path)
    if (!known) throw new Error(`asked to rotate ${path}, which was not selected`)
    const { call, notes } = known
    const progress = (phase: RotationProgress['phase'], text?: string) =>
      onProgress({ path: call.shown, phase, ...(text === undefined ? {} : { text }) })
    let phase: RotationProgress['phase'] = 'planning'
    const rotation = {
      rotator,
      request,
      journal: this.#journal(call, base),
      context: {
        ...context,
        progress: (text: string) => progress(phase, text),
        warn: (text: string) => void notes.push(text),
      },
      begin: call.begin,
      onProgress: (next: RotationProgress['phase']) => {
        phase = next
        progress(next)
      },
    }
    try {
      return await this.#targets.run(rotator.target(request.inputs), async () => {
        if (mode === 'plan') {
          known.steps = await planPath(rotation)
          throw new Planned()
        }
        const result = await rotatePath(rotation)
        known.begun = true
        if (result.resumed) {
          known.saved = request.state !== undefined && samePlain(result.state, request.state)
          notes.push(
            known.saved ? 'had been rotated and saved by an interrupted run' : 'finished an interrupted rotation',
          )
        }
        progress('rotated')
        return result.state
      })
    } catch (error) {
      if (!(error instanceof Planned)) {
        known.error = error
        progress('failed', messageOf(error))
      }
      throw error
    }
  }

  #journal(call: SelectedCall, base: Revision): PathJournal {
    const journal = this.#run.environment.journal()
    const id = journalEntryId(call.path)
    const startedAt = call.leftover?.startedAt ?? this.#run.context.now().toISOString()
    return {
      leftover: call.leftover?.pending,
      put: (pending) => {
        const known = this.#paths.get(call.path)
        if (known) known.begun = true
        const entry = { path: call.path, rotator: call.rotator, startedAt, revision: base.number, pending }
        return journal.put(id, encodeJournalEntry(entry))
      },
      clear: () => journal.remove(id),
    }
  }

  /** One revision for all successes; only then is the journal cleared. */
  async #commit(outcomes: readonly RotationOutcome[], created: Date): Promise<CommitResult | undefined> {
    const { environment, author } = this.#run
    const succeeded = outcomes.filter((outcome) => outcome.status === 'succeeded')
    const changes = succeeded.flatMap(({ path, patch }): StateChange[] => {
      const known = this.#paths.get(path)
      return known && patch && !known.saved ? [{ path, rotator: known.call.rotator, patch }] : []
    })
    let result: CommitResult | undefined
    try {
      result = changes.length > 0 ? await commitStates(environment, changes, { author, created }) : undefined
    } catch (error) {
      for (const { path } of changes) this.#fail(path, notSaved(error))
      return undefined
    }
    for (const { path } of result?.displaced ?? []) this.#fail(path, rotatorGone())
    const displaced = new Set(result?.displaced.map((change) => change.path))
    for (const { path } of succeeded) {
      if (!displaced.has(path)) await environment.journal().remove(journalEntryId(path))
    }
    return result
  }

  #fail(path: string, error: EscError): void {
    const known = this.#paths.get(path)
    if (known) known.error = error
  }

  #report(
    evaluation: { rotations: readonly RotationOutcome[]; diagnostics: readonly Diagnostic[] },
    selection: Selection,
    commit: CommitResult | undefined,
  ): RotationReport {
    const outcomes = new Map(evaluation.rotations.map((outcome) => [outcome.path, outcome]))
    const paths = [...this.#paths.values()].map((known) =>
      pathReport(known, outcomes.get(known.call.path), evaluation.diagnostics, this.#run.mode),
    )
    const succeeded = paths.filter((path) => path.status === 'succeeded').length
    return {
      status:
        succeeded === paths.length && selection.orphans.length === 0
          ? 'succeeded'
          : succeeded > 0
            ? 'partial'
            : 'failed',
      ...(commit?.revision === undefined ? {} : { revision: commit.revision }),
      paths,
      leftovers: selection.orphans.map(describeOrphan),
      // What a path's own error says already is not said twice.
      diagnostics: evaluation.diagnostics.filter(
        ({ path, summary }) => !(this.#paths.has(path) && summary.startsWith('rotate: ')),
      ),
    }
  }
}

/** Thrown instead of rotating when only the plan was asked for. */
class Planned extends Error {}

const nowhere = { line: 0, column: 0, byte: 0 }
const noTrace = { def: { begin: nowhere, end: nowhere } }

function pathReport(
  known: PathState,
  outcome: RotationOutcome | undefined,
  diagnostics: readonly Diagnostic[],
  mode: RotationMode,
): PathReport {
  const { call, notes, steps, error } = known
  const report = { path: call.shown, rotator: call.rotator, notes, ...(steps ? { steps } : {}) }
  if (error !== undefined) {
    const hint = error instanceof EscError ? error.hint : undefined
    return { ...report, status: 'failed', error: messageOf(error), ...(hint ? { hint } : {}) }
  }
  if (outcome?.status === 'succeeded' || (mode === 'plan' && steps)) return { ...report, status: 'succeeded' }
  return { ...report, status: 'not-evaluated', error: whyNotEvaluated(call.path, outcome, diagnostics) }
}

/** The first error inside the call, else the first anywhere: its inputs lead there. */
function whyNotEvaluated(
  path: string,
  outcome: RotationOutcome | undefined,
  diagnostics: readonly Diagnostic[],
): string {
  const errors = [...(outcome?.diagnostics ?? []), ...diagnostics].filter(({ severity }) => severity === 'error')
  const within = errors.find(
    (error) => error.path === path || error.path.startsWith(`${path}.`) || error.path.startsWith(`${path}[`),
  )
  const found = within ?? errors[0]
  if (!found) return 'its inputs or state are not known'
  const at = found.range ? `${found.range.environment}:${found.range.begin.line}:${found.range.begin.column}: ` : ''
  return `not rotated, its inputs cannot be worked out: ${at}${found.summary}`
}

function refuseEdited(environment: Environment, base: Revision): void {
  if (environment.definitionState(base) !== 'edited') return
  const file = layout.definition(environment.folder)
  throw new EscError('unsaved_edit', `${file} has changes that are not saved`, {
    hint: `save them first with \`esc env edit ${environment.name} --file ${file}\`; nothing was rotated`,
  })
}

function refuseErrors(name: string, diagnostics: readonly Diagnostic[]): void {
  const first = diagnostics.find((diagnostic) => diagnostic.severity === 'error')
  if (!first) return
  const at = first.range
    ? `${first.range.environment}:${first.range.begin.line}:${first.range.begin.column}: `
    : `${name}: `
  throw new EscError('invalid_definition', `${at}${first.summary}`, {
    hint: `mend the definition with \`esc env edit ${name}\`; nothing was rotated`,
  })
}

function notSaved(error: unknown): EscError {
  const hint = error instanceof EscError ? error.hint : undefined
  return new EscError(
    'rotation_failed',
    `rotated, but not saved: ${messageOf(error)} (the new credential is kept in the journal)`,
    {
      hint: [hint, 'then run the rotation again with --resume'].filter(Boolean).join('; '),
      cause: error,
    },
  )
}

function rotatorGone(): EscError {
  return new EscError(
    'conflict',
    'rotated, but an edit removed its rotator meanwhile (the new credential is kept in the journal)',
    {
      hint: 'put the rotator back and run the rotation again with --resume',
    },
  )
}

function describeOrphan(entry: JournalEntry): string {
  return `${shownPath(entry.path)}: an interrupted rotation by ${entry.rotator}, begun ${entry.startedAt} at revision ${entry.revision}, waits for its rotator: put it back and run with --resume`
}
