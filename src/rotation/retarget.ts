import { EscError } from '../errors.ts'
import type { PlainObject } from '../plain.ts'
import { rich, step } from '../rich-text.ts'
import type { Rotator } from '../rotators/index.ts'
import { concernsOf, concernsText } from './concerns.ts'
import type { JournalEntry } from './journal-entry.ts'
import { samePlain } from './same-plain.ts'

/** A record that is to be moved to another address. */
export interface Retarget {
  /** Below `values`. */
  readonly path: string
  readonly rotator: string
  /** Such as `host db1.corp.example, port 5432, username app_b`. */
  readonly from: string
  readonly to: string
}

/** @throws EscError where the record cannot be moved to what the inputs name. */
export function retargeted(
  rotator: Rotator,
  {
    leftover,
    inputs,
    shown,
  }: { readonly leftover: JournalEntry; readonly inputs: PlainObject; readonly shown: string },
): Retarget & { readonly moved: PlainObject } {
  if (leftover.pending === undefined) {
    throw new EscError(
      'invalid_input',
      `${shown}: its rotation is saved, and only a superseded credential is left to retire`,
      {
        hint: 'the next rotation retires it at the address that the inputs name',
      },
    )
  }
  if (rotator.retarget === undefined) {
    throw new EscError('invalid_input', `${shown}: records of ${rotator.name} cannot be moved`, {
      hint: rich`put its inputs back as they were and ${step('finish the rotation', { do: 'resume-rotation' })}, or ${step('give the record up', { do: 'forget-record' })}`,
    })
  }
  const moved = rotator.retarget(leftover.pending, inputs)
  const [from, to] = [leftover.pending, moved].map((record) => concernsText(concernsOf(record))) as [string, string]
  if (samePlain(moved, leftover.pending)) {
    throw new EscError('invalid_input', `${shown}: the inputs name the place that its record is of: ${from}`, {
      hint: rich`change the inputs to the new address first, or ${step('finish the rotation', { do: 'resume-rotation' })}`,
    })
  }
  return { path: shown, rotator: rotator.name, from, to, moved }
}
