import { EscError } from '../errors.ts'
import type { ReportedDiagnostic } from './store.ts'

/**
 * An environment cannot be used because its definition has errors.
 *
 * @example
 * ```ts
 * import { DefinitionError, openStore } from '@gitesc/cli'
 *
 * const store = await openStore()
 * try {
 *   await store.open('app/broken')
 * } catch (error) {
 *   if (!(error instanceof DefinitionError)) throw error
 *   for (const { place, summary } of error.diagnostics) console.error(place, summary)
 * }
 * ```
 */
export class DefinitionError extends EscError {
  /** All mistakes and warnings. */
  readonly diagnostics: readonly ReportedDiagnostic[]

  constructor(name: string, diagnostics: readonly ReportedDiagnostic[]) {
    const [first] = diagnostics.filter(({ severity }) => severity === 'error')
    const what =
      first === undefined
        ? 'errors'
        : `an error: ${first.place === undefined ? '' : `${first.place}: `}${first.summary}`
    super('invalid_definition', `the definition of ${name} has ${what}`, { hint: first?.hint ?? 'see diagnostics' })
    this.diagnostics = diagnostics
  }
}
