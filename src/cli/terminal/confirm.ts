import { EscError } from '../../errors.ts'
import type { Io } from './io.ts'

/** Asks to type `word`; throws when anything else comes, or nothing. */
export async function confirm(io: Io, prompt: string, word: string): Promise<void> {
  if (prompt !== '') io.out(`${prompt}\n`)
  io.out(`Please confirm that this is what you'd like to do by typing \`${word}\`: `)
  const answer = await (io.busy === undefined ? io.readLine() : io.busy.quietly(() => io.readLine()))
  if (answer?.trim() !== word) {
    throw new EscError('invalid_input', 'confirmation declined', { hint: 'type the word as shown, or pass --yes' })
  }
}
