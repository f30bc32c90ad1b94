import { randomBytes } from 'node:crypto'
import { cannotHold, type ExportedVariable } from './exported-variables.ts'

/**
 * The variables as lines of the files that GitHub's runner reads after a step (`GITHUB_ENV`,
 * `GITHUB_OUTPUT`). Each value stands between two lines of a random delimiter that it does not
 * contain.
 *
 * @param random for the delimiters. Default: that of the operating system.
 * @throws EscError `invalid_input` for a name that the runner refuses.
 */
export function githubLines(
  variables: readonly ExportedVariable[],
  file: 'GITHUB_ENV' | 'GITHUB_OUTPUT',
  random: (byteCount: number) => Uint8Array = randomBytes,
): string {
  return variables
    .map(({ name, value, path }) => {
      refuseName(name, path, file)
      let delimiter: string
      do delimiter = `esc_${Buffer.from(random(16)).toString('hex')}`
      while (value.includes(delimiter))
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`
    })
    .join('')
}

function refuseName(name: string, path: string, file: string): void {
  const hint = 'rename it in the definition'
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
    throw cannotHold(path, `has a name that ${file} cannot hold`, hint)
  }
  // The runner fails the step for the first, and ignores the others.
  if (file === 'GITHUB_ENV' && /^(?:NODE_OPTIONS$|GITHUB_|RUNNER_)/i.test(name)) {
    throw cannotHold(path, `is a variable that GitHub lets no step set`, hint)
  }
}

/**
 * The commands on standard output by which GitHub's runner hides secrets in the log: one for each
 * secret as a whole, and one for each line of it.
 */
export function githubMasks(variables: readonly ExportedVariable[]): string {
  const texts = new Set<string>()
  for (const { value, secret } of variables) {
    if (!secret) continue
    for (const text of [value, ...value.split(/\r\n|\n|\r/)]) if (text.trim() !== '') texts.add(text)
  }
  return [...texts].map((text) => `::add-mask::${commandData(text)}\n`).join('')
}

/** A text as the runner reads the data of a command. */
function commandData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
