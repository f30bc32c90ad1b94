import { hintOf, messageOf } from '../errors.ts'
import type { EnvironmentDeclaration } from '../language/index.ts'
import type { Text } from '../rich-text.ts'
import type { Schema } from '../schema/index.ts'
import type { Diagnostic } from '../yaml/index.ts'
import type { ExportedMap, ExportedValue } from './export/exported.ts'
import type { CallContext, Decrypt } from './host.ts'

/** Something the host was asked for and did not give. The message becomes the diagnostic. */
export interface Failure {
  readonly error: string
  /** A remedy for the reader. */
  readonly hint?: Text
  /** The error itself. */
  readonly thrown?: unknown
}

/** Turns a thrown error into an answer, with its hint. */
export function failureOf(error: unknown): Failure {
  const hint = hintOf(error)
  return { error: messageOf(error), ...(hint !== undefined && { hint }), thrown: error }
}

/** The hint and the error of a failure, for its diagnostic. */
export function besidesOf({ hint, thrown }: Failure): Pick<Diagnostic, 'hint'> & { readonly thrown: unknown } {
  return hint === undefined ? { thrown } : { hint, thrown }
}

export function isFailure(answer: object): answer is Failure {
  return 'error' in answer
}

/** A call the evaluation waits for. `id` names it: the same call has the same id in every round. */
export type HostCall =
  | { readonly kind: 'unlock'; readonly id: string; readonly environment: string }
  | { readonly kind: 'provider' | 'rotator'; readonly id: string; readonly name: string }
  | OpenCall
  | RotatorCall

interface PlacedCall {
  readonly id: string
  readonly provider: string
  readonly inputs: ExportedMap
  readonly context: CallContext
}
export interface OpenCall extends PlacedCall {
  readonly kind: 'open'
}
/** `openRotator` reads the current credentials, `rotate` makes new ones. */
export interface RotatorCall extends PlacedCall {
  readonly kind: 'openRotator' | 'rotate'
  /** `undefined` when never rotated. */
  readonly state: ExportedMap | undefined
  /** Document path of the state. */
  readonly statePath: string
}

/** The text of an environment, read and parsed. */
export interface ParsedProgram {
  /** `undefined` when the text could not be read at all. */
  readonly environment: EnvironmentDeclaration | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Declared types, compiled, or why one of them cannot be used. */
export interface Signature {
  readonly inputs: Schema | Failure
  readonly outputs: Schema | Failure
  /** For rotators: the state or null. */
  readonly state: Schema | Failure
}

/** The result of a call, with what its reader should know. */
export interface CallResult {
  readonly value: ExportedValue
  readonly warnings?: readonly string[]
}

/** The answers of the host so far. */
export interface Answers {
  readonly programs: ReadonlyMap<string, ParsedProgram | Failure>
  readonly providers: ReadonlyMap<string, Signature | Failure>
  readonly rotators: ReadonlyMap<string, Signature | Failure>
  /** By environment. */
  readonly decrypters: ReadonlyMap<string, { readonly decrypt: Decrypt } | Failure>
  /** Results of `open`, `openRotator` and `rotate` by call id. */
  readonly results: ReadonlyMap<string, CallResult | Failure>
}

export function callId(kind: HostCall['kind'], environment: string, path = ''): string {
  return `${kind}\0${environment}\0${path}`
}
