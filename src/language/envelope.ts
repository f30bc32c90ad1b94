import { Base64Error, decodeBase64, encodeBase64 } from './base64.ts'

/**
 * `escx`, a version, the ciphertext, a checksum over all of that; integers are
 * big-endian and 32 bits long.
 */
const magic = Uint8Array.of(0x65, 0x73, 0x63, 0x78)
const version = 1
const headerLength = 8
const checksumLength = 4
const minLength = 16

/** A text that is no envelope. The message is the cause alone, such as `invalid checksum`. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError'
}

/** Wraps raw ciphertext for a definition: base64 of the envelope (language specification 5.1). */
export function encodeEnvelope(ciphertext: Uint8Array): string {
  const bytes = new Uint8Array(headerLength + ciphertext.length + checksumLength)
  const view = new DataView(bytes.buffer)
  bytes.set(magic)
  view.setUint32(magic.length, version)
  bytes.set(ciphertext, headerLength)
  const checksumAt = headerLength + ciphertext.length
  view.setUint32(checksumAt, crc32(bytes.subarray(0, checksumAt)))
  return encodeBase64(bytes)
}

/**
 * The raw ciphertext in an envelope. Throws `EnvelopeError`: `illegal base64 data at input byte N`,
 * `EOF`, `invalid header`, `invalid checksum` or `unsupported version`, checked in this order. A
 * ciphertext of under 4 bytes is refused as too short.
 */
export function decodeEnvelope(base64: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = decodeBase64(base64)
  } catch (error) {
    if (error instanceof Base64Error) throw new EnvelopeError(error.message)
    throw error
  }
  if (bytes.length < minLength) throw new EnvelopeError('EOF')
  if (magic.some((byte, i) => bytes[i] !== byte)) throw new EnvelopeError('invalid header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const checksumAt = bytes.length - checksumLength
  if (view.getUint32(checksumAt) !== crc32(bytes.subarray(0, checksumAt))) throw new EnvelopeError('invalid checksum')
  if (view.getUint32(magic.length) !== version) throw new EnvelopeError('unsupported version')
  return bytes.subarray(headerLength, checksumAt)
}

/** Made from its powers of two: the entry of `a ^ b` is that of `a` ^ that of `b`. */
const crcTable = new Uint32Array(256)
for (let power = 128, value = 1; power > 0; power >>= 1) {
  value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  for (let other = 0; other < 256; other += 2 * power) crcTable[power + other] = value ^ (crcTable[other] ?? 0)
}

/** CRC-32 as of IEEE 802.3. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}
