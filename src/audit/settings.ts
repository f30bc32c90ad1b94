import { EscError } from '../errors.ts'
import { isJsonObject, type Json } from '../json.ts'

/**
 * The place where the audit log is: in this machine's own folder of the store, in the folder that
 * is committed, or nowhere.
 */
export type AuditSettingsContext = 'beside' | 'repository' | 'off'

export interface AuditSettings {
  readonly keep: AuditSettingsContext
  /**
   * Each line is on the disk before anything is done; what cannot be written down is not done.
   * Default false: it is done, with a warning.
   */
  readonly required: boolean
}

const places: readonly string[] = ['beside', 'repository', 'off']

/** Reads `audit:` of `esc.yaml`. @throws EscError `invalid_input`. */
export function auditSettings(section: Json | undefined, file: string): AuditSettings {
  if (section === undefined || section === null) return { keep: 'beside', required: false }
  if (!isJsonObject(section)) throw mistake(file, 'audit is not a mapping', 'write audit: {keep: repository}')
  const unknown = Object.keys(section).find((key) => key !== 'keep' && key !== 'required')
  if (unknown !== undefined) throw mistake(file, `audit has the unknown field '${unknown}'`, 'known are keep, required')
  // Some take a bare `off` for a boolean.
  const keep = section.keep === false ? 'off' : (section.keep ?? 'beside')
  if (typeof keep !== 'string' || !places.includes(keep)) {
    throw mistake(file, `audit.keep is '${String(keep)}'`, `write ${places.join(', ')}`)
  }
  const { required = false } = section
  if (typeof required !== 'boolean') throw mistake(file, 'audit.required is not a boolean', 'write true or false')
  return { keep: keep as AuditSettingsContext, required }
}

function mistake(file: string, problem: string, hint: string): EscError {
  return new EscError('invalid_input', `${file}: ${problem}`, { hint })
}
