import { createHash } from 'node:crypto'
import { EscError } from '../errors.ts'

/** Ciphertext as it stands in a definition: base64 of `escx` and a version. */
const CIPHERTEXT = /ZXNjeAAAA[A-Za-z0-9+/]+={0,2}/g
const PLACEHOLDER = /<secret ([0-9a-f]{12})>/g

function placeholderOf(ciphertext: string): string {
  return `<secret ${createHash('sha256').update(ciphertext).digest('hex').slice(0, 12)}>`
}

/** A definition with a short placeholder for each ciphertext, which an agent can keep or move. */
export function withPlaceholders(definition: string): string {
  return definition.replace(CIPHERTEXT, placeholderOf)
}

/**
 * The definition that was meant: placeholders are replaced by the ciphertexts of the definition
 * that it was made from.
 *
 * @throws EscError `invalid_input` for a placeholder of no ciphertext there, and for `[secret]`,
 *   which would save a mask in the place of a value.
 */
export function withCiphertexts(text: string, original: string): string {
  const known = new Map(
    [...original.matchAll(CIPHERTEXT)].map(([ciphertext]) => [placeholderOf(ciphertext), ciphertext]),
  )
  if (text.includes('[secret]') && !original.includes('[secret]')) {
    throw new EscError('invalid_input', 'the definition holds the text [secret], which stands for a hidden value', {
      hint: 'keep what the definition shows there: a reference, or a placeholder such as <secret 0123456789ab>',
    })
  }
  return text.replace(PLACEHOLDER, (placeholder) => {
    const ciphertext = known.get(placeholder)
    if (ciphertext !== undefined) return ciphertext
    throw new EscError('invalid_input', `the definition holds ${placeholder}, which stands for no secret of it`, {
      hint: 'show the definition again, and keep its placeholders as they are',
    })
  })
}
