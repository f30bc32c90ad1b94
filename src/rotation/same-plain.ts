import type { Plain } from '../plain.ts'
import { Secret } from '../secret.ts'

/**
 * True when two values hold the same data, secrets included; a member that is
 * undefined counts as absent.
 */
export function samePlain(a: Plain, b: Plain): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: Plain | undefined): string {
  if (value instanceof Secret) return `secret(${canonical(value.reveal())})`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}
