import type { Plain } from './plain.ts'

const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * A value that must not be seen. It prints as `[secret]` through string conversion, JSON, `console` and errors;
 * `reveal()` is the one visible way to the plaintext.
 */
export class Secret<T extends Plain = Plain> {
  readonly #plaintext: T

  constructor(plaintext: T) {
    this.#plaintext = plaintext
  }

  reveal(): T {
    return this.#plaintext
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.toPrimitive](): string {
    return '[secret]'
  }

  [inspect](): string {
    return '[secret]'
  }
}

export function secret<T extends Plain>(plaintext: T): Secret<T> {
  return new Secret(plaintext)
}
