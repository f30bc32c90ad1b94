import { byteLength } from '../../raw-bytes.ts'
import { cannotHold, type ExportedVariable } from './exported-variables.ts'

/** Docker reads lines with a buffer of this size, in which the line break counts. */
const LONGEST_LINE = 64 * 1024 - 1

/**
 * The variables as a file for `docker --env-file`, which takes all that stands behind `=`
 * literally: there are no quotes and no escapes.
 *
 * @throws EscError `invalid_input` for a name or a value that such a line cannot hold.
 */
export function dockerEnvFile(variables: readonly ExportedVariable[]): string {
  return variables.map(line).join('')
}

function line({ name, value, path }: ExportedVariable): string {
  const elsewhere = 'put the value below files, or pass it through fn::toBase64 in the definition'
  if (name === '' || /[\s=\0]/.test(name) || /^[#\uFEFF]/.test(name)) {
    throw cannotHold(path, 'has a name that a Docker env-file cannot hold', 'rename it in the definition')
  }
  if (/\n/.test(value)) {
    throw cannotHold(path, 'has a line break, which a Docker env-file cannot hold', elsewhere)
  }
  if (value.endsWith('\r')) {
    throw cannotHold(path, 'ends with a carriage return, which Docker removes', elsewhere)
  }
  const written = `${name}=${value}`
  if (byteLength(written) >= LONGEST_LINE) {
    throw cannotHold(path, `is longer than ${LONGEST_LINE} bytes, the longest line that Docker reads`, elsewhere)
  }
  return `${written}\n`
}
