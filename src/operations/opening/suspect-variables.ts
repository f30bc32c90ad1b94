import { EscError } from '../../errors.ts'
import type { ExportedMap } from '../../evaluate/index.ts'
import { loaderEffect } from './loader-variables.ts'
import { POSIX_NAME } from './posix-name.ts'
import { variablesOf } from './value-format.ts'

export interface VariableUse {
  /** The values that have been opened. `undefined` when no variables are handed on. */
  readonly properties: ExportedMap | undefined
  /** Variables that the user has allowed for this once. */
  readonly allowed: readonly string[]
  /** A shell reads the names, so no consent makes an odd one safe. */
  readonly inShell: boolean
}

/** A variable that needs to be allowed. */
interface Suspect {
  readonly name: string
  readonly problem: string
}

/**
 * Finds the variables that need to be allowed, whether or not they have been.
 *
 * @throws EscError `invalid_input` for a name that cannot be used.
 */
export function suspectVariables({ properties, ...use }: VariableUse, environment: string): readonly Suspect[] {
  return (['environmentVariables', 'files'] as const).flatMap((member) =>
    variablesOf(properties, member, { redact: false }).flatMap(({ name, value }): readonly Suspect[] => {
      const isName = POSIX_NAME.test(name)
      const place = isName ? `${member}.${name}` : `${member}[${JSON.stringify(name)}]`
      if (!isName && (use.inShell || name === '' || /[=\0]/.test(name))) throw unusable(environment, place)
      if (use.allowed.includes(name)) return []
      // The value of a file's variable is a path, whatever the file holds.
      const does = loaderEffect(name, member === 'files' ? '/' : value)
      if (does !== undefined) return [{ name, problem: `${place} is refused, because this variable ${does}` }]
      return isName ? [] : [{ name, problem: `${place} is refused, because shells do not take that for a name` }]
    }),
  )
}

/** Names that no consent makes safe: `A=B` would set A, and a shell would run `x;command`. */
function unusable(environment: string, place: string): EscError {
  return new EscError('invalid_input', `${environment}: ${place} cannot be the name of a variable`, {
    hint: 'rename it in the definition: a name has letters, digits and underscores, and does not begin with a digit',
  })
}
