import { EscError } from '../errors.ts'
import { violationsOf } from '../evaluate/index.ts'
import type { PlainObject } from '../plain.ts'
import { rich, step } from '../rich-text.ts'
import type { Rotator } from '../rotators/index.ts'

/**
 * Refuses a state that is not of the rotator's own type. The credential is live, so it stays in the
 * journal; but nobody could open an environment that held such a state.
 */
export function refuseViolations(state: PlainObject, rotator: Rotator): void {
  const violations = violationsOf(state, rotator.state)
  if (violations.length === 0) return
  throw new EscError(
    'rotation_failed',
    `${rotator.name} returned a state that is not of its own type: ${violations.join('; ')} (it is kept in the journal)`,
    {
      hint: rich`this is a bug of the rotator: mend or update it, then ${step('resume the rotation', { do: 'resume-rotation' })}`,
    },
  )
}
