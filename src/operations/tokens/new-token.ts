import { randomBytes } from 'node:crypto'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Makes `esc_` and forty letters and digits, each as likely as any other: 238 bits. */
export function newToken(): string {
  let token = 'esc_'
  while (token.length < 44) {
    for (const byte of randomBytes(64)) if (byte < 248 && token.length < 44) token += letters[byte % 62]
  }
  return token
}
