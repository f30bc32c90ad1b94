import type { Expression } from '../language/index.ts'
import type { Range } from '../syntax/index.ts'
import type { Scope } from './scope.ts'
import type { Value } from './value.ts'

/** What produced a value: what traces point to and diagnostics blame. */
export interface Definition {
  /** Undefined: rangeless. */
  readonly range: Range | undefined
  readonly path: string
  /** The expression, and the evaluation it took part in. Undefined for what is written nowhere. */
  readonly written: { readonly expression: Expression; readonly scope: Scope } | undefined
  /** For a property of a value that is not known. */
  readonly late: LateAccess | undefined
}

/** A property read from an unknown value, to be resolved when the value is known. */
export interface LateAccess {
  readonly receiver: Value
  readonly key: string
}

/** Of values that no document defines: the execution context, the record of imports. */
export const nowhere: Definition = { range: undefined, path: '', written: undefined, late: undefined }
