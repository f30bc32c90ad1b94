import { EscError } from '../../errors.ts'

/** Checks words that a token is described by. @throws EscError `usage`. */
export function checkWords(what: 'user' | 'name' | 'organization', words: string): void {
  if (/^[^\p{C}\p{Z}<>"]+(?: [^\p{C}\p{Z}<>"]+)*$/u.test(words) && words.length <= 100) return
  throw new EscError('usage', `${JSON.stringify(words)} cannot be the ${what} of a token`, {
    hint: 'use up to 100 letters, digits and signs other than <, > and "',
  })
}
