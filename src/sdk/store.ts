import type { Notice } from '../notice.ts'
import type { Plain } from '../plain.ts'
import type { OpenEnvironment } from './environment.ts'
import type { Output } from './output.ts'

/** Something that can be ended before it is done. */
export interface Cancellable {
  /** Ends the wait; what was begun is finished or left to be resumed. */
  readonly signal?: AbortSignal
}

/** The manner in which an environment is opened. */
export interface OpenRequest extends Cancellable {
  /**
   * The seconds that credentials should live which providers make, where they can tell. Default: as
   * the definition says.
   */
  readonly lifetimeSeconds?: number
}

/** A mistake or warning in a definition. */
export interface ReportedDiagnostic {
  /** Warnings keep nothing from being used. */
  readonly severity: 'error' | 'warning'
  /** The mistake, as a sentence without secrets. */
  readonly summary: string
  /** The remedy, as a sentence. */
  readonly hint?: string
  /** Such as `app/dev:3:5`: environment, line and column, both counted from 1. */
  readonly place?: string
  /** Such as `values.database.host`. */
  readonly path: string
}

/** The choice of what is rotated, and in which manner. */
export interface RotateCall extends Cancellable {
  /** Paths of rotators below `values`. Default: all of the environment. */
  readonly paths?: readonly string[]
  /** `failed` retries what failed last time; `resume` only finishes what was interrupted. */
  readonly mode?: 'rotate' | 'failed' | 'resume'
  /** Rotate although it was done a moment ago. Default false. */
  readonly force?: boolean
  /** Hears what a path is doing. */
  readonly onProgress?: (path: string, phase: string) => void
}

/** The outcome of a rotation for one path. */
export interface RotatedPath {
  /** The path of the rotator below `values`, such as `database.login`. */
  readonly path: string
  /** The name of the rotator, such as `postgres`. */
  readonly rotator: string
  /** `not-evaluated`: its inputs could not be worked out, so it was not begun. */
  readonly status: 'succeeded' | 'failed' | 'not-evaluated'
  /** The reason of a failure, as a sentence without secrets. */
  readonly error?: string
  /** The remedy, as a sentence. */
  readonly hint?: string
}

/** The outcome of a rotation. `partial`: some paths have failed, and the others are saved. */
export interface RotationResult {
  /** `failed`: nothing was rotated. */
  readonly status: 'succeeded' | 'partial' | 'failed'
  /** The revision that holds the new credentials; absent when nothing changed. */
  readonly revision?: number
  /** One for each rotator that was chosen. */
  readonly paths: readonly RotatedPath[]
  /** Other things to know, such as unfinished rotations of rotators that were edited away. */
  readonly warnings: readonly string[]
}

/** A revision of an environment, without its definition. */
export interface HistoryEntry {
  /** 1, 2, 3 … */
  readonly number: number
  /** The time when it was saved, to the second. */
  readonly created: Date
  /** The person who saved it. `email` is empty where none is known. */
  readonly author: { readonly name: string; readonly email: string }
  /** Such as `set`, `rotate`, `rollback`. */
  readonly change: string
  /** Paths that a rotation rotated. Empty: it was none. */
  readonly rotated: readonly string[]
  /** The tags of the revision, such as `stable`. */
  readonly tags: readonly string[]
  /** It must not be used any more. */
  readonly retracted: boolean
}

/** The manner in which a value is kept. */
export interface SetOptions {
  /** Encrypt the value. Default: whether it is a `Secret` or an output that is one. */
  readonly secret?: boolean
  /** Store it in the clear although it looks like a secret. Default false: that is refused. */
  readonly plaintext?: boolean
}

/** The options of a watch. */
export interface WatchCall extends Cancellable {
  /** Hears why a newer version is not used. Default: nobody does. */
  readonly onProblem?: (text: string) => void
}

/** A watch that goes on until it is closed. */
export interface Watch {
  /** Ends the watch. Nothing is called back after it. */
  close(): void
}

/**
 * A store of environments: a folder in git, or one that a server keeps. References are written as
 * on the command line: `app/dev`, `app/dev@3`, `app/dev@stable`.
 *
 * Every method throws EscError, whose `code` says what is wrong: `not_found`, `forbidden`,
 * `key_unavailable`, `tampered`, `untrusted`; for a definition with errors `invalid_definition`, as
 * `DefinitionError` with its `diagnostics`.
 *
 * @example
 * ```ts
 * import { openStore, Secret } from '@gitesc/cli'
 *
 * const store = await openStore()
 * await store.check('app/dev') // []: nothing is wrong
 * await store.set('app/dev', 'api.token', new Secret('t0ken')) // the number of the new revision
 * const { status, paths } = await store.rotate('app/dev', { paths: ['deploy.token'] })
 * status // 'succeeded'
 * paths[0].rotator // 'password'
 * const [newest] = await store.history('app/dev')
 * newest.change // 'rotate'
 * ```
 */
export interface EnvironmentStore {
  /**
   * Decrypts the secrets of an environment and calls its providers. What has been opened and
   * depends on nothing outside the store is kept in memory until a revision of it changes.
   */
  open(reference: string, options?: OpenRequest): Promise<OpenEnvironment>
  /** The mistakes and warnings of a definition, without opening anything. */
  check(reference: string): Promise<readonly ReportedDiagnostic[]>
  /** The names of the environments that the user may see, sorted. */
  environments(): Promise<readonly string[]>
  /** The value at a path of an open environment. Throws EscError `not_found` when there is none. */
  get(reference: string, path: string): Promise<Plain>
  /** Saves a value as the next revision, and returns its number. */
  set(reference: string, path: string, value: Plain | Output<Plain>, options?: SetOptions): Promise<number>
  /** Rotates credentials. A path that fails is in the result; the others are saved all the same. */
  rotate(reference: string, options?: RotateCall): Promise<RotationResult>
  /** The revisions, newest first. */
  history(reference: string): Promise<readonly HistoryEntry[]>
  /**
   * Opens an environment now, and again whenever it or an import of it changes, and hands it to the
   * callback. Returns once the first one was handed over.
   */
  watch(reference: string, onChange: (environment: OpenEnvironment) => void, options?: WatchCall): Promise<Watch>
}

/** The options of a store that is opened. */
export interface StoreOptions {
  /** Variables that keys and providers are looked up in. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Hears what is no result, such as that `environment.yaml` has unsaved changes. No secrets. */
  readonly onNotice?: (notice: Notice) => void
}
