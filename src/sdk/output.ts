import { type Plain, Secret } from '../secret.ts'
import { HiddenError } from './hidden-error.ts'

/** Anything that an `Output` can be made of, or that a function applied to one may return. */
export type OutputInput<T> = T | PromiseLike<T> | Output<T>

type Atom =
  | string
  | number
  | boolean
  | bigint
  | symbol
  | null
  | undefined
  | ((...args: never) => unknown)
  | Date
  | Uint8Array

/** `Plain` without secrets. */
export type Revealed = null | boolean | number | string | readonly Revealed[] | { readonly [key: string]: Revealed }

/** The type that is left when the outputs, promises and secrets within it are resolved. */
export type Unwrap<T> = unknown extends T
  ? T
  : [Plain] extends [T]
    ? Revealed
    : T extends Output<infer U>
      ? Unwrap<U>
      : T extends Secret<infer U>
        ? Unwrap<U>
        : T extends PromiseLike<infer U>
          ? Unwrap<U>
          : T extends Atom
            ? T
            : T extends object
              ? { [K in keyof T]: Unwrap<T[K]> }
              : T

interface Known<T> {
  readonly value: T
  readonly isSecret: boolean
}

const inspect = Symbol.for('nodejs.util.inspect.custom')
/** The value of an output, for this module and for copies of it. */
const known = Symbol.for('esc.output')

/**
 * A value that is known later, and may be a secret. What is made of a secret is a secret too.
 * It prints as `[secret]`, or as `[output]` when it is not yet known to be one: through
 * `console`, `util.inspect`, template strings, `JSON.stringify` and errors. `reveal()` is the one
 * visible way to the value.
 *
 * @example
 * ```ts
 * import { output, secret } from '@gitesc/cli'
 *
 * const password = secret('hunter2')
 * const url = password.apply((text) => `postgres://app:${text}@localhost/shop`)
 * String(url) // '[secret]': what is made of a secret is one
 * JSON.stringify({ url, port: output(5432) }) // '{"url":"[secret]","port":"[output]"}'
 * await url.reveal() // 'postgres://app:hunter2@localhost/shop'
 * ```
 */
export class Output<T> {
  readonly #known: Promise<Known<T>>
  /** True once it is known to be a secret. */
  #isSecret: boolean

  private constructor(value: Promise<Known<T>>, isSecret: boolean) {
    this.#isSecret = isSecret
    this.#known = value.then((each) => {
      this.#isSecret = each.isSecret
      return each
    })
  }

  /** True for an output of this or another copy of this package. */
  static isInstance(value: unknown): value is Output<unknown> {
    return typeof value === 'object' && value !== null && known in value
  }

  /**
   * An output of what is resolved. `isSecret` when it is known to become a secret.
   *
   * @internal
   */
  static of<T>(value: Promise<Known<T>>, isSecret = false): Output<T> {
    return new Output(value, isSecret)
  }

  /** @internal */
  get [known](): Promise<Known<T>> {
    return this.#known
  }

  /**
   * An output of what the function makes of the value. It may return a promise or an output.
   * What it throws is hidden where the value is a secret (`HiddenError`).
   */
  apply<U>(make: (value: T) => OutputInput<U>): Output<Unwrap<U>> {
    const made = this.#known.then(async ({ value, isSecret }) => {
      try {
        const { value: unwrapped, isSecret: alsoSecret } = await resolve(make(value))
        return { value: unwrapped as Unwrap<U>, isSecret: isSecret || alsoSecret }
      } catch (error) {
        throw isSecret && !(error instanceof HiddenError) ? new HiddenError(error) : error
      }
    })
    return new Output(made, this.#isSecret)
  }

  /** The value itself, secret or not. */
  async reveal(): Promise<T> {
    return (await this.#known).value
  }

  /** Shows that it is one, and nothing of the value. */
  toString(): string {
    return this.#isSecret ? '[secret]' : '[output]'
  }

  /** Shows the same in `JSON.stringify`. */
  toJSON(): string {
    return this.toString()
  }

  /** @internal */
  [Symbol.toPrimitive](): string {
    return this.toString()
  }

  /** @internal */
  [inspect](): string {
    return this.toString()
  }
}

/**
 * An output of a value in which outputs, promises and secrets may lie anywhere.
 *
 * @example
 * ```ts
 * import { output, Secret } from '@gitesc/cli'
 *
 * const login = output({ user: 'app', password: new Secret('x') })
 * await login.reveal() // { user: 'app', password: 'x' }
 * ```
 */
export function output<T>(value: T): Output<Unwrap<T>> {
  return Output.of(resolve(value) as Promise<Known<Unwrap<T>>>, value instanceof Secret)
}

/**
 * An output that is a secret.
 *
 * @example
 * ```ts
 * import { isSecret, secret } from '@gitesc/cli'
 *
 * await isSecret(secret(Promise.resolve('x'))) // true
 * ```
 */
export function secretOutput<T>(value: T): Output<Unwrap<T>> {
  const resolved = resolve(value).then(
    (each) => ({ value: each.value as Unwrap<T>, isSecret: true }),
    (error) => {
      throw error instanceof HiddenError ? error : new HiddenError(error)
    },
  )
  return Output.of(resolved, true)
}

/**
 * The same value as no secret, for what may be shown although it was made of one.
 *
 * @example
 * ```ts
 * import { secret, unsecret } from '@gitesc/cli'
 *
 * const length = unsecret(secret('hunter2').apply((text) => text.length))
 * await length.reveal() // 7
 * ```
 */
export function unsecret<T>(value: Output<T>): Output<T> {
  return Output.of(value[known].then((each) => ({ value: each.value, isSecret: false })))
}

/**
 * True when the output is a secret, once it is known.
 *
 * @example
 * ```ts
 * import { isSecret, output, secret } from '@gitesc/cli'
 *
 * await isSecret(output({ token: secret('x') })) // true
 * ```
 */
export async function isSecret(value: Output<unknown>): Promise<boolean> {
  return (await value[known]).isSecret
}

/**
 * One output of several, as a list or as an object like the one given.
 *
 * @example
 * ```ts
 * import { all, secret } from '@gitesc/cli'
 *
 * const [user, password] = await all(['app', secret('x')]).reveal()
 * const both = all({ user, password: secret(password) })
 * String(both) // '[secret]'
 * ```
 */
export function all<const T extends readonly unknown[]>(values: T): Output<{ -readonly [K in keyof T]: Unwrap<T[K]> }>
export function all<T extends Readonly<Record<string, unknown>>>(values: T): Output<{ [K in keyof T]: Unwrap<T[K]> }>
export function all(values: object): Output<unknown> {
  const isKnownSecret = Object.values(values).some((each) => each instanceof Secret || String(each) === '[secret]')
  return Output.of(resolve(values), isKnownSecret)
}

/**
 * A text with outputs in it: interpolate`postgres://${user}:${password}@${host}`.
 *
 * @example
 * ```ts
 * import { interpolate, secret } from '@gitesc/cli'
 *
 * const header = interpolate`Bearer ${secret('x')}`
 * await header.reveal() // 'Bearer x'
 * ```
 */
export function interpolate(texts: TemplateStringsArray, ...values: readonly unknown[]): Output<string> {
  return all(values).apply((known) =>
    texts.map((text, i) => text + (i < known.length ? String(known[i]) : '')).join(''),
  )
}

/** Resolves outputs, promises and secrets wherever they lie in plain objects and lists. */
async function resolve(value: unknown): Promise<Known<unknown>> {
  if (Output.isInstance(value)) return value[known]
  if (value instanceof Secret) return { value: value.reveal(), isSecret: true }
  if (typeof value !== 'object' || value === null) return { value, isSecret: false }
  if (typeof (value as { then?: unknown }).then === 'function') return resolve(await value)
  if (Array.isArray(value)) {
    const parts = await Promise.all(value.map(resolve))
    return { value: parts.map((part) => part.value), isSecret: parts.some((part) => part.isSecret) }
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return { value, isSecret: false }
  const entries = Object.entries(value)
  const parts = await Promise.all(entries.map(([, member]) => resolve(member)))
  const object = Object.create(prototype)
  for (const [i, [key]] of entries.entries()) {
    Object.defineProperty(object, key, { value: parts[i]?.value, enumerable: true, writable: true, configurable: true })
  }
  return { value: object, isSecret: parts.some((part) => part.isSecret) }
}
