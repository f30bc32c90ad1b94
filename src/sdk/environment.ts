import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'
import type { PropertyPath } from '../yaml/index.ts'
import { Config } from './config.ts'
import { type Output, output } from './output.ts'
import { insteadOf, segmentsOf, writtenPath } from './value-path.ts'

/** The parts of an environment, as a store has opened it. */
export interface EnvironmentContent {
  readonly name: string
  /** The number of the revision that was opened. */
  readonly revision: number
  readonly values: PlainObject
  /** Texts by the name of the variable. */
  readonly environmentVariables: Readonly<Record<string, string | Secret<string>>>
  /** Contents of files by the name of the variable that holds the path. */
  readonly files: Readonly<Record<string, string | Secret<string>>>
  /** Paths of values that are not known yet, such as credentials that were never rotated. */
  readonly unknown?: readonly string[]
}

/**
 * An environment whose secrets are decrypted and whose providers have been called.
 *
 * @example
 * ```ts
 * import { openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * const env = await store.open('app/dev')
 * env.get('database.host') // 'db.example.com'
 * String(env.get('database.password')) // '[secret]'
 * env.environmentVariables.PGHOST // 'db.example.com'
 * ```
 */
export class OpenEnvironment {
  readonly name: string
  /** The number of the revision that was opened. */
  readonly revision: number
  /** All values. Each secret is a `Secret`: it prints as `[secret]`, `reveal()` gives its text. */
  readonly values: PlainObject
  /** `environmentVariables` as texts, by the name of the variable. */
  readonly environmentVariables: Readonly<Record<string, string | Secret<string>>>
  /** The contents of `files`, by the name of the variable that would hold the path. */
  readonly files: Readonly<Record<string, string | Secret<string>>>
  /** Paths of values that are not known yet, such as credentials that were never rotated. */
  readonly unknown: readonly string[]

  constructor({ name, revision, values, environmentVariables, files, unknown = [] }: EnvironmentContent) {
    this.name = name
    this.revision = revision
    this.values = values
    this.environmentVariables = environmentVariables
    this.files = files
    this.unknown = unknown
  }

  /** `pulumiConfig` by its keys, such as `aws:region`. Empty when the environment has none. */
  get config(): PlainObject {
    const { pulumiConfig } = this.values
    return isDataObject(pulumiConfig) ? pulumiConfig : {}
  }

  /**
   * The value at a path such as `database.user` or `endpoints[0]["a.b"]`.
   *
   * @throws EscError `invalid_input` for a path that is none; `not_found`, with the nearest name;
   *   `unknown_value` for a value that is not known yet.
   */
  get(path: string): Plain {
    let value: Plain | undefined = this.values
    const walked: (string | number)[] = []
    for (const key of segmentsOf(path)) {
      if (value instanceof Secret) throw missing(this.name, path, `${writtenPath(walked)} is a secret: reveal it first`)
      walked.push(key)
      const next: Plain | undefined = memberOf(value, key)
      if (next === undefined)
        throw this.#isUnknown(walked) ? unknownValue(this.name, path) : missing(this.name, path, insteadOf(value, key))
      value = next
    }
    return value
  }

  #isUnknown(path: PropertyPath): boolean {
    return this.unknown.includes(writtenPath(path))
  }

  /** The value at a path as an output: a secret when it is one, or holds one. */
  output<T = unknown>(path: string): Output<T> {
    return output(this.get(path)) as unknown as Output<T>
  }

  /** The configuration of this environment. */
  configOf(namespace?: string): Config {
    return new Config(namespace, this)
  }
}

function isDataObject(value: Plain | undefined): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

function memberOf(value: Plain | undefined, key: string | number): Plain | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  return isDataObject(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined
}

function unknownValue(name: string, path: string): EscError {
  return new EscError('unknown_value', `${path} of ${name} is not known yet`, {
    hint: 'rotate the environment, if a rotator makes the value; or open it again later',
  })
}

function missing(name: string, path: string, hint: string): EscError {
  return new EscError('not_found', `${name} has no value at ${path}`, { hint })
}
