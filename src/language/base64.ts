const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const values = new Int8Array(128).fill(-1)
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i

/** Text that is not base64. The message is `illegal base64 data at input byte N`. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error'
  constructor(byte: number) {
    super(`illegal base64 data at input byte ${byte}`)
  }
}

/** Made once: making one takes longer than decoding a secret. */
let decoder: InstanceType<typeof TextDecoder> | undefined

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(4 * Math.ceil(bytes.length / 3))
  for (let at = 0, out = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) codes[out++] = alphabet.charCodeAt((group >> shift) & 63)
  }
  const padding = (3 - (bytes.length % 3)) % 3
  codes.fill(0x3d, codes.length - padding)
  decoder ??= new TextDecoder()
  return decoder.decode(codes)
}

/**
 * Decodes standard base64. Padding is required, CR and LF are ignored, bits left over at the end
 * are not looked at. Throws `Base64Error`, whose offset counts the bytes of the text.
 */
export function decodeBase64(text: string): Uint8Array {
  const out = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let length = 0
  let at = 0
  // Groups of four characters of the alphabet, which is nearly always all there is but the last.
  for (; at + 3 < text.length; at += 4) {
    const a = valueAt(text, at)
    const b = valueAt(text, at + 1)
    const c = valueAt(text, at + 2)
    const d = valueAt(text, at + 3)
    if ((a | b | c | d) < 0) break
    out[length++] = (a << 2) | (b >> 4)
    out[length++] = (b << 4) | (c >> 2)
    out[length++] = (c << 6) | d
  }
  if (at < text.length) length = decodeSlowly(text, at, out, length)
  return out.subarray(0, length)
}

/** Decodes what begins at an offset, whatever it is; returns how long `out` is then. */
function decodeSlowly(text: string, start: number, out: Uint8Array, written: number): number {
  let length = written
  let at = start
  let byte = at
  const group = [0, 0, 0, 0]

  /**
   * The next character that is no line break, or undefined at the end. Leaves
   * `at` and `byte` behind it.
   */
  const next = (): number | undefined => {
    for (;;) {
      if (at >= text.length) return undefined
      const unit = text.charCodeAt(at)
      at++
      byte += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
      if (unit !== 0x0a && unit !== 0x0d) return unit
    }
  }
  /** The place where the character just read begins. */
  const beginning = () => {
    const unit = text.charCodeAt(at - 1)
    return byte - (unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3)
  }

  for (;;) {
    for (let i = 0; i < 4; i++) {
      const unit = next()
      if (unit === undefined) {
        if (i === 0) return length
        throw new Base64Error(byte - i)
      }
      const value = unit < 128 ? (values[unit] ?? 0) : -1
      if (value >= 0) {
        group[i] = value
        continue
      }
      if (unit !== 0x3d) throw new Base64Error(beginning())
      if (i < 2) throw new Base64Error(beginning())
      const padding = beginning()
      if (i === 2) {
        const second = next()
        if (second === undefined) throw new Base64Error(byte)
        if (second !== 0x3d) throw new Base64Error(padding)
      }
      const after = next()
      if (after !== undefined) throw new Base64Error(beginning())
      out[length++] = ((group[0] ?? 0) << 2) | ((group[1] ?? 0) >> 4)
      if (i === 3) out[length++] = ((group[1] ?? 0) << 4) | ((group[2] ?? 0) >> 2)
      return length
    }
    out[length++] = ((group[0] ?? 0) << 2) | ((group[1] ?? 0) >> 4)
    out[length++] = ((group[1] ?? 0) << 4) | ((group[2] ?? 0) >> 2)
    out[length++] = ((group[2] ?? 0) << 6) | (group[3] ?? 0)
  }
}

/** Returns the value of a character of the alphabet; -1 for any other. */
function valueAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit < 128 ? (values[unit] ?? 0) : -1
}
