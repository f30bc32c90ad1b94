import { foreignPasswordsWarning } from '../../adopted.ts'
import type { PlanStep, RotatorContext } from '../../rotator.ts'

export interface PasswordSteps {
  /** Such as `user "app"`. */
  readonly owner: string
  /** The password of the state that becomes, or stays, `previous`. */
  readonly keeps: 'current' | 'previous' | undefined
  /** Those that go once the new one is saved. */
  readonly goes: readonly ('previous' | 'adopted')[]
  /** The number of passwords that nobody manages. */
  readonly foreign: number
}

/** The steps of a rotation beside other passwords. Warns of those that nobody manages. */
export function passwordSteps({ owner, keeps, goes, foreign }: PasswordSteps, context: RotatorContext): PlanStep[] {
  const password = `password of ${owner}`
  const steps: PlanStep[] = [{ action: 'create', what: password }]
  if (keeps !== undefined) {
    steps.push({ action: 'keep', what: `${password} (${keeps === 'current' ? 'current, becomes previous' : keeps})` })
  }
  for (const role of goes) steps.push({ action: 'delete', what: `${password} (${role}), once the new one is saved` })
  if (foreign > 0) {
    context.warn(foreignPasswordsWarning(owner, foreign))
    steps.push({
      action: 'keep',
      what: `${foreign} other password${foreign > 1 ? 's' : ''} of ${owner} (not managed here)`,
    })
  }
  return steps
}
