import type { JsonNumber } from '../../json.ts'
import type { Schema } from '../../schema/index.ts'
import type { Position } from '../../yaml/index.ts'

/** A range as the output model prints it; `environment` is absent for a range in no document. */
export interface ExportedRange {
  readonly environment?: string
  readonly begin: Position
  readonly end: Position
}

/**
 * An evaluated value, with where it was defined and what it overrode (language
 * specification, "Output model").
 */
export interface ExportedValue {
  /**
   * Absent for null and, as a rule, for unknown values. A text may hold bytes that are no UTF-8
   * (`raw-bytes.ts`); JSON shows U+FFFD for each.
   */
  readonly value?: boolean | JsonNumber | string | readonly ExportedValue[] | ExportedMap
  readonly secret?: true
  readonly unknown?: true
  readonly trace: { readonly def: ExportedRange; readonly base?: ExportedValue }
}

/** Prototype-less: `__proto__` and `constructor` are ordinary keys. */
export interface ExportedMap {
  readonly [key: string]: ExportedValue
}

export interface ExportedAccessor {
  readonly index?: number
  readonly key?: string
  readonly range: ExportedRange
  readonly value: ExportedRange
}

/**
 * An expression of the environment, for editors and for `env get`. At most one of the last
 * seven members is present.
 */
export interface ExportedExpr {
  readonly range: ExportedRange
  readonly schema?: Schema
  readonly base?: ExportedExpr
  readonly keyRanges?: Readonly<Record<string, ExportedRange>>
  readonly literal?: boolean | JsonNumber | string
  readonly interpolate?: readonly { readonly text?: string; readonly value?: readonly ExportedAccessor[] }[]
  readonly symbol?: readonly ExportedAccessor[]
  readonly access?: {
    readonly receiver: ExportedRange
    readonly accessors: readonly { readonly key?: string; readonly index?: number; readonly range: ExportedRange }[]
  }
  readonly list?: readonly ExportedExpr[]
  readonly object?: Readonly<Record<string, ExportedExpr>>
  readonly builtin?: {
    readonly name: string
    readonly nameRange: ExportedRange
    readonly argSchema: Schema
    readonly arg: ExportedExpr
  }
}

export interface ExportedEnvironment {
  readonly exprs?: Readonly<Record<string, ExportedExpr>>
  readonly properties?: ExportedMap
  readonly schema?: Schema
  readonly executionContext?: { readonly properties?: ExportedMap; readonly schema?: Schema }
}
