import { EscError } from '../errors.ts'
import type { Plain, PlainObject } from '../plain.ts'
import { Secret } from '../secret.ts'
import { type Output, output, secretOutput } from './output.ts'

/**
 * The thing that configuration is read from, such as an open environment.
 *
 * @example
 * ```ts
 * import { Config } from '@gitesc/cli'
 *
 * const config = new Config('app', { name: 'test', config: { 'app:replicas': 3 } })
 * config.requireNumber('replicas') // 3
 * ```
 */
export interface ConfigSource {
  /** The name of the environment, for messages. */
  readonly name: string
  /** Values by their keys, such as `aws:region`. */
  readonly config: PlainObject
}

let chosen: ConfigSource | undefined

/**
 * Chooses the environment that every `new Config()` reads from then on.
 *
 * @example
 * ```ts
 * import { Config, openStore, useEnvironment } from '@gitesc/cli'
 *
 * const store = await openStore()
 * useEnvironment(await store.open('app/dev'))
 * new Config('aws').require('region') // 'eu-west-1'
 * ```
 */
export function useEnvironment(environment: ConfigSource): void {
  chosen = environment
}

/**
 * The configuration below `pulumiConfig` of an open environment. Keys have a namespace before a
 * colon, such as `aws:region`; keys without one belong to the namespace of the program.
 *
 * `get…` returns `undefined` for a key that is not set, and `require…` throws EscError `not_found`.
 * Values that are secrets are had by `getSecret…` and `requireSecret…` only, as outputs: the others
 * throw EscError `invalid_input`, so that no secret is shown by mistake.
 *
 * @example
 * ```ts
 * import { openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * const config = (await store.open('app/dev')).configOf('app')
 * config.requireNumber('replicas') // 3, of app:replicas
 * config.get('aws:region') // 'eu-west-1': another namespace
 * config.get('motto') // undefined: it is not set
 * const token = config.requireSecret('token') // an output, which prints as [secret]
 * await token.reveal() // its text
 * ```
 */
export class Config {
  /** `undefined`: keys are as they are written. */
  readonly namespace: string | undefined
  readonly #environment: ConfigSource

  /**
   * @param namespace the part before the colon. Default: none; in a Pulumi program its project.
   * @param environment where the values are from. Default: the one of `useEnvironment`.
   */
  constructor(namespace?: string, environment: ConfigSource | undefined = chosen) {
    if (environment === undefined) {
      throw new EscError('usage', 'there is no environment to read the configuration from', {
        hint: 'call useEnvironment(await store.open(…)) first, or hand the environment to new Config()',
      })
    }
    this.namespace = namespace ?? process.env.PULUMI_NODEJS_PROJECT
    this.#environment = environment
  }

  /** The value as a text; other data as JSON. `undefined` when it is not set. */
  get(key: string): string | undefined {
    return text(this.#clear(key))
  }

  /**
   * The value as a number, also of a text such as `"3"`. `undefined` when it is not set.
   *
   * @throws EscError `invalid_input` for a secret, and for what is not a number.
   */
  getNumber(key: string): number | undefined {
    return number(this.#clear(key), this.#name(key))
  }

  /**
   * The value `true` or `false`, also as a text. `undefined` when it is not set.
   *
   * @throws EscError `invalid_input` for a secret, and for anything else.
   */
  getBoolean(key: string): boolean | undefined {
    return boolean(this.#clear(key), this.#name(key))
  }

  /**
   * The value as data; a text is read as JSON. `undefined` when it is not set.
   *
   * @throws EscError `invalid_input` for a secret, and for a text that is not JSON.
   */
  getObject<T = unknown>(key: string): T | undefined {
    return object(this.#clear(key), this.#name(key)) as T | undefined
  }

  /**
   * The same as `get`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  require(key: string): string {
    return this.#needed(key, this.get(key))
  }

  /**
   * The same as `getNumber`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireNumber(key: string): number {
    return this.#needed(key, this.getNumber(key))
  }

  /**
   * The same as `getBoolean`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireBoolean(key: string): boolean {
    return this.#needed(key, this.getBoolean(key))
  }

  /**
   * The same as `getObject`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireObject<T = unknown>(key: string): T {
    return this.#needed(key, this.getObject<T>(key))
  }

  /** The value as a text, as an output that is a secret. `undefined` when it is not set. */
  getSecret(key: string): Output<string> | undefined {
    return this.#secret(key, text)
  }

  /**
   * The value as `getNumber` reads it, as an output that is a secret. What cannot be
   * read rejects the output with a `HiddenError`. `undefined` when it is not set.
   */
  getSecretNumber(key: string): Output<number> | undefined {
    return this.#secret(key, number)
  }

  /**
   * The value as `getBoolean` reads it, as an output that is a secret. What cannot be
   * read rejects the output with a `HiddenError`. `undefined` when it is not set.
   */
  getSecretBoolean(key: string): Output<boolean> | undefined {
    return this.#secret(key, boolean)
  }

  /**
   * The value as `getObject` reads it, as an output that is a secret. What cannot be
   * read rejects the output with a `HiddenError`. `undefined` when it is not set.
   */
  getSecretObject<T = unknown>(key: string): Output<T> | undefined {
    return this.#secret(key, object) as Output<T> | undefined
  }

  /**
   * The same as `getSecret`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireSecret(key: string): Output<string> {
    return this.#needed(key, this.getSecret(key))
  }

  /**
   * The same as `getSecretNumber`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireSecretNumber(key: string): Output<number> {
    return this.#needed(key, this.getSecretNumber(key))
  }

  /**
   * The same as `getSecretBoolean`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireSecretBoolean(key: string): Output<boolean> {
    return this.#needed(key, this.getSecretBoolean(key))
  }

  /**
   * The same as `getSecretObject`, of a value that must be set.
   *
   * @throws EscError `not_found` when it is not set.
   */
  requireSecretObject<T = unknown>(key: string): Output<T> {
    return this.#needed(key, this.getSecretObject<T>(key))
  }

  #name(key: string): string {
    return this.namespace === undefined || key.includes(':') ? key : `${this.namespace}:${key}`
  }

  #value(key: string): Plain | undefined {
    const { config } = this.#environment
    const name = this.#name(key)
    return Object.hasOwn(config, name) ? config[name] : undefined
  }

  /** The value of a key that is no secret, nor holds one. */
  #clear(key: string): Plain | undefined {
    const value = this.#value(key)
    if (!holdsSecret(value)) return value
    throw new EscError('invalid_input', `the configuration ${this.#name(key)} is a secret`, {
      hint: `read it with getSecret('${key}') or requireSecret('${key}')`,
    })
  }

  /** A secret whether or not the configuration says so. Its value is looked at when it is made. */
  #secret<T>(key: string, read: (value: Plain, name: string) => T | undefined): Output<T> | undefined {
    const value = this.#value(key)
    if (value === undefined || value === null) return undefined
    const name = this.#name(key)
    return secretOutput(output(value).apply((known) => read(known as Plain, name))) as unknown as Output<T>
  }

  #needed<T>(key: string, value: T | undefined): T {
    if (value !== undefined) return value
    const { name } = this.#environment
    throw new EscError('not_found', `${name} has no configuration ${this.#name(key)}`, {
      hint: `set pulumiConfig["${this.#name(key)}"] in ${name}`,
    })
  }
}

function holdsSecret(value: Plain | undefined): boolean {
  if (value instanceof Secret) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => holdsSecret(each))
}

function text(value: Plain | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function number(value: Plain | undefined, name: string): number | undefined {
  const written = text(value)
  if (written === undefined) return undefined
  const read = written.trim() === '' ? Number.NaN : Number(written)
  if (Number.isNaN(read)) throw wrongType(name, 'a number', 'getNumber')
  return read
}

function boolean(value: Plain | undefined, name: string): boolean | undefined {
  const written = text(value)
  if (written === undefined) return undefined
  if (written !== 'true' && written !== 'false') throw wrongType(name, 'true or false', 'getBoolean')
  return written === 'true'
}

function object(value: Plain | undefined, name: string): unknown {
  if (typeof value !== 'string') return value ?? undefined
  try {
    return JSON.parse(value)
  } catch {
    throw wrongType(name, 'a JSON text', 'getObject')
  }
}

/** Says nothing of the value: it may be a secret. */
function wrongType(name: string, wanted: string, reader: string): EscError {
  return new EscError('invalid_input', `the configuration ${name} is not ${wanted}`, {
    hint: `change its value, or read it with another function than ${reader}`,
  })
}
