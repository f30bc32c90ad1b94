import { EscError } from '../errors.ts'
import { rich, step } from '../rich-text.ts'

const form = /^(?:sha256:)?([0-9a-f]{64})$/i

/** True when a text is the digest of a set of powers, with or without `sha256:` before it. */
export function isDigest(text: string): boolean {
  return form.test(text)
}

/**
 * The digest that `ESC_TRUST` holds, as `digestOfPowers` writes it. Undefined: the
 * variable is not set, or empty.
 * @throws EscError `untrusted` for anything else: a digest with a typing
 *   mistake must not count as none.
 */
export function givenDigest(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const text = env.ESC_TRUST?.trim()
  if (!text) return undefined
  const digits = form.exec(text)?.[1]
  if (digits !== undefined) return `sha256:${digits.toLowerCase()}`
  throw new EscError('untrusted', `ESC_TRUST is not a digest: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: rich`set it to the digest of what the store asks for, sha256: and 64 hexadecimal digits; ${step('look it up', { do: 'show-trust' })}`,
  })
}
