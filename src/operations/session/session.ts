import type { AuditDetails } from '../../audit/index.ts'
import { messageOf } from '../../errors.ts'
import type { Notice } from '../../notice.ts'
import type { Author, CommitOutcome } from '../../store/index.ts'
import { hasDue } from '../../webhooks/index.ts'
import { type EnvironmentReference, parseRelativeReference } from '../references/reference.ts'
import type { Operation, OperationSubject, PerformOptions, Work } from './operation.ts'
import { permit, wholeStore } from './permit.ts'
import type { Principal } from './principal.ts'
import type { SessionHost, SessionPolicy } from './session-parts.ts'
import type { Chosen, Workspace } from './workspace.ts'

/** The outcome of an operation. */
export interface Performed<Result> {
  readonly result: Result
  /** The things that the user was told besides the result. */
  readonly notices: readonly Notice[]
  /** The outcome of the commit. `undefined` when none was wanted, or nothing has changed. */
  readonly commit: CommitOutcome | undefined
}

/**
 * A store in use by somebody, and the one way to do something with it. Everything that must happen
 * around an operation happens in `perform`: the access rules are asked, the audit log gets its
 * lines, webhooks are told, and the change is committed.
 */
export class Session {
  /** The store as operations get it. No face looks into it: the lint run checks that. */
  readonly workspace: Workspace
  #last: Promise<unknown> = Promise.resolve()

  constructor(workspace: Workspace) {
    this.workspace = workspace
  }

  /** The URL of the server that keeps the store. `undefined`: it is a folder here. */
  get server(): string | undefined {
    return undefined
  }

  /** The folder of the store. @throws EscError `unsupported` where a server keeps it. */
  get folder(): string {
    return this.workspace.store.folder
  }

  /** The folder in which this machine keeps what it knows about stores. */
  get stateFolder(): string {
    return this.workspace.store.state.machine
  }

  /** The reason why it is this store. */
  get chosen(): Chosen {
    return this.workspace.chosen
  }

  /** The label of the store. */
  get organization(): string {
    return this.workspace.store.organization
  }

  get host(): SessionHost {
    return this.workspace.host
  }

  get policy(): SessionPolicy {
    return this.workspace.policy
  }

  /** Returns the name that access rules and audit log know the user by. */
  principal(): Principal {
    return this.workspace.principal()
  }

  /** Returns the author of new revisions. */
  author(): Promise<Author> {
    return this.workspace.author()
  }

  /**
   * Reads a reference to an environment of the store. `base` is the environment that a version
   * alone is of, such as `@3`.
   *
   * @throws EscError `usage`.
   */
  reference(typed: string, base?: EnvironmentReference): EnvironmentReference {
    return base === undefined
      ? this.workspace.reference(typed)
      : parseRelativeReference(typed, base, () => this.organization)
  }

  /** The name of an environment with the label of the store before it. */
  fullName({ name }: Pick<EnvironmentReference, 'name'>): string {
    return `${this.organization}/${name}`
  }

  /** True when something waits to be sent to webhooks. Costs less than a millisecond. */
  get hasDueDeliveries(): boolean {
    const { store, host } = this.workspace
    if (store.shared !== undefined) return store.shared.outbox.hasNew
    return hasDue(store.state.folder, host.now().getTime())
  }

  /** A session of the same caller on the store, open as it is, with a policy that differs so. */
  with(changed: SessionPolicy): Session {
    return new Session({ ...this.workspace, policy: { ...this.workspace.policy, ...changed } })
  }

  /**
   * Performs operations one after the other, in the order of the calls: each is a unit of work.
   *
   * @param subject the environment that it is about; `undefined` for one on the whole store.
   * @throws EscError `forbidden`; what the operation throws. What it has changed by then is
   *   committed all the same.
   */
  perform<S extends OperationSubject, Result>(
    operation: Operation<S, undefined, Result>,
    subject: S,
    input?: undefined,
    options?: PerformOptions,
  ): Promise<Performed<Result>>
  perform<S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
    options?: PerformOptions,
  ): Promise<Performed<Result>>
  perform<S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
    options: PerformOptions = {},
  ): Promise<Performed<Result>> {
    const performed = this.#last.then(() => this.performNow(operation, subject, input, options))
    this.#last = performed.catch(() => {})
    return performed
  }

  /** Performs one operation. The one before has ended. */
  protected async performNow<S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
    { signal, confirm }: PerformOptions,
  ): Promise<Performed<Result>> {
    const { workspace } = this
    const reading = workspace.store.refresh()
    if (reading !== undefined) await reading
    const notices: Notice[] = []
    const alsoChanged: string[] = []
    const notify = (notice: Notice) => {
      notices.push(notice)
      workspace.host.notify(notice)
    }
    let asked = signal
    const unit = {
      confirm,
      host: { ...workspace.host, notify },
      commitAlso: (paths: readonly string[]) => void alsoChanged.push(...paths),
    }
    const unitOf =
      <T extends OperationSubject>(about: T): WorkWith<T> =>
      (addDetails) => ({
        ...workspace,
        ...unit,
        // Few operations ask for it, and the first of a process takes longer than many of them.
        get signal() {
          asked ??= new AbortController().signal
          return asked
        },
        subject: about,
        perform: <U extends OperationSubject, In, Out>(inner: Operation<U, In, Out>, other: U, given?: In) =>
          runPermitted(inner, unitOf(other), given as In),
        addDetails,
      })
    let failure: unknown
    let result: { readonly value: Result } | undefined
    try {
      result = { value: await runPermitted(operation, unitOf(subject), input) }
    } catch (error) {
      failure = error
    }
    workspace.audit.end(failure)
    await workspace.audit.settled()
    const commit = operation.changes ? await this.#commit(operation.name, alsoChanged) : undefined
    this.#deliver()
    if (result === undefined) throw failure
    return { result: result.value, notices, commit }
  }

  /**
   * A copy of a store, such as a draft, is committed by whoever has made it. What the operation has
   * done is done, also when the commit cannot even be tried.
   */
  async #commit(name: string, alsoChanged: readonly string[]): Promise<CommitOutcome | undefined> {
    const { caller, host, policy, original } = this.workspace
    if (original !== undefined || policy.commit === false) return undefined
    // It knows git, which most operations do without.
    const { commitChanges } = await import('./commit-changes.ts')
    const doing = `esc ${caller.origin?.command ?? name}`
    const request = { doing, ...policy.committing, wanted: policy.commit, alsoChanged }
    const outcome = await commitChanges(this.workspace, request).catch(uncommitted)
    if (outcome !== undefined) host.onCommit?.(outcome)
    return outcome
  }

  /**
   * Has sent what is due to webhooks. Looking costs less than a millisecond, and a failure to look
   * is no failure of the operation.
   */
  #deliver(): void {
    const { host, original } = this.workspace
    const { deliver } = host
    if (deliver === undefined || original !== undefined) return
    try {
      if (this.hasDueDeliveries) deliver(this.folder)
    } catch {}
  }
}

function uncommitted(error: unknown): CommitOutcome {
  return {
    kind: 'failed',
    warning: `the change was saved, but not committed to git: ${messageOf(error)}`,
    hint: 'commit it yourself',
  }
}

/** The work of an operation, which adds details to its line of the audit log in this way. */
type WorkWith<S extends OperationSubject> = (addDetails: Work<S>['addDetails']) => Work<S>

/** Runs an operation once the access rules allow it, with its lines of the audit log. */
function runPermitted<S extends OperationSubject, Input, Result>(
  operation: Operation<S, Input, Result>,
  workWith: WorkWith<S>,
  input: Input,
): Promise<Result> {
  const added: (() => AuditDetails)[] = []
  const work = workWith((more) => added.push(more))
  const running = () => runRecorded(operation, { work, added }, input)
  return operation.auditTogether ? work.audit.together(running) : running()
}

async function runRecorded<S extends OperationSubject, Input, Result>(
  { level, audit, run, outcome }: Operation<S, Input, Result>,
  { work, added }: { readonly work: Work<S>; readonly added: readonly (() => AuditDetails)[] },
  input: Input,
): Promise<Result> {
  const needed = typeof level === 'function' ? level(input) : level
  if (needed === undefined) return run(work, input)
  const event = typeof audit === 'function' ? audit(input) : audit
  const details = () => Object.assign({}, ...added.map((each) => each())) as AuditDetails
  const permitted = await permit(work, work.subject?.name ?? wholeStore, needed, event, details)
  try {
    const result = await run(work, input)
    const { failed, details: more } = outcome?.(result) ?? {}
    if (failed === undefined) permitted.done(more)
    else permitted.failed(failed, more)
    return result
  } catch (error) {
    permitted.failed(error)
    throw error
  }
}
