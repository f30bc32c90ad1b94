import type { ExportedMap } from '../../evaluate/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'

/** An environment whose providers have been called. */
export interface OpenedEnvironment {
  /** `undefined` when the definition has errors, or is empty. */
  readonly properties: ExportedMap | undefined
  /**
   * The values, those that hang on it unknown, where nothing is wrong but that calls of providers
   * have failed.
   */
  readonly partial?: ExportedMap
  readonly diagnostics: readonly Diagnostic[]
  /** The revision that was opened. */
  readonly revision: number
  /** All that took part, this one first. */
  readonly used: readonly UsedRevision[]
  /** Nothing outside the store took part: it stays the same while those revisions do. */
  readonly constant: boolean
}

/** The revision an environment was used at, and what asked for it. */
export interface UsedRevision {
  readonly name: string
  /** As it was asked for; undefined: the newest. */
  readonly version: string | undefined
  readonly revision: number
  readonly folder: string
}
