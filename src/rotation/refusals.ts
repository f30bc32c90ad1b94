import { EscError, messageOf } from '../errors.ts'
import { type Environment, layout, type Revision } from '../store/index.ts'
import { type Diagnostic, placeOf } from '../yaml/index.ts'

/** Rotating would save the new states beside an edit that nobody has saved. */
export function refuseEdited(environment: Environment, base: Revision): void {
  if (environment.definitionState(base) !== 'edited') return
  const file = layout.definition(environment.folder)
  throw new EscError('unsaved_edit', `${file} has changes that are not saved`, {
    hint: `save them with "esc env save ${environment.name}", or discard them with "esc env discard ${environment.name}"; nothing was rotated`,
  })
}

export function refuseErrors(name: string, diagnostics: readonly Diagnostic[]): void {
  const first = diagnostics.find((diagnostic) => diagnostic.severity === 'error')
  if (!first) return
  throw new EscError('invalid_definition', `${placeOf(first) ?? name}: ${first.summary}`, {
    hint: [first.hint, `mend the definition with \`esc env edit ${name}\`; nothing was rotated`]
      .filter(Boolean)
      .join('; '),
  })
}

export function notSaved(error: unknown): EscError {
  const hint = error instanceof EscError ? error.hint : undefined
  const message = `rotated, but not saved: ${messageOf(error)} (the new credential is kept in the journal)`
  return new EscError('rotation_failed', message, {
    hint: [hint, 'then run the rotation again with --resume'].filter(Boolean).join('; '),
    cause: error,
  })
}

export function rotatorGone(): EscError {
  const message = 'rotated, but an edit removed its rotator meanwhile (the new credential is kept in the journal)'
  return new EscError('conflict', message, {
    hint: 'put the rotator back and run the rotation again with --resume; "esc env rotate journal" shows what is kept',
  })
}
