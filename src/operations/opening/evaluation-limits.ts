import { type BudgetLimits, defaultLimits, scaledLimits } from '../../budget.ts'
import { EscError } from '../../errors.ts'

/**
 * Returns the budget of one evaluation: the usual limits, times `ESC_EVALUATION_BUDGET`.
 * It is a variable and no setting of the store, since the author of a store is whom
 * the limits are there for.
 *
 * @throws EscError `usage` for a variable that is no number from 0.1 to 20.
 */
export function evaluationLimits(env: Readonly<Record<string, string | undefined>>): BudgetLimits {
  const given = env.ESC_EVALUATION_BUDGET
  if (!given) return defaultLimits
  const factor = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : Number.NaN
  if (factor >= 0.1 && factor <= 20) return scaledLimits(factor)
  throw new EscError('usage', `ESC_EVALUATION_BUDGET is '${given}', which is not a number from 0.1 to 20`, {
    hint: 'give a factor such as 4, or unset the variable',
  })
}
