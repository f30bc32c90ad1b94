import { EscError, hintOf } from '../../errors.ts'
import { again, rich } from '../../rich-text.ts'
import { operation } from '../session/operation.ts'
import { suspectVariables, type VariableUse } from './suspect-variables.ts'

/**
 * Refuses variables that would make programs run code, or whose names a shell would not take for
 * names, before they become the variables of a process. Whether the environment or one of its
 * imports sets them makes no difference. What was opened was permitted and recorded then.
 *
 * Throws EscError `invalid_input` for a name that cannot be used; `untrusted` for a variable that
 * nobody has allowed.
 */
export const checkVariables = operation({
  name: 'check-variables',
  level: undefined,
  audit: 'environment-open',
  async run(work, use: VariableUse): Promise<void> {
    const { typed } = work.subject
    for (const suspect of suspectVariables(use, typed)) {
      // Rare, so that other environments do not pay for it.
      const { requirePowers } = await import('../trust/require-powers.ts')
      try {
        await requirePowers(work, [{ kind: 'variable', value: suspect.name }])
      } catch (error) {
        if (!(error instanceof EscError && error.code === 'untrusted')) throw error
        throw new EscError('untrusted', `${typed}: ${suspect.problem}`, {
          hint: rich`${hintOf(error) ?? ''}; or allow it this once with ${again('allow-variable')} ${suspect.name}`,
          cause: error,
        })
      }
    }
  },
})
