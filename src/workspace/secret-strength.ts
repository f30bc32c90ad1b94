/** Names of values that usually hold a secret. */
const SECRET_NAME = /passwd|pass|password|pwd|secret|token/i

/** Only the beginning is judged: long texts would always look random enough. */
const JUDGED_BYTES = 16

/**
 * Whether a text that is about to be stored in the clear under this name is probably a secret: the name says so, and the text is
 * hard to guess (at least 80 bits of entropy, or 40 bits and 3 a byte).
 */
export async function looksLikeSecret(name: string, text: string): Promise<boolean> {
  if (!SECRET_NAME.test(name)) return false
  const head = Buffer.from(text, 'utf8').subarray(0, JUDGED_BYTES)
  if (head.length === 0) return false
  // Its dictionaries are most of a megabyte.
  const { zxcvbn } = await import('../sdk/zxcvbn.ts')
  const bits = zxcvbn(head.toString('utf8')).guesses_log10 / Math.log10(2)
  return bits >= 80 || (bits >= 40 && bits / head.length >= 3)
}
