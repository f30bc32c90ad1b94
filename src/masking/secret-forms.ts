import { byteLength, bytesOf } from '../raw-bytes.ts'
import { escapedForms } from './escaped-forms.ts'

/** Secrets of fewer bytes are not looked for: they would hide half of every output. */
export const LEAST_SECRET_BYTES = 3
/** A form in base64 or hex must be at least this long to be told from ordinary text. */
const LEAST_ENCODED = 6
/** A line of a secret of several lines, such as a private key. */
const LEAST_LINE = 8
/** Longer forms are looked for piece by piece, so that no more than this is ever held back. */
const PIECE_BYTES = 4096
/**
 * A piece that is left over belongs to the one before it, unless it can be told from ordinary text.
 */
const LEAST_PIECE = 32

/**
 * The byte sequences that give a secret away: itself, each longer line of it, and both in base64
 * (at every alignment), hex, and escaped as programs escape texts (see `escapedForms`).
 */
export function secretForms(secrets: Iterable<string>): Uint8Array[] {
  const forms = new Set<string>()
  for (const secret of secrets) {
    for (const text of textsOf(secret)) {
      for (const form of formsOf(text)) for (const piece of piecesOf(form)) forms.add(piece)
    }
  }
  return [...forms].map((form) => Buffer.from(form, 'latin1'))
}

function textsOf(secret: string): Set<string> {
  const texts = new Set<string>()
  // A file of bytes, such as a keystore, has no lines.
  if (!secret.isWellFormed()) return texts.add(secret)
  // Programs trim what they read from files.
  const trimmed = secret.trim()
  // Nothing but white space would hide indentation everywhere.
  if (trimmed === '') return texts
  for (const text of [secret, trimmed]) if (byteLength(text) >= LEAST_SECRET_BYTES) texts.add(text)
  const lines = trimmed.split(/\r?\n|\r/)
  if (lines.length === 1) return texts
  // As terminals and network protocols break lines.
  texts.add(lines.join('\n'))
  texts.add(lines.join('\r\n'))
  for (const line of lines) {
    const text = line.trim()
    if (text.length >= LEAST_LINE) texts.add(text)
  }
  return texts
}

/** As latin1 strings: one character a byte. */
function* formsOf(secret: string): Generator<string> {
  const bytes = Buffer.from(bytesOf(secret))
  yield bytes.toString('latin1')
  for (const escaped of secret.isWellFormed() ? escapedForms(secret) : []) {
    if (escaped !== secret) yield Buffer.from(escaped, 'utf8').toString('latin1')
  }
  if (bytes.length < LEAST_ENCODED) return
  for (let shift = 0; shift < 3; shift++) {
    const core = base64Core(bytes, shift)
    if (core.length < LEAST_ENCODED) continue
    yield core
    yield core.replaceAll('+', '-').replaceAll('/', '_')
  }
  const hex = bytes.toString('hex')
  yield hex
  yield hex.toUpperCase()
}

/** The part of the base64 text that does not depend on what stands before and after the secret. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const head = Math.ceil((shift * 8) / 6)
  const whole = Math.floor(((shift + bytes.length) * 8) / 6)
  return text.slice(head, whole)
}

function* piecesOf(form: string): Generator<string> {
  for (let at = 0; at < form.length; ) {
    const left = form.length - at
    const length = left < PIECE_BYTES + LEAST_PIECE ? left : PIECE_BYTES
    yield form.slice(at, at + length)
    at += length
  }
}
