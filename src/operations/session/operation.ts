import type { AuditDetails, AuditEvent } from '../../audit/index.ts'
import type { GuardLevel } from '../../store/index.ts'
import type { ZodType } from '../../vendor/zod.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { Agreeing, Given, InputKit } from './input-kit.ts'
import type { Workspace } from './workspace.ts'

/** The subject of an operation: one environment, or the whole store (`undefined`). */
export type OperationSubject = EnvironmentReference | undefined

/** Asks a person a question with the answers yes and no. `undefined`: nobody has answered. */
export type Confirm = (question: string) => Promise<boolean | undefined>

/** Everything that one run of an operation works with. */
export interface Work<S extends OperationSubject = OperationSubject> extends Workspace {
  readonly subject: S
  /** Set once the work is to end: nothing new is begun then. */
  readonly signal: AbortSignal
  /** `undefined` when nobody is there to answer. */
  readonly confirm: Confirm | undefined
  /** Performs another operation as a part of this one: its changes go into the same commit. */
  readonly perform: Perform
  /** Has files committed too that an earlier process has changed, and did not get to commit. */
  readonly commitAlso: (paths: readonly string[]) => void
  /** Adds to what the audit log says, with what is known when its line is written. */
  readonly addDetails: (details: () => AuditDetails) => void
}

/** The outcome of an operation as the audit log tells it. */
export interface Outcome {
  /** The code of the error, for a result that tells of a failure. `undefined`: it was done. */
  readonly failed?: string
  readonly details?: AuditDetails
}

/** Something that a user can do: who may, what the audit log calls it, and how it is done. */
export interface Operation<S extends OperationSubject, Input, Result> {
  readonly kind: 'operation'
  /** Words joined by dashes: `set-value`. Each operation has a name of its own. */
  readonly name: string
  readonly about: 'environment' | 'store'
  /**
   * The access that the rules must give. `undefined`: none, since the operation asks for each
   * environment that it touches (`permit`), or shows only what the user may see.
   */
  readonly level: GuardLevel | undefined | ((input: Input) => GuardLevel | undefined)
  /** The event of the audit log. */
  readonly audit: AuditEvent | ((input: Input) => AuditEvent)
  /**
   * True when the lines of the audit log are written together at the end, for an operation that
   * lets nothing out before: what leaves earlier flushes them (`AuditTrail.together`).
   */
  readonly auditTogether: boolean
  /** True when it may change files of the store, which are then committed to git. */
  readonly changes: boolean
  /**
   * The schema of the data of an input, for faces that get it from outside (`inputDecoder`).
   * `undefined`: it takes none, or what no face gets as data.
   */
  readonly input: ((z: InputKit) => ZodType) | undefined
  readonly run: (work: Work<S>, input: Input) => Promise<Result>
  /** Tells the audit log of a result. Default: that it was done. */
  readonly outcome: ((result: Result) => Outcome) | undefined
}

/** The options of one run: what a face tells a session besides the input. */
export interface PerformOptions {
  readonly signal?: AbortSignal
  readonly confirm?: Confirm
}

/** Performs an operation. The input is left out where an operation takes none. */
interface Perform {
  <S extends OperationSubject, Result>(operation: Operation<S, undefined, Result>, subject: S): Promise<Result>
  <S extends OperationSubject, Input, Result>(
    operation: Operation<S, Input, Result>,
    subject: S,
    input: Input,
  ): Promise<Result>
}

type Declared<S extends OperationSubject, Input, Result> = Pick<
  Operation<S, Input, Result>,
  'name' | 'level' | 'audit' | 'run'
> &
  Partial<Pick<Operation<S, Input, Result>, 'auditTogether' | 'changes' | 'outcome'>>

/** A schema of the input. One that says something else than the type of the input is an error. */
type Described<Input, Schema extends ZodType, Own extends string> = Agreeing<Schema, Given<Input, Own>> & {
  readonly input?: (z: InputKit) => Schema
  /** Members that only this program gives, and nobody from outside. */
  readonly own?: readonly Own[]
}

/** Declares an operation on one environment. By default, the levels write and admin change. */
export function operation<Input, Result, Schema extends ZodType = ZodType, Own extends string = never>(
  declared: Declared<EnvironmentReference, Input, Result> & Described<Input, Schema, Own>,
): Operation<EnvironmentReference, Input, Result> {
  return declare('environment', declared)
}

/** Declares an operation on the whole store. By default, the levels write and admin change. */
export function storeOperation<Input, Result, Schema extends ZodType = ZodType, Own extends string = never>(
  declared: Declared<undefined, Input, Result> & Described<Input, Schema, Own>,
): Operation<undefined, Input, Result> {
  return declare('store', declared)
}

function declare<S extends OperationSubject, Input, Result>(
  about: 'environment' | 'store',
  declared: Declared<S, Input, Result> & { readonly input?: (z: InputKit) => ZodType },
): Operation<S, Input, Result> {
  const changes = declared.level === 'write' || declared.level === 'admin'
  return { kind: 'operation', about, auditTogether: false, changes, input: undefined, outcome: undefined, ...declared }
}
