/** Secrets shorter than this are not looked for: they would hide half of every output. */
const LEAST_BYTES = 3
/** An encoded form must be at least this long to be told from ordinary text. */
const LEAST_ENCODED = 6
/** A line of a secret of several lines, such as a private key. */
const LEAST_LINE = 8

/**
 * The byte sequences that give a secret away: itself, each longer line of it, and both in base64 (at every alignment), hex, and
 * escaped as in URLs, JSON and shells.
 */
export function secretForms(secrets: Iterable<string>): Uint8Array[] {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (Buffer.byteLength(secret) < LEAST_BYTES) continue
    for (const form of formsOf(secret)) forms.add(form)
    // Programs trim what they read from files.
    const trimmed = secret.trim()
    if (trimmed !== secret && Buffer.byteLength(trimmed) >= LEAST_BYTES)
      for (const form of formsOf(trimmed)) forms.add(form)
    const lines = trimmed.split(/\r?\n/)
    if (lines.length === 1) continue
    for (const line of lines) {
      const text = line.trim()
      if (text.length >= LEAST_LINE) for (const form of formsOf(text)) forms.add(form)
    }
  }
  return [...forms].map((form) => Buffer.from(form, 'latin1'))
}

/** As latin1 strings: one character a byte. */
function* formsOf(secret: string): Generator<string> {
  const bytes = Buffer.from(secret, 'utf8')
  yield bytes.toString('latin1')
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
  for (const escaped of escapedForms(secret)) {
    if (escaped !== secret) yield Buffer.from(escaped, 'utf8').toString('latin1')
  }
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

function escapedForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const url = encodeUri(secret)
  return [
    json,
    // As some encoders write it: `/` escaped, and everything outside ASCII or dangerous in HTML as \uXXXX.
    json.replaceAll('/', '\\/'),
    json.replace(/[<>&]/g, unicodeEscape),
    json.replace(/[^\x20-\x7e]/g, unicodeEscape),
    url,
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    url.replaceAll('%20', '+'),
    // encodeURIComponent leaves these alone, other encoders do not.
    url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll("'", `'"'"'`),
    secret.replace(/["$`\\]/g, '\\$&'),
    secret.replace(/[^A-Za-z0-9_\-.,:/@\n]/g, '\\$&'),
    secret.replace(/[&<>"']/g, (char) => `&${HTML[char]};`),
  ]
}

const HTML: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** encodeURIComponent, which throws for lone surrogates. */
function encodeUri(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
}
