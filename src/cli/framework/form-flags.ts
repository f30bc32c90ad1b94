import { EscError } from '../../errors.ts'
import type { ValueForm } from '../../operations/index.ts'
import { boolean } from './flags.ts'

/** Form in which a value is read. */
export const FORM_FLAGS = {
  string: boolean({ description: 'take the value as text, not as YAML: no ${…} in it is a reference' }),
  json: boolean({ description: 'read the value as JSON, a secret too' }),
  yaml: boolean({ description: 'read the value as YAML, a secret too' }),
}

/** `undefined` when none was given. @throws EscError `usage` for more than one. */
export function formOf(flags: {
  readonly string: boolean
  readonly json: boolean
  readonly yaml: boolean
}): ValueForm | undefined {
  const { string, json, yaml } = flags
  if (Number(string) + Number(json) + Number(yaml) > 1) {
    throw new EscError('usage', 'only one of --string, --json and --yaml can be given', {
      hint: 'leave out the others',
    })
  }
  return string ? 'text' : json ? 'json' : yaml ? 'yaml' : undefined
}
