import { EscError } from '../../../errors.ts'
import type { PlanStep } from '../../rotator.ts'
import type { KeySlots } from './sql-api.ts'

export interface SlotSituation {
  readonly user: string
  readonly slots: KeySlots
  /** The fingerprint of the key in our state. */
  readonly current: string | undefined
  /** The fingerprint of the one before, by our state. */
  readonly previous: string | undefined
}

export interface SlotDecision {
  /** True when the current key is to be put into slot 2 before slot 1 gets the new one. */
  readonly moveCurrent: boolean
  readonly steps: readonly PlanStep[]
  readonly warnings: readonly string[]
}

/**
 * Decides what to do given the fingerprints in the two slots and those of our state (C current, P
 * previous; U is any other). U is never overwritten: where a slot that is needed holds one, this
 * fails before any change.
 */
export function decideSlots({ user, slots: { slot1, slot2 }, current, previous }: SlotSituation): SlotDecision {
  const isOurs = (fingerprint: string) => fingerprint === current || fingerprint === previous
  const of = `of user ${user}`
  if (slot1 !== undefined && !isOurs(slot1)) {
    throw foreignKey(`RSA_PUBLIC_KEY ${of} is ${slot1}, which is not managed here, and would be overwritten`, [
      "put its private key into the rotator's `state` (account, createdAt, privateKey)",
      `or, if nothing uses it, run ALTER USER ${user} UNSET RSA_PUBLIC_KEY`,
      'or move its public key to RSA_PUBLIC_KEY_2 for one rotation',
    ])
  }
  const moveCurrent = slot1 !== undefined && slot1 === current && slot2 !== current
  if (moveCurrent && slot2 !== undefined && !isOurs(slot2)) {
    throw foreignKey(`RSA_PUBLIC_KEY_2 ${of} is ${slot2}, which is not managed here, and would be overwritten`, [
      `if it is the key before the current one, or nothing uses it, run ALTER USER ${user} UNSET RSA_PUBLIC_KEY_2`,
      "or name it in the rotator's `state` as previousFingerprint",
    ])
  }
  const warnings: string[] = []
  if (current !== undefined && slot1 !== current && slot2 !== current) {
    warnings.push(`key ${current} is the current one here, but user ${user} no longer has it`)
  }
  if (!moveCurrent && slot2 !== undefined && !isOurs(slot2)) {
    warnings.push(
      `RSA_PUBLIC_KEY_2 ${of} is ${slot2}, which is not managed here: the next rotation will need its place`,
    )
  }
  const lost = moveCurrent ? slot2 : slot1 === slot2 ? undefined : slot1
  const steps: PlanStep[] = []
  if (lost !== undefined) steps.push({ action: 'delete', what: `public key ${lost} ${of} (previous)` })
  steps.push({ action: 'create', what: `public key ${of}` })
  const kept = moveCurrent ? current : slot2
  if (kept !== undefined) {
    const role = kept === current ? 'current, becomes previous' : kept === previous ? 'previous' : 'not managed here'
    steps.push({ action: 'keep', what: `public key ${kept} ${of} (${role})` })
  }
  return { moveCurrent, steps, warnings }
}

function foreignKey(message: string, remedies: readonly string[]): EscError {
  return new EscError('rotation_failed', `snowflake-user: ${message}`, { hint: remedies.join(', ') })
}
