import { EscError, hintOf, messageOf } from '../errors.ts'
import type { Evaluation } from '../evaluate/index.ts'
import { joined, rich, step } from '../rich-text.ts'
import { type Environment, editHint, layout, type Revision } from '../store/index.ts'
import { type Diagnostic, placeOf } from '../yaml/index.ts'

/** Rotating would save the new states beside an edit that nobody has saved. */
export function refuseEdited(environment: Environment, base: Revision): void {
  if (environment.definitionState(base) !== 'edited') return
  const file = layout.definition(environment.folder)
  throw new EscError('unsaved_edit', `${file} has changes that are not saved`, {
    hint: rich`${editHint(environment.name, 'them')}; nothing was rotated`,
  })
}

/**
 * Refuses a definition with mistakes. `thrown`: the errors that some of them tell of.
 *
 * @throws EscError `invalid_definition`, whose cause is the error that the first mistake tells of.
 */
export function refuseErrors(
  name: string,
  { diagnostics, thrown }: { readonly diagnostics: readonly Diagnostic[] } & Partial<Pick<Evaluation, 'thrown'>>,
): void {
  const first = diagnostics.find((diagnostic) => diagnostic.severity === 'error')
  if (!first) return
  throw new EscError('invalid_definition', `${placeOf(first) ?? name}: ${first.summary}`, {
    hint: joined(
      [
        first.hint,
        rich`${step('mend the definition', { do: 'edit-definition', environment: name })}; nothing was rotated`,
      ],
      '; ',
    ),
    cause: thrown?.get(first),
  })
}

export function notSaved(error: unknown): EscError {
  const message = `rotated, but not saved: ${messageOf(error)} (the new credential is kept in the journal)`
  return new EscError('rotation_failed', message, {
    hint: joined([hintOf(error), rich`then ${step('finish the rotation', { do: 'resume-rotation' })}`], '; '),
    cause: error,
  })
}

export function rotatorGone(): EscError {
  const message = 'rotated, but an edit removed its rotator meanwhile (the new credential is kept in the journal)'
  return new EscError('conflict', message, {
    hint: rich`put the rotator back, and ${step('finish the rotation', { do: 'resume-rotation' })}; ${step('look at what is kept', { do: 'show-journal' })}`,
  })
}
