import { hasFormOfSecret, isPlaceholder } from '../../masking/index.ts'
import { parseJson } from '../../read-json.ts'

/** Names of values that usually hold a secret. */
const SECRET_NAME =
  /(?<!by|com|sur|tres|en|im)pass(?!enger|ive|thr)|pwd|secret|token|credential|(?:private|api|access|auth|signing|encryption|master|account|shared|license|service)[-_. ]?key/i

/** Names that may also be of something else: only a random text counts. */
const WEAK_NAME = /(?:^|[_.-])(?:key|auth|salt|pin)$|[a-z]Key$|dsn$|connection[-_]?string$/i

/** Names of facts about a secret that anybody may know. */
const PUBLIC_NAME =
  /hash|digest|checksum|finger_?print|thumb_?print|public|(?:primary|foreign|partition|sort|cache)_?key/i

/** Names of something that has to do with a secret and is none, unless the text is random. */
const ABOUT_SECRETS =
  /(?:name|provider|command|engine|store|ref|reference|type|role|policy|vault|group|prefix|path|file|dir|folder|url|uri|endpoint|arn|namespace|label|mount|manager|format|issuer|audience|scopes?)$/i

/** A run of letters and digits as generators make them. */
const RANDOM = /(?=[a-z\d]*\d[a-z\d]*[a-z][a-z\d]*\d)[a-z\d]{12,}/i

/** Ciphertexts, digests, public keys, names of resources: nothing that a name makes secret. */
const NO_SECRET =
  /^(?:ENC\[|vault:v\d+:|encrypted:|U2FsdGVkX1|v1:[\w+/=]+:|-----BEGIN (?!.*PRIVATE)|ssh-|ecdsa-|sk-ssh-|age1|sha\d+[:-]|md5:|\$(?:2[abxy]|argon2\w*|5|6|y|scrypt|pbkdf2[\w-]*)\$|\{(?:SSHA|SHA|CRYPT)\w*\}|SCRAM-SHA-|arn:|op:\/\/|ref\+|file:)/

/** A URL without a query, or a path: judged by its form alone. */
const PLACE = /^[a-z][a-z\d+.-]*:\/\/[^\s?]*$|^(?:~|\.{0,2})\/(?=(?:.*\/)?[a-z._-]{3,}(?:\/|$))\S*$|^[A-Z]:\\/i

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Only the beginning is judged: long texts would always look random enough. */
const JUDGED_BYTES = 16

/**
 * The one answer to whether a text that is stored in the clear under a name is probably a secret.
 * Asked for every value that is set, saved, applied, copied or imported.
 *
 * It is one by its form (`hasFormOfSecret`), or because the name says so and the text is hard to
 * guess: at least 80 bits of entropy, or 40 bits and 3 per byte. Members of a JSON text and lines
 * like `NAME=value` are judged by their own names.
 */
export async function looksLikeSecret(name: string, text: string): Promise<boolean> {
  if (hasFormOfSecret(text)) return true
  if (await isNamedSecret(name, text)) return true
  for (const [key, value] of membersOf(text)) if (await isNamedSecret(key, value)) return true
  return false
}

async function isNamedSecret(name: string, text: string): Promise<boolean> {
  const strong = SECRET_NAME.test(name)
  if (!strong && !WEAK_NAME.test(name)) return false
  if (PUBLIC_NAME.test(name) || NO_SECRET.test(text) || PLACE.test(text) || isPlaceholder(text)) return false
  if (ABOUT_SECRETS.test(name) && !RANDOM.test(text)) return false
  if (!strong && (UUID.test(text) || !/\d/.test(text) || !/[a-z]/i.test(text) || /\s/.test(text))) return false
  const head = Buffer.from(text, 'utf8').subarray(0, JUDGED_BYTES)
  if (head.length === 0) return false
  // Its dictionaries are most of a megabyte.
  const { zxcvbn } = await import('../../vendor/zxcvbn.ts')
  const bits = zxcvbn(head.toString('utf8')).guesses_log10 / Math.log10(2)
  if (!strong) return bits >= 48
  return bits >= 80 || (bits >= 40 && bits / head.length >= 3)
}

/** Longer texts are not read for their members. */
const MOST_CHARACTERS = 100_000

/**
 * The texts within a text, by name: of a JSON object, or of lines as configuration files have them.
 */
function* membersOf(text: string): Generator<readonly [name: string, value: string]> {
  if (text.length > MOST_CHARACTERS) return
  if (/^\s*[[{]/.test(text)) {
    try {
      yield* membersOfData('', parseJson(text.trim()))
      return
    } catch {
      // It is no JSON. It may still have lines.
    }
  }
  if (!text.includes('\n')) return
  for (const [, name = '', value = ''] of text.matchAll(
    /^[^\S\n]*(?:export[^\S\n]+|- )?["']?([\w.-]{2,60})["']?[^\S\n]*[:=][^\S\n]*["']?([^\s"'][^\n"']*)/gm,
  ))
    yield [name, value.trim()]
}

function* membersOfData(name: string, data: unknown): Generator<readonly [name: string, value: string]> {
  if (typeof data === 'string') yield [name, data]
  else if (Array.isArray(data)) for (const item of data) yield* membersOfData(name, item)
  else if (typeof data === 'object' && data !== null)
    for (const [key, member] of Object.entries(data)) yield* membersOfData(key, member)
}
