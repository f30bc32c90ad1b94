import type { Remedy } from './remedy.ts'
import { remediesIn, type Text } from './rich-text.ts'

/**
 * Every code an `EscError` can carry. `docs/errors.md` explains each; exit codes are
 * derived from them in one place.
 */
export type ErrorCode =
  | 'usage' // wrong arguments or flags
  | 'invalid_input' // a value, path, reference or file that cannot be used
  | 'invalid_definition' // the environment's definition has errors
  | 'not_found' // no such store, environment, revision, path
  | 'already_exists'
  | 'conflict' // somebody else wrote first
  | 'retracted' // a revision that was taken out of use
  | 'locked' // another process holds the environment
  | 'unsaved_edit' // environment.yaml was edited by hand and not saved
  | 'untrusted' // the store wants something that was not allowed on this machine
  | 'forbidden' // the access rules of the store say no
  | 'key_unavailable' // the key that unlocks an environment is missing, wrong or out of reach
  | 'tampered' // a seal, digest or ciphertext does not verify
  | 'store_damaged' // a file of the store is missing or malformed
  | 'provider_failed' // a provider or its vendor answered with an error
  | 'rotation_failed' // at least one path was not rotated
  | 'unknown_value' // a program would be handed a value that is not known yet
  | 'not_text' // bytes where only a text can be, such as a keystore in JSON
  | 'limit_exceeded' // it takes more work or memory than is allowed
  | 'interrupted'
  | 'io'
  | 'unsupported' // what only a service could do, and a store in a folder cannot

export interface EscErrorOptions {
  /**
   * The remedy for the reader: one sentence, starting lower-case, no final full stop needed.
   * It names no command and no flag: an action of ours is a `step` of a `rich` text.
   */
  readonly hint?: Text | undefined
  readonly cause?: unknown
  /**
   * Nothing is wrong that would not pass by itself: no connection, an overloaded vendor, a request
   * too many. Default false.
   */
  readonly transient?: boolean
}

const brand = Symbol.for('esc.error')

/**
 * An error meant for the user: one line that names the value and the place, and a
 * remedy. Never holds a secret.
 *
 * @example
 * ```ts
 * import { EscError, openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * const error = await store.open('app/gone').catch((thrown) => thrown)
 * error instanceof EscError // true
 * error.code // 'not_found'
 * ```
 */
export class EscError extends Error {
  override readonly name = 'EscError'
  /** The kind of fault, for programs. */
  readonly code: ErrorCode
  /** The hint in plain language. */
  readonly hint: string | undefined
  readonly #message: Text
  readonly #hint: Text | undefined
  /** Worth another try, a little later. */
  readonly transient: boolean

  /**
   * A plugin has a copy of this class of its own; its errors are errors all the same.
   *
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, and are asked about as they are
    if ((this as unknown) !== EscError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return value instanceof Error && brand in value
  }

  /** @internal */
  get [brand](): true {
    return true
  }

  /**
   * Returns what happened, for a face to word.
   *
   * @internal
   */
  get richMessage(): Text {
    return this.#message
  }

  /**
   * The hint, for a face to word.
   *
   * @internal
   */
  get richHint(): Text | undefined {
    return this.#hint
  }

  /** The remedies for the reader, as data. */
  get remedies(): readonly Remedy[] {
    return [...remediesIn(this.#message), ...remediesIn(this.#hint)]
  }

  constructor(code: ErrorCode, message: Text, options: EscErrorOptions = {}) {
    super(String(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint === undefined ? undefined : String(options.hint)
    this.#message = message
    this.#hint = options.hint
    this.transient = options.transient ?? false
  }
}

/** Returns what a thrown error says happened, for a face to word. */
export function textOfError(error: unknown): Text {
  // A plugin's copy of the class may be of an earlier version.
  return (error instanceof EscError ? error.richMessage : undefined) ?? messageOf(error)
}

/** Returns what a thrown error says can be done, for a face to word. */
export function hintOf(error: unknown): Text | undefined {
  return error instanceof EscError ? (error.richHint ?? error.hint) : undefined
}

/** The message of anything that was thrown, in plain language. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
