/** Names of values that usually hold a secret. */
const SECRET_NAME = /passwd|pass|password|pwd|secret|token/i

/** A key in PEM, a JSON web token, a URL with a password in it, and tokens that say whose they are. */
const SUSPICIOUS_TEXT =
  /-----BEGIN [A-Z ]*PRIVATE KEY|^eyJ[\w-]+\.[\w-]+\.[\w-]*$|^[a-z][a-z\d+.-]*:\/\/[^/?#\s]*:[^/?#\s@]+@|^(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk[-_]|rk_live_|AKIA|ASIA|hvs\.|npm_|AGE-SECRET-KEY-|AIza)/

/** Only the beginning is judged: long texts would always look random enough. */
const JUDGED_BYTES = 16

/**
 * Whether a text that is about to be stored in the clear under this name is probably a secret: it has the form of a known token, of a
 * private key or of a URL with a password, or the name says so, and the text is
 * hard to guess (at least 80 bits of entropy, or 40 bits and 3 a byte).
 */
export async function looksLikeSecret(name: string, text: string): Promise<boolean> {
  if (SUSPICIOUS_TEXT.test(text)) return true
  if (!SECRET_NAME.test(name)) return false
  const head = Buffer.from(text, 'utf8').subarray(0, JUDGED_BYTES)
  if (head.length === 0) return false
  // Its dictionaries are most of a megabyte.
  const { zxcvbn } = await import('../sdk/zxcvbn.ts')
  const bits = zxcvbn(head.toString('utf8')).guesses_log10 / Math.log10(2)
  return bits >= 80 || (bits >= 40 && bits / head.length >= 3)
}
