/** The meaning of a plain scalar. */
export type ResolvedScalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly text: string }
  | { readonly kind: 'float'; readonly text: string }
  | { readonly kind: 'string' }

const nullScalar: ResolvedScalar = { kind: 'null' }
const stringScalar: ResolvedScalar = { kind: 'string' }
const trueScalar: ResolvedScalar = { kind: 'boolean', value: true }
const falseScalar: ResolvedScalar = { kind: 'boolean', value: false }

const words = new Map<string, ResolvedScalar>([
  ['', nullScalar],
  ['~', nullScalar],
  ['null', nullScalar],
  ['Null', nullScalar],
  ['NULL', nullScalar],
  ['true', trueScalar],
  ['True', trueScalar],
  ['TRUE', trueScalar],
  ['false', falseScalar],
  ['False', falseScalar],
  ['FALSE', falseScalar],
])
for (const name of ['.nan', '.NaN', '.NAN']) words.set(name, { kind: 'float', text: 'NaN' })
for (const name of ['.inf', '.Inf', '.INF']) {
  words.set(name, { kind: 'float', text: '+Inf' })
  words.set(`+${name}`, { kind: 'float', text: '+Inf' })
  words.set(`-${name}`, { kind: 'float', text: '-Inf' })
}

/**
 * Gives a plain scalar its meaning. Numbers are written in one form: integers in decimal,
 * everything else as the shortest text of its double. `yes`, `on`, dates and integers that overflow
 * a hexadecimal 64 bits are strings.
 */
export function resolveScalar(text: string): ResolvedScalar {
  const code = text.charCodeAt(0)
  // Letters other than n, N, t, T, f and F start nothing but strings.
  if (code > 0x39 && code !== 0x7e && !isBoundForWord(code)) return stringScalar
  const word = words.get(text)
  if (word !== undefined) return word
  if (code === 0x2e) return resolveFloat(text)
  if ((code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d) {
    if (text.charCodeAt(4) === 0x2d && /^[0-9]{4}-[0-9]/.test(text)) return stringScalar
    const digits = text.replaceAll('_', '')
    return resolveInteger(digits) ?? resolveFloat(digits)
  }
  return stringScalar
}

/** n, t or f, small or capital. */
function isBoundForWord(code: number): boolean {
  const small = code | 0x20
  return small === 0x6e || small === 0x74 || small === 0x66
}

const maxUint64 = 2n ** 64n - 1n
const minInt64 = -(2n ** 63n)

function resolveInteger(text: string): ResolvedScalar | undefined {
  // The common case, which needs no BigInt.
  if (/^(?:0|[1-9][0-9]{0,14})$/.test(text)) return { kind: 'integer', text }
  const match = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|0[oO]?([0-7]+)|(0[bB][01]+)|(0|[1-9][0-9]*))$/.exec(text)
  if (match === null) return undefined
  const [, sign, hexadecimal, octal, binary, decimal = ''] = match
  const magnitude = BigInt(hexadecimal ?? (octal === undefined ? (binary ?? decimal) : `0o${octal}`))
  const value = sign === '-' ? -magnitude : magnitude
  // A sign limits the value to 63 bits, a plus included.
  const max = sign === '' ? maxUint64 : maxUint64 >> 1n
  if (value < minInt64 || value > max) return undefined
  return { kind: 'integer', text: value.toString() }
}

function resolveFloat(text: string): ResolvedScalar {
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return stringScalar
  const value = Number(text)
  return Number.isFinite(value) ? { kind: 'float', text: formatFloat(value) } : stringScalar
}

/**
 * The shortest decimal text of a double, with an exponent when its first digit stands left
 * of 10^-4 or from 10^6 on.
 */
export function formatFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string]
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 6) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  return String(value)
}
