import { EscError } from '../../errors.ts'
import { type Io, secretPrompt } from '../terminal/index.ts'
import { readText } from './definition-input.ts'
import { text } from './flags.ts'

/** No flag takes the token itself: other users of the machine see the arguments of a process. */
export const TOKEN_FLAG = {
  'token-file': text({ description: 'file that holds the access token, or - for standard input', value: 'file' }),
}

interface TokenSource {
  readonly file: string | undefined
  /** Names of environment variables that may hold it: the first that is set counts. */
  readonly variables: readonly string[]
  /** A token that was kept by an earlier login. */
  readonly kept?: string
  /** The URL of the server, for the question. */
  readonly url: string
}

/**
 * Returns the access token for a server: of the file, else of a variable, else the kept one, else
 * typed without echo.
 *
 * @throws EscError `usage` where there is none, and nobody can be asked; for what is no token. No
 *   message repeats it.
 */
export async function readAccessToken(io: Io, { file, variables, kept, url }: TokenSource): Promise<string> {
  if (file !== undefined) {
    const given = await readText(io, file, { file: `could not read ${file}`, stdin: 'could not read from stdin' })
    return checked(given, file === '-' ? 'standard input' : file)
  }
  const variable = variables.find((name) => io.env[name])
  if (variable !== undefined) return checked(io.env[variable] as string, variable)
  if (kept !== undefined) return kept
  const ask = secretPrompt(io)
  if (ask === undefined) {
    throw new EscError('usage', `no access token for ${url}`, {
      hint: `set ${variables[0]}, or give a file with --token-file (- for standard input)`,
    })
  }
  return checked(await ask(`Access token for ${url}`), 'what was typed')
}

function checked(given: string, from: string): string {
  const token = given.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  const problem = token === '' ? 'is empty' : 'holds spaces, line breaks or other characters that no access token has'
  throw new EscError('usage', `the access token of ${from} ${problem}`, { hint: 'write the token alone' })
}
