import type { BudgetLimits } from '../budget.ts'
import type { ParsedEnvironment } from '../language/index.ts'
import type { PropertyPath } from '../yaml/index.ts'
import type { Mode } from './evaluation.ts'
import type { ExportedMap } from './export/exported.ts'
import type { Decrypt } from './host.ts'

export interface EvaluationRequest {
  /** Name of the root environment: the file name of its ranges. */
  readonly name: string
  /** Its definition. */
  readonly text: string
  /** Result of `parseEnvironment` for `name` and `text`, where the caller has it already. */
  readonly parsed?: ParsedEnvironment
  /** The key of the root. Asked for at most once, when a ciphertext of it is first needed. */
  readonly unlock: () => Promise<Decrypt>
  readonly mode: Mode
  /** The calls to rotate in mode `rotate`, relative to `values`. Absent or empty: all. */
  readonly rotatePaths?: readonly PropertyPath[]
  /** True when mode `check` decrypts ciphertext. Default false. */
  readonly showSecrets?: boolean
  /** The execution context. `currentEnvironment` and `rootEnvironment` are reserved. */
  readonly context?: ExportedMap
  /**
   * The full name of an environment, for `${context.currentEnvironment.name}`. Default: the
   * name it is loaded under.
   */
  readonly fullName?: (name: string) => string
  /**
   * The budget of the evaluation, all rounds and environments together. Beyond it there is a
   * diagnostic, and no values.
   */
  readonly limits?: BudgetLimits
}

export interface EvaluationOptions {
  /** The number of calls of one round are made at the same time. Default 64. */
  readonly concurrency?: number
  /** Stops between calls; the promise is then rejected with code `interrupted`. */
  readonly signal?: AbortSignal
  /**
   * Opens and rotates although the definition has mistakes of form. By default such a definition is
   * only diagnosed, and nothing is called. Checks always go on.
   */
  readonly despiteErrors?: boolean
}
