import { claimReference } from './server-settings.ts'

export type Claims = Readonly<Record<string, unknown>>

/** True when a pattern means the text: `*` stands for any text, everything else for itself. */
export function fits(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return text === first
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of others) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** A claim as text. `undefined` for one that is absent, or more than a text or a number. */
export function claimText(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** Puts claims into a template: `ci/${claims.repository}`. `undefined`: one of them is absent. */
export function filledIn(template: string, claims: Claims): string | undefined {
  let isWhole = true
  const text = template.replace(claimReference, (_, name: string) => {
    const value = claimText(claims, name)
    if (value === undefined) isWhole = false
    return value ?? ''
  })
  return isWhole ? text : undefined
}
