import { EscError } from '../../errors.ts'
import type { ExportedMap } from '../../evaluate/index.ts'
import { formatPropertyPath } from '../../yaml/index.ts'
import { type Variable, variablesOf } from '../opening/value-format.ts'

const shown = { redact: false }

/** A variable, or the content of a file, as another program gets it. */
export interface ExportedVariable extends Variable {
  /** The path in the environment, such as `environmentVariables.TOKEN`. */
  readonly path: string
}

/** The scalars of `environmentVariables`, or of `files`, in the clear, by name. */
export function exportedVariables(
  properties: ExportedMap | undefined,
  member: 'environmentVariables' | 'files',
): readonly ExportedVariable[] {
  return variablesOf(properties, member, shown).map((variable) => ({
    ...variable,
    path: formatPropertyPath([member, variable.name]),
  }))
}

/** The refusal of a value that the program it is for cannot hold. */
export function cannotHold(path: string, reason: string, hint: string): EscError {
  return new EscError('invalid_input', `${path} ${reason}`, { hint })
}
