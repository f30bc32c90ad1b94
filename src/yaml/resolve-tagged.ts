import type { ResolvedScalar } from './resolve-scalar.ts'
import { resolveScalar } from './resolve-scalar.ts'

/**
 * Returns the meaning of a tagged scalar, or why it cannot mean that. Tags nobody knows make it a
 * string.
 *
 * @param shown stands for the text in the problem, where that may be secret.
 */
export function resolveTagged(tag: string, text: string, shown = text): ResolvedScalar | { readonly problem: string } {
  switch (tag) {
    case '!!int':
      return expect(tag, { text, shown }, 'integer')
    case '!!bool':
      return expect(tag, { text, shown }, 'boolean')
    case '!!null':
      return expect(tag, { text, shown }, 'null')
    case '!!float': {
      const resolved = resolveScalar(text)
      if (resolved.kind !== 'integer') return expect(tag, { text, shown }, 'float')
      // Integers that only fit 64 bits without a sign are not taken for floats.
      return BigInt(resolved.text) < 2n ** 63n
        ? resolveFloatOf(resolved.text)
        : { problem: mismatch('!!int', shown, tag) }
    }
    case '!!timestamp': {
      if (isTimestamp(text)) return { kind: 'string' }
      return { problem: mismatch(tagOf(resolveScalar(text)), shown, tag) }
    }
    case '!!binary':
      return isBase64(text) ? { kind: 'string' } : { problem: 'yaml: !!binary value contains invalid base64 data' }
    default:
      return { kind: 'string' }
  }
}

function expect(
  tag: string,
  { text, shown }: { readonly text: string; readonly shown: string },
  kind: ResolvedScalar['kind'],
): ResolvedScalar | { problem: string } {
  const resolved = resolveScalar(text)
  return resolved.kind === kind ? resolved : { problem: mismatch(tagOf(resolved), shown, tag) }
}

function resolveFloatOf(integer: string): ResolvedScalar {
  const resolved = resolveScalar(`${integer}.`)
  return resolved.kind === 'float' ? resolved : { kind: 'float', text: integer }
}

function mismatch(found: string, text: string, wanted: string): string {
  return `yaml: cannot decode ${found} \`${text}\` as a ${wanted}`
}

function tagOf(scalar: ResolvedScalar): string {
  switch (scalar.kind) {
    case 'null':
      return '!!null'
    case 'boolean':
      return '!!bool'
    case 'integer':
      return '!!int'
    case 'float':
      return '!!float'
    case 'string':
      return '!!str'
  }
}

const timestamp =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+]([0-9]{2}):([0-9]{2}))| ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?$/

/** `YYYY-M-D`, that and `T` and a time with zone, or that and a space and a time without zone. */
export function isTimestamp(text: string): boolean {
  const match = timestamp.exec(text)
  if (match === null) return false
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return false
  const hour = Number(match[4] ?? match[9] ?? 0)
  const minute = Number(match[5] ?? match[10] ?? 0)
  const second = Number(match[6] ?? match[11] ?? 0)
  return hour < 24 && minute < 60 && second < 60
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, ''))
}
