import type { ChildVariables } from '../../child-environment.ts'
import { EscError } from '../../errors.ts'
import { bytesOf, hasRawBytes } from '../../raw-bytes.ts'
import type { Program } from './program.ts'

/**
 * The same program, started so that variables with bytes that are no UTF-8 reach it as they are.
 * Node can give a program no such variable, so /bin/sh does: it gets them escaped, in variables of
 * other names, and becomes the program. Shells hand on no variables whose names are not theirs.
 *
 * @throws EscError `not_text` where there is no such shell, or it cannot set the variable.
 */
export function withRawVariables(program: Program, platform: NodeJS.Platform = process.platform): Program {
  const raw = Object.keys(program.env).filter((name) => hasRawBytes(program.env[name] ?? ''))
  if (raw.length === 0) return program
  const unusable = platform === 'win32' ? raw[0] : raw.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (unusable !== undefined) {
    throw new EscError(
      'not_text',
      `running ${program.name}: the variable ${unusable} holds bytes that are not UTF-8, which it cannot be given here`,
      { hint: 'put the value below files, or pass it through fn::toBase64 in the definition' },
    )
  }
  const env: Record<string, string | undefined> = Object.assign(Object.create(null), program.env)
  let script = ''
  for (const name of raw) {
    // Its name shows where a variable is too long.
    const escaped = `ESC_RAW_VARIABLE_${name}`
    env[escaped] = escapedForPrintf(program.env[name] as string)
    delete env[name]
    // The x keeps line breaks at the end, which a substitution would drop.
    script += `${name}=$(printf "$${escaped}"; printf x); ${name}=\${${name}%x}; export ${name}; unset ${escaped}; `
  }
  const args = ['-c', `${script}exec "$@"`, 'sh', program.file, ...program.args]
  return { ...program, file: '/bin/sh', name: 'sh', args, env: env as ChildVariables }
}

/** As the format of `printf`: in octal, but for letters and digits. */
function escapedForPrintf(text: string): string {
  let format = ''
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte)
    format += /[A-Za-z0-9]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
  }
  return format
}
