import { parseAccessRules } from './parse-rules.ts'
import type { AccessRules } from './rules.ts'

/**
 * Reads `access:` of the text of `esc.yaml`; `file` is what mistakes are reported under. Undefined:
 * there is none, and everybody may do everything. Rules with a mistake are no rules: nothing is
 * allowed until it is mended.
 *
 * @throws EscError `invalid_input`, naming the line and the value; `store_damaged`
 *   for a text that is no YAML.
 */
export function readAccessRules(text: string, file: string): AccessRules | undefined {
  // Spares most stores the parser. A key can also be written with escapes.
  return text.includes('access') || text.includes('\\') ? parseAccessRules(text, file) : undefined
}
