import { EscError, hintOf } from '../../errors.ts'
import type { ExportedMap } from '../../evaluate/index.ts'
import { again, rich } from '../../rich-text.ts'
import type { Workspace } from '../session/workspace.ts'
import { loaderEffect } from './loader-variables.ts'
import { POSIX_NAME } from './posix-name.ts'
import { variablesOf } from './value-format.ts'

export interface VariableUse {
  /** The environment as the user typed it, for messages. */
  readonly environment: string
  /** Variables that the user has allowed on the command line. */
  readonly allowed: readonly string[]
  /** A shell reads the names, so no consent makes an odd one safe. */
  readonly inShell: boolean
}

/**
 * Refuses variables that would make programs run code, or whose names a shell would not take for
 * names, before they become the variables of a process. Whether the environment or one of its
 * imports sets them makes no difference.
 *
 * @throws EscError `invalid_input` for a name that cannot be used; `untrusted` for a variable
 *   that nobody has allowed.
 */
export async function checkVariables(
  workspace: Workspace,
  properties: ExportedMap | undefined,
  use: VariableUse,
): Promise<void> {
  for (const suspect of suspectsIn(properties, use)) {
    // Rare, so that other environments do not pay for it.
    const { requirePowers } = await import('../trust/require-powers.ts')
    try {
      await requirePowers(workspace, [{ kind: 'variable', value: suspect.name }])
    } catch (error) {
      if (!(error instanceof EscError && error.code === 'untrusted')) throw error
      throw new EscError('untrusted', `${use.environment}: ${suspect.problem}`, {
        hint: rich`${hintOf(error) ?? ''}; or allow it this once with ${again('allow-variable')} ${suspect.name}`,
        cause: error,
      })
    }
  }
}

interface Suspect {
  readonly name: string
  readonly problem: string
}

function* suspectsIn(properties: ExportedMap | undefined, use: VariableUse): Generator<Suspect> {
  for (const member of ['environmentVariables', 'files'] as const) {
    for (const { name, value } of variablesOf(properties, member, { redact: false })) {
      const isName = POSIX_NAME.test(name)
      const place = isName ? `${member}.${name}` : `${member}[${JSON.stringify(name)}]`
      if (!isName) refuseUnusable(name, place, use)
      if (use.allowed.includes(name)) continue
      // The value of a file's variable is a path, whatever the file holds.
      const does = loaderEffect(name, member === 'files' ? '/' : value)
      if (does !== undefined) yield { name, problem: `${place} is refused, because this variable ${does}` }
      else if (!isName) yield { name, problem: `${place} is refused, because shells do not take that for a name` }
    }
  }
}

/** Names that no consent makes safe: `A=B` would set A, and a shell would run `x;command`. */
function refuseUnusable(name: string, place: string, { environment, inShell }: VariableUse): void {
  if (!inShell && name !== '' && !/[=\0]/.test(name)) return
  throw new EscError('invalid_input', `${environment}: ${place} cannot be the name of a variable`, {
    hint: 'rename it in the definition: a name has letters, digits and underscores, and does not begin with a digit',
  })
}
