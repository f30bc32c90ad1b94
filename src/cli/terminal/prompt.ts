import { EscError } from '../../errors.ts'
import type { Io } from './io.ts'
import { isInteractive } from './io.ts'
import { oneLine, prose } from './prose.ts'

/**
 * Asks a person for a secret without showing what is typed. Undefined when nobody is there to
 * answer. The question goes to standard error, so that it never mixes with output that is captured.
 */
export function secretPrompt(
  io: Io,
): ((question: string, options?: { readonly confirm?: boolean }) => Promise<string>) | undefined {
  // Standard output may well be captured (`eval "$(esc open …)"`): stdin and stderr
  // are what a question needs.
  if (!io.stderrIsTerminal || !io.stdinIsTerminal || io.env.TERM === 'dumb') return undefined
  return (question, options) =>
    quietly(io, async () => {
      const answer = await askHidden(question)
      if (options?.confirm && (await askHidden('Again, to be sure')) !== answer) {
        throw new EscError('usage', 'the two inputs are not the same', { hint: 'try again' })
      }
      return answer
    })
}

async function askHidden(message: string): Promise<string> {
  const { isCancel, password } = await import('../../vendor/clack.ts')
  const answer = await password({ message: prose(message), output: process.stderr })
  if (isCancel(answer)) throw new EscError('interrupted', 'cancelled at the prompt')
  return answer
}

/** Asks yes or no; undefined when nobody is there to answer. */
export async function askYesNo(io: Io, message: string): Promise<boolean | undefined> {
  if (!isInteractive(io)) return undefined
  const { confirm, isCancel } = await import('../../vendor/clack.ts')
  const answer = await quietly(io, () => confirm({ message: prose(message), initialValue: false }))
  return !isCancel(answer) && answer
}

/**
 * Asks to choose one of some; undefined when nobody is there to answer, or
 * there is nothing to choose.
 */
export async function askChoice(
  io: Io,
  message: string,
  choices: readonly string[],
  initial: string | undefined,
): Promise<string | undefined> {
  if (!isInteractive(io) || choices.length === 0) return undefined
  const { isCancel, select } = await import('../../vendor/clack.ts')
  const options = choices.map((value) => ({ value, label: oneLine(value) }))
  const choice = { message: prose(message), options, ...(initial === undefined ? {} : { initialValue: initial }) }
  const answer = await quietly(io, () => select(choice))
  if (isCancel(answer)) throw new EscError('interrupted', 'cancelled at the prompt')
  return answer
}

function quietly<T>(io: Io, ask: () => Promise<T>): Promise<T> {
  return io.busy === undefined ? ask() : io.busy.quietly(ask)
}
