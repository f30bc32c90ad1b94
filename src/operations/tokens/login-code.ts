const letters = 'BCDFGHJKLMNPQRSTVWXZ23456789'

/**
 * The code that a person compares: the terminal that waits for a token shows it, and so does the
 * page that grants one. It is made of the digest of the token, such as `BCDF-2345`.
 *
 * @param digest SHA-256 of the token, in hexadecimal.
 */
export function loginCode(digest: string): string {
  const code = Array.from({ length: 8 }, (_, at) => letters[Number.parseInt(digest.slice(at * 4, at * 4 + 4), 16) % 28])
  return `${code.slice(0, 4).join('')}-${code.slice(4).join('')}`
}
