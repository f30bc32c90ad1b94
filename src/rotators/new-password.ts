import { type Secret, secret } from '../secret.ts'
import { inStock, type RandomBytes, randomChoice } from './random-choice.ts'

const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-']
const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/, /[_-]/]

/**
 * 32 characters, none of which needs quoting in a URL, a dotenv file or a shell; one at
 * least of each kind that password policies ask for. Drawn again as a whole until that is
 * so, which leaves 191 of 192 bits.
 */
export function newPassword(random: RandomBytes): Secret<string> {
  const stock = inStock(random)
  for (;;) {
    const password = Array.from({ length: 32 }, () => randomChoice(alphabet, stock)).join('')
    if (kinds.every((kind) => kind.test(password))) return secret(password)
  }
}
