const table = Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/**
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4), which Google's key service uses
 * against damage on the way.
 */
export function crc32c(bytes: Uint8Array): number {
  let state = 0xffffffff
  for (const byte of bytes) state = (table[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8)
  return (state ^ 0xffffffff) >>> 0
}
