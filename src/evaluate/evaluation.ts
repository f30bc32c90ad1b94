import type { Accessor, EnvironmentDeclaration, Expression, Suggester } from '../language/index.ts'
import type { Schema } from '../schema/index.ts'
import type { Diagnostic } from '../yaml/index.ts'
import type { Answers, HostCall } from './calls.ts'
import type { ExportedMap, ExportedValue } from './export/exported.ts'
import type { Definition, Evaluated, Value } from './values/value.ts'
import type { Scale } from './weigh.ts'

export type Mode = 'check' | 'open' | 'rotate'

export interface RoundRequest {
  readonly environment: EnvironmentDeclaration
  readonly mode: Mode
  /** True when a check decrypts. Other modes always do. */
  readonly showSecrets: boolean
  /** Document paths of the rotators to rotate. Undefined: all. */
  readonly rotate: ReadonlySet<string> | undefined
  readonly context: ReadonlyMap<string, Value>
  /** The same, as providers see it. */
  readonly contextValues: ExportedMap
  /** The name that `${context…}` gives an environment. */
  readonly fullName: (name: string) => string
  /** Operands that every round would find the same, with the scope that has found them. */
  readonly literals: Map<Expression, Operand & { readonly scope: Scope }>
}

/** An operand's value and whether it is what the call expects; if not, that has been reported. */
export interface Operand {
  readonly value: Value
  readonly ok: boolean
}

/** The outcome of one `fn::rotate` call that was to be rotated. */
export interface RotationOutcome {
  /** Document path of the call. */
  readonly path: string
  readonly status: 'succeeded' | 'failed' | 'not-evaluated'
  readonly diagnostics: readonly Diagnostic[]
  /** Present when `status` is `succeeded`. */
  readonly patch?: Patch
}

/** A new rotation state and the document path it belongs at. */
export interface Patch {
  readonly docPath: string
  readonly replacement: ExportedValue
  /**
   * Envelopes of the former state's secrets, by plaintext: what the new state keeps need not
   * be encrypted again. They open under the key of the definition that they were read from.
   */
  readonly envelopes?: ReadonlyMap<string, string>
}

/** An expression under evaluation. */
export interface Frame {
  readonly scope: Scope
  readonly expression: Expression
  readonly accept: Schema
  readonly base: Value | undefined
}

/**
 * Thrown where evaluation has come too far from where it began: `frame` is to be
 * evaluated on a fresh stack first.
 */
export class TooDeep {
  readonly frame: Frame
  constructor(frame: Frame) {
    this.frame = frame
  }
}

/** The round, as the evaluation of an expression uses it (`EvaluationRound`). */
export interface Round {
  readonly request: RoundRequest
  readonly answers: Answers
  readonly rotations: RotationOutcome[]
  readonly diagnostics: readonly Diagnostic[]
  readonly suggester: Suggester
  readonly scale: Scale
  /**
   * A call of `fn::validate` waits for its schema, so what is final beneath it cannot be told yet.
   */
  finalityPending: boolean
  /** The number of expressions that are being evaluated. */
  readonly stack: number
  ask(call: HostCall): void
  report(summary: string, at: Definition, severity?: Diagnostic['severity'], more?: Besides): void
  /** @throws TooDeep */
  enter(frame: Frame): void
  leave(): void
  /** Forgets the evaluations above `stack`, which will be begun anew, and what they reported. */
  unwind(stack: number): readonly Frame[]
  /**
   * The value of an environment named in the text, or undefined after reporting why there is none.
   */
  resolve(name: string, at: Definition, scope: Scope): Value | undefined
}

/** The parts of a diagnostic that most lack, and the error of the host that it tells of. */
export type Besides = Pick<Diagnostic, 'hint' | 'cause'> & { readonly thrown?: unknown }

/**
 * One environment in one round, as the evaluation of an expression uses it (`EnvironmentScope`).
 */
export interface Scope extends Evaluated {
  readonly round: Round
  readonly environment: EnvironmentDeclaration
  readonly isRoot: boolean
  readonly name: string
  /** The value of `${context.rootEnvironment.name}` here. */
  readonly rootName: string
  /** The depth of the stack when the environment was entered. */
  readonly stack: number
  /** Everything imported so far, layered. */
  readonly base: Value | undefined
  readonly importsValue: Value
  readonly contextValue: Value
  error(summary: string, expression: Expression, more?: Besides): void
  /** Reports a mistake at a part of the string that `expression` was read from. */
  accessorError(summary: string, expression: Expression, accessor: Accessor): void
  unknown(expression: Expression, schema?: Schema, pending?: boolean): Value
  /**
   * The value of an expression. `accept` is what the context expects of it, of which only the
   * rotateOnly marks count; `base` is the value it overlays.
   */
  evaluate(expression: Expression, accept: Schema, base: Value | undefined): Value
  /** Takes over the values of an expression and of all inside it from an earlier round. */
  adopt(expression: Expression, from: Scope): void
}
