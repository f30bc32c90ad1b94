import { EscError } from '../errors.ts'

/** Longest project or environment name, in characters. */
const longest = 100

/**
 * Checks a name such as `rotators/ci` and returns it with its project: `ci` alone is `default/ci`.
 * Letters, digits, `-`, `_`, `.`, at most 100 a part (`spec` D.1); not beginning or ending with a
 * dot, which file systems and git treat specially.
 */
export function environmentName(text: string): string {
  const parts = text.split('/')
  if (parts.length === 1) parts.unshift('default')
  const [project = '', name = '', ...more] = parts
  if (more.length > 0) {
    throw new EscError('invalid_input', `'${text}' is not an environment name`, {
      hint: 'write project/environment, such as rotators/ci',
    })
  }
  checkPart(project, 'project', text)
  checkPart(name, 'environment', text)
  return parts.join('/')
}

export function isEnvironmentPart(part: string): boolean {
  if (part === '' || part.length > longest || part.startsWith('.') || part.endsWith('.')) return false
  // Without a regular expression: compiling it takes longer than a name has characters.
  for (let at = 0; at < part.length; at++) {
    const char = part[at] as string
    const isLetterOrDigit = (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9')
    if (!isLetterOrDigit && char !== '.' && char !== '_' && char !== '-') return false
  }
  return true
}

function checkPart(part: string, what: 'project' | 'environment', text: string): void {
  if (isEnvironmentPart(part) && !(what === 'project' && part === 'esc.yaml')) return
  const problem =
    part === ''
      ? 'is empty'
      : part.length > longest
        ? `is longer than ${longest} characters`
        : /^[A-Za-z0-9._-]+$/.test(part)
          ? part === 'esc.yaml'
            ? "is the name of the store's own file"
            : 'begins or ends with a dot'
          : `holds the character '${/[^A-Za-z0-9._-]/u.exec(part)?.[0]}'`
  throw new EscError('invalid_input', `'${text}' is not an environment name: the ${what} name ${problem}`, {
    hint: 'use letters, digits, `-`, `_` and `.`',
  })
}
