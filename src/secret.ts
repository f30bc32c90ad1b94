const inspect = Symbol.for('nodejs.util.inspect.custom')
const brand = Symbol.for('esc.secret')

/**
 * Data as providers and rotators see it: JSON in which a secret is a `Secret`. Numbers are ordinary
 * doubles here; the language itself keeps their text (`json.ts`).
 */
export type Plain = null | boolean | number | string | Secret | readonly Plain[] | PlainObject

/** Data by its keys. */
export interface PlainObject {
  readonly [key: string]: Plain | undefined
}

/**
 * A value that must not be seen. It prints as `[secret]` through string conversion, JSON, `console`
 * and errors; `reveal()` is the one visible way to the plaintext.
 *
 * @example
 * ```ts
 * import { Secret } from '@gitesc/cli'
 *
 * const password = new Secret('hunter2')
 * `${password}` // '[secret]'
 * password.reveal() // 'hunter2'
 * ```
 */
export class Secret<T extends Plain = Plain> {
  readonly #plaintext: T

  /**
   * A plugin has a copy of this class of its own, or bundles one; its secrets are secrets all the
   * same. Data cannot pretend to be one: JSON and YAML have no symbols.
   *
   * @internal
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }

  constructor(plaintext: T) {
    this.#plaintext = plaintext
  }

  /** The value itself. */
  reveal(): T {
    return this.#plaintext
  }

  /** @internal */
  get [brand](): true {
    return true
  }

  /** Shows that it is one, and nothing of the value. */
  toString(): string {
    return '[secret]'
  }

  /** Shows the same in `JSON.stringify`. */
  toJSON(): string {
    return '[secret]'
  }

  /** @internal */
  [Symbol.toPrimitive](): string {
    return '[secret]'
  }

  /** @internal */
  [inspect](): string {
    return '[secret]'
  }
}

export function secret<T extends Plain>(plaintext: T): Secret<T> {
  return new Secret(plaintext)
}
