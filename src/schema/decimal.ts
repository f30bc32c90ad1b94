/**
 * A number as a mantissa of at most 64 bits times a power of two: the precision that
 * bounds are checked with.
 */
export interface Decimal {
  readonly mantissa: bigint
  readonly exponent: number
}

const bits = 64
/**
 * Beyond this, a number is as good as zero or as infinity; computing it exactly would take forever.
 */
const maxExponent = 5000

/** Reads a decimal literal. Undefined: the text is no finite number. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return undefined
  const [, , whole = '', fraction = ''] = match
  const digits = BigInt(whole + fraction)
  const power = Math.max(-maxExponent, Math.min(maxExponent, Number(match[4] ?? 0))) - fraction.length
  const signed = match[1] === '-' ? -digits : digits
  return power >= 0 ? round(signed * 10n ** BigInt(power), 1n) : round(signed, 10n ** BigInt(-power))
}

/** The quotient of two integers, rounded to nearest, ties to even. */
function round(numerator: bigint, denominator: bigint): Decimal {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 }
  const negative = numerator < 0n !== denominator < 0n
  const [n, d] = [abs(numerator), abs(denominator)]
  let exponent = bitLength(n) - bitLength(d) - bits
  let mantissa = divide(n, d, exponent)
  if (bitLength(mantissa) > bits) mantissa = divide(n, d, ++exponent)
  return { mantissa: negative ? -mantissa : mantissa, exponent }
}

/** n / (d · 2^exponent), rounded. */
function divide(n: bigint, d: bigint, exponent: number): bigint {
  const [top, bottom] = exponent >= 0 ? [n, d << BigInt(exponent)] : [n << BigInt(-exponent), d]
  const quotient = top / bottom
  const twice = 2n * (top % bottom)
  return twice > bottom || (twice === bottom && quotient % 2n === 1n) ? quotient + 1n : quotient
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const least = Math.min(a.exponent, b.exponent)
  const difference = (a.mantissa << BigInt(a.exponent - least)) - (b.mantissa << BigInt(b.exponent - least))
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

/** True when the rounded quotient is a whole number. Nothing is a multiple of zero. */
export function isMultiple(value: Decimal, of: Decimal): boolean {
  if (of.mantissa === 0n) return false
  const shift = BigInt(value.exponent - of.exponent)
  const quotient =
    shift >= 0n ? round(value.mantissa << shift, of.mantissa) : round(value.mantissa, of.mantissa << -shift)
  return quotient.exponent >= 0 || quotient.mantissa % (1n << BigInt(-quotient.exponent)) === 0n
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}

function bitLength(value: bigint): number {
  return value.toString(2).length
}
