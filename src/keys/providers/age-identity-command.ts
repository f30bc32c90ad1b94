import { spawn } from 'node:child_process'
import { childEnvironment, type Variables } from '../../child-environment.ts'

const variable = 'SOPS_AGE_KEY_CMD'
/** A person may have to unlock a password manager first. */
const timeoutMs = 60_000

/**
 * Runs the command in `SOPS_AGE_KEY_CMD`, without a shell, as SOPS does. Its complaints
 * go to our standard error.
 *
 * @returns what it printed, or why that is nothing. The command itself is not
 *   repeated: it may hold a secret.
 */
export async function identitiesOfCommand(
  env: Variables,
): Promise<{ readonly text: string } | { readonly place: string; readonly problem: string; readonly hint: string }> {
  const problem = (text: string) => ({
    place: variable,
    problem: text,
    hint: `set ${variable} to a command that prints age identities`,
  })
  const words = splitWords(env[variable] ?? '')
  if (words === undefined) return problem('a quotation mark is not closed')
  const [program, ...args] = words
  if (program === undefined) return problem('it names no command')
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: childEnvironment(env),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: timeoutMs,
    })
    const parts: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes))
    child.on('error', (error: { code?: unknown }) => resolve(problem(`the command cannot be run (${error.code})`)))
    child.on('close', (code, signal) =>
      resolve(
        code === 0
          ? { text: Buffer.concat(parts).toString() }
          : problem(`the command ${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}`),
      ),
    )
  })
}

/**
 * The words of a command as a POSIX shell splits them: blanks, quotation marks, backslashes;
 * nothing is expanded. Undefined: a quotation mark is not closed.
 */
function splitWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (char === '\\') word += text[++at] ?? ''
    else if (char !== '"' && char !== "'") word += char
    else {
      const quoted = closing(text, at, char)
      if (quoted === undefined) return undefined
      word += quoted.text
      at = quoted.end
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** The text between quotation marks, and where the closing one is. */
function closing(
  text: string,
  start: number,
  mark: string,
): { readonly text: string; readonly end: number } | undefined {
  let inside = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string
    if (char === mark) return { text: inside, end: at }
    const escaped = mark === '"' && char === '\\' && /["\\$`]/.test(text[at + 1] ?? '')
    inside += escaped ? text[++at] : char
  }
  return undefined
}
