import type { ConfigEntry, SaveResult } from '../../operations/index.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { refused } from './report-error.ts'
import { type SavedRevision, savedRevision } from './saved-text.ts'

/** Prints what was noticed while saving. @throws EscError when the definition was refused. */
export function savedConfig(io: Host, environment: string, saved: SaveResult): SavedRevision {
  io.err(diagnosticLines(saved.diagnostics, hasColour(io, 'stderr')))
  if (saved.kind === 'refused') throw refused(environment, saved.diagnostics)
  return savedRevision(saved)
}

/**
 * The entry in JSON: `value` is a text, also of a number; `objectValue` is there for all
 * that is no text. A secret that is not shown has neither.
 */
export function configEntryJson({ text, object, secret, unknown }: ConfigEntry, showSecrets: boolean) {
  if (secret && !showSecrets) return { secret }
  return {
    ...(!unknown && { value: text, ...(object !== undefined && { objectValue: object }) }),
    secret,
    ...(unknown && { unknown: true }),
  }
}
