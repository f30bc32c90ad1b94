import type { Plain } from '../../src/plain.ts'
import { Secret } from '../../src/secret.ts'

/**
 * What is wrong with the credentials of a vendor, measured against what the environment says. Each
 * entry names one.
 */
export interface Problems {
  /**
   * The environment names it, and the vendor refuses it: nobody has what the vendor takes instead.
   */
  readonly lost: readonly string[]
  /**
   * The vendor takes it, it is none that was there before us, and the environment does not name it.
   */
  readonly unknown: readonly string[]
  /** It is gone, and should not be: the environment names it, or it was never ours. */
  readonly deleted: readonly string[]
}

/** One rotator with a vendor of its own, set up for a sweep. */
export interface Subject {
  readonly inputs: Plain
  /** For the program: where the vendor is. */
  readonly env?: Readonly<Record<string, string>>
  /** Lines for `esc.yaml`. */
  readonly configuration?: string
  /**
   * `value`: what `esc env open` shows at the rotator's path; undefined before the first rotation.
   */
  problems(value: unknown): Promise<Problems>
  /**
   * Logs in as somebody who was given a credential (`current`, or all of `value` where there is no
   * such member). `true`, or how the vendor refuses.
   */
  logIn?(credential: unknown): Promise<true | string | number>
  /** What the vendor has said in secret besides credentials, such as tokens. */
  secrets?(): readonly string[]
  stop?(): Promise<void>
}

/** What `esc env open` shows of a rotator with two credentials: secrets as what they hold. */
export interface Opened<Credential> {
  readonly current?: Shown<Credential>
  readonly previous?: Shown<Credential>
}

export type Shown<Credential> = {
  [Key in keyof Credential]: Credential[Key] extends Secret<infer Text> ? Text : Credential[Key]
}

/**
 * The current one, and the previous one, as far as there are such. Undefined: before the first
 * rotation.
 */
export function credentialsIn<Credential>(value: Opened<Credential> | undefined): Shown<Credential>[] {
  return [value?.current, value?.previous].filter((each) => each !== undefined)
}

export const noProblems: Problems = { lost: [], unknown: [], deleted: [] }

/** Inputs as a definition has them: secrets in `fn::secret`. */
export function definitionOf(rotator: string, inputs: Plain, state?: Plain): string {
  return definitionOfAll({ it: { rotator, inputs, ...(state !== undefined && { state }) } })
}

/** The same for several, by path. */
export function definitionOfAll(
  rotators: Readonly<Record<string, { readonly rotator: string; readonly inputs: Plain; readonly state?: Plain }>>,
): string {
  const values = Object.entries(rotators).map(([path, { rotator, inputs, state }]) => [
    path,
    { [`fn::rotate::${rotator}`]: { inputs: marked(inputs), ...(state !== undefined && { state: marked(state) }) } },
  ])
  return JSON.stringify({ values: Object.fromEntries(values) })
}

function marked(value: Plain): unknown {
  if (value instanceof Secret) return { 'fn::secret': value.reveal() }
  if (Array.isArray(value)) return value.map(marked)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, marked(member as Plain)]))
}
