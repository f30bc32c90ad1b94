import type { ParsedEnvironment } from '../language/index.ts'
import type { Schema } from '../schema/index.ts'
import type { ExportedMap, ExportedValue } from './export/exported.ts'

/** The place of a call of a provider or rotator, as far as the callee may know it. */
export interface CallContext {
  /** Name of the environment that is being opened or rotated. */
  readonly rootEnvironment: string
  /** Name of the environment the call is written in. */
  readonly currentEnvironment: string
  /** Document path of the call, such as `values.aws.login`. */
  readonly path: string
  /** The execution context's values. */
  readonly values: ExportedMap
}

export interface OpenContext extends CallContext {
  /** Tells the reader something about a call that succeeds: a warning where the call stands. */
  readonly warn: (text: string) => void
}

/**
 * A `fn::open` provider as the evaluator sees it. A rejection's message becomes
 * the diagnostic, verbatim.
 */
export interface EvaluatorProvider {
  readonly inputs: Schema
  readonly outputs: Schema
  open(inputs: ExportedMap, context: OpenContext): Promise<ExportedValue>
}

/** A `fn::rotate` rotator as the evaluator sees it. `state` is undefined when there is none yet. */
export interface EvaluatorRotator {
  readonly inputs: Schema
  readonly state: Schema
  readonly outputs: Schema
  /** `true`: a rotation generates the secret and sends nothing anywhere. */
  readonly local?: boolean
  open(inputs: ExportedMap, state: ExportedMap | undefined, context: CallContext): Promise<ExportedValue>
  /**
   * Returns the new state. Called at most once a selected call; a rejection marks that path
   * failed and nothing else.
   */
  rotate(inputs: ExportedMap, state: ExportedMap | undefined, context: CallContext): Promise<ExportedValue>
}

/** Decrypts the raw ciphertext inside an ESC envelope. Throws with a message that can be shown. */
export type Decrypt = (ciphertext: Uint8Array) => string

export interface LoadedEnvironment {
  readonly text: string
  /** Result of `parseEnvironment` for the name and text, where the host has it already. */
  readonly parsed?: ParsedEnvironment
  /** Asked for at most once, when a ciphertext of this environment is first needed. */
  unlock(): Promise<Decrypt>
}

/** Everything the driver does for the pure evaluator. Rejections carry messages for diagnostics. */
export interface EvaluationHost {
  load(name: string): Promise<LoadedEnvironment>
  /** May reject: `unknown provider "x"`. */
  provider(name: string): Promise<EvaluatorProvider>
  rotator(name: string): Promise<EvaluatorRotator>
  /**
   * Asked before calls of providers and rotators are made, with the names of the environments
   * that were evaluated so far: what they say decides where the inputs of a call go. `leaves`:
   * some call is more than a rotator showing its state. A rejection ends the evaluation.
   * Default: all are believed.
   */
  vouch?(environments: readonly string[], options: { readonly leaves: boolean }): Promise<void>
}
