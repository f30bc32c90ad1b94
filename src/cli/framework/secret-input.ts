import { EscError } from '../../errors.ts'
import { type Io, secretPrompt } from '../terminal/index.ts'
import { readText } from './definition-input.ts'

const messages = {
  file: 'could not read file',
  stdin: 'could not read from stdin',
  notText: `keep bytes that are not text as base64: base64 FILE | esc env set ENV 'PATH["fn::fromBase64"]' --secret`,
}

/**
 * The secret that a command line left out: of a file, typed at the terminal without echo, or all of
 * standard input. It is kept byte for byte. `question` asks for it, such as `Value of api.token`.
 *
 * @throws EscError `usage` where nobody can be asked without echo, or standard input is empty;
 *   `interrupted` on Ctrl-C.
 */
export async function readSecret(io: Io, file: string | undefined, question: string): Promise<string> {
  if (file !== undefined && file !== '-') return readText(io, file, messages)
  if (io.stdinIsTerminal) return askSecret(io, question)
  const text = await readText(io, '-', messages)
  if (text === '') {
    throw new EscError('usage', 'expected a secret on standard input, which is empty', {
      hint: "if the secret is to be the empty text, give it as an argument: ''",
    })
  }
  if (/^[^\r\n]*\r?\n$/.test(text)) {
    io.err("note: the secret ends with a line break, which is kept. `printf '%s'` writes a text without one.\n")
  }
  return text
}

async function askSecret(io: Io, question: string): Promise<string> {
  const ask = secretPrompt(io)
  if (ask === undefined) {
    throw new EscError('usage', 'cannot ask for a secret at this terminal without showing it', {
      hint: 'give it with --file, or on standard input: printf %s "$SECRET" | esc …',
    })
  }
  const answer = await ask(question)
  if (answer.startsWith('-----BEGIN ')) {
    throw new EscError('usage', 'a text of several lines cannot be typed here: only its first line was read', {
      hint: 'give the file that holds it with --file',
    })
  }
  if (answer === '') {
    throw new EscError('usage', 'nothing was typed', {
      hint: "if the secret is to be the empty text, give it as an argument: ''",
    })
  }
  return answer
}
