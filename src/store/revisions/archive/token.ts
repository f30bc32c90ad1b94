import { crc32 } from 'node:zlib'

/**
 * Texts without a pattern, such as ciphertexts and seals, which no compression shortens as long as
 * they are written in base64: an archive keeps their bytes, each once.
 */
export const tokenPattern =
  // An id; base64 of at least 30 bytes, in pieces, as matching a very long one takes a stack; and
  // the mark that stands for a token, where a text has it itself.
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9+/_-]{40,65536}={0,2}|\x01/g

/** Stands for a token in the text around it. */
export const tokenMark = '\x01'

/** The ways in which bytes are written. Numbers are part of the format. */
const ways = { plain: 0, id: 1, envelope: 2, base64: 3, base64url: 4 } as const
type Way = (typeof ways)[keyof typeof ways]

/** The bytes of a token, and how they are written. */
export interface ArchivedToken {
  readonly way: number
  readonly bytes: Uint8Array
}

const envelopeHead = Buffer.from('escx\0\0\0\x01', 'latin1')
const checksumBytes = 4

/**
 * Takes a text for a token. Undefined: it does not come back from its bytes, and stays as it is.
 */
export function tokenOf(text: string): ArchivedToken | undefined {
  if (text === tokenMark) return token(ways.plain, Buffer.from(text, 'latin1'))
  if (text[8] === '-' && text.length === 36) return token(ways.id, Buffer.from(text.replaceAll('-', ''), 'hex'), text)
  const bytes = Buffer.from(text, 'base64')
  // What a head and a checksum say can be told from the rest.
  const inside = bytes.subarray(envelopeHead.length, Math.max(envelopeHead.length, bytes.length - checksumBytes))
  return token(ways.envelope, inside, text) ?? token(ways.base64, bytes, text) ?? token(ways.base64url, bytes, text)
}

function token(way: Way, bytes: Uint8Array, text?: string): ArchivedToken | undefined {
  const made = { way, bytes }
  return text === undefined || tokenText(made) === text ? made : undefined
}

/** The text of a token. Undefined: there is no such way of writing. */
export function tokenText({ way, bytes }: ArchivedToken): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (way) {
    case ways.plain:
      return buffer.toString('latin1')
    case ways.id: {
      const hex = buffer.toString('hex')
      return [[0, 8], [8, 12], [12, 16], [16, 20], [20]].map(([from, to]) => hex.slice(from, to)).join('-')
    }
    case ways.envelope: {
      const body = Buffer.concat([envelopeHead, buffer, Buffer.alloc(checksumBytes)])
      const end = body.length - checksumBytes
      body.writeUInt32BE(crc32(body.subarray(0, end)), end)
      return body.toString('base64')
    }
    case ways.base64:
      return buffer.toString('base64')
    case ways.base64url:
      return buffer.toString('base64url')
    default:
      return undefined
  }
}
