const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/**
 * Returns the fault of the text of an age recipient, as a clause; undefined when it can be used.
 * Checked here, without the library, so that a typing error is found before anything is written.
 */
export function recipientProblem(text: string): string | undefined {
  if (text === '') return 'a recipient is empty'
  // An identity put there by mistake must not be repeated on a screen or in a log.
  if (/^AGE-SECRET-KEY-/i.test(text)) {
    return 'it holds a secret key where a recipient belongs (the one that begins with age1)'
  }
  if (/^ssh-/.test(text)) return 'ssh keys cannot be recipients here; make an age key with `age-keygen`'
  const kind = /^(age1pq|age)1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]+$/.exec(text)?.[1]
  if (kind === undefined) return `'${shorten(text)}' is not a recipient that can be used`
  if (kind === 'age' && text.length !== 62) return `the recipient '${shorten(text)}' is cut short or too long`
  return checksumMatches(kind, text.slice(kind.length + 1)) ? undefined : `the recipient '${shorten(text)}' is mistyped`
}

function shorten(text: string): string {
  return text.length <= 70 ? text : `${text.slice(0, 30)}…`
}

/** Bech32 (BIP 173), as age uses it: without a limit on length. */
function checksumMatches(prefix: string, data: string): boolean {
  let state = 1
  const feed = (value: number) => {
    const top = state >>> 25
    state = ((state & 0x1ffffff) << 5) ^ value
    generators.forEach((generator, bit) => {
      if ((top >>> bit) & 1) state ^= generator
    })
  }
  for (const char of prefix) feed(char.charCodeAt(0) >>> 5)
  feed(0)
  for (const char of prefix) feed(char.charCodeAt(0) & 31)
  for (const char of data) feed(alphabet.indexOf(char))
  return state === 1
}
