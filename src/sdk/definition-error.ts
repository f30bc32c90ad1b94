import { EscError } from '../errors.ts'
import type { ReportedDiagnostic } from './store.ts'

/** An environment cannot be used because its definition has errors. */
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
