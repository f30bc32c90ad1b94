import type { ConfigEntry, SaveResult } from '../../operations/index.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'
import type { Host } from './host.ts'
import { refused } from './report-error.ts'

/** The result of a change of the configuration. */
export interface SavedConfig {
  readonly revision: number
  /** False when all of it was there already. */
  readonly changed: boolean
}

/** Prints what was noticed while saving. @throws EscError when the definition was refused. */
export function savedConfig(io: Host, environment: string, saved: SaveResult): SavedConfig {
  io.err(diagnosticLines(saved.diagnostics, hasColour(io, 'stderr')))
  if (saved.kind === 'refused') throw refused(environment)
  return { revision: saved.revision, changed: saved.kind === 'saved' }
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
