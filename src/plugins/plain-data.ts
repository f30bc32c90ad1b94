import { fromPlain, toPlain } from '../evaluate/index.ts'
import type { Plain, PlainObject } from '../plain.ts'
import type { Schema } from '../schema/index.ts'
import { Secret } from '../secret.ts'

/**
 * Returns the place where something is that is neither JSON nor a `Secret`, such as
 * `state.createdAt is a Date`. Undefined: nowhere.
 */
export function dataFault(value: unknown, at: string): string | undefined {
  return find(value, at, new Set())
}

function find(value: unknown, at: string, above: Set<unknown>): string | undefined {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${at} is ${value}`
  if (typeof value !== 'object') return `${at} is a ${typeof value}`
  if (above.has(value)) return `${at} holds itself`
  const within = new Set(above).add(value)
  if (value instanceof Secret) return find(value.reveal(), `${at} (a secret)`, within)
  if (Array.isArray(value)) {
    const hole = Array.from(value as unknown[]).indexOf(undefined)
    if (hole >= 0) return `${at}[${hole}] is undefined`
    return first(value.map((item, index) => () => find(item, `${at}[${index}]`, within)))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `${at} is a ${value.constructor?.name ?? 'object'}`
  return first(
    Object.entries(value).map(
      ([key, member]) =>
        () =>
          find(member, `${at}.${key}`, within),
    ),
  )
}

function first(finders: readonly (() => string | undefined)[]): string | undefined {
  for (const each of finders) {
    const fault = each()
    if (fault !== undefined) return fault
  }
  return undefined
}

const nowhere = { line: 0, column: 0, byte: 0 }

/**
 * As the schema has it: secret where it says so, and as far as the value itself is. What only one
 * of them knows holds too.
 */
export function withSecretsOf(schema: Schema, value: Plain): Plain {
  const bySchema = toPlain({ ...fromPlain(value), trace: { def: { begin: nowhere, end: nowhere } } }, schema)
  return moreSecret(bySchema, value)
}

function moreSecret(a: Plain | undefined, b: Plain | undefined): Plain {
  if (a instanceof Secret) return a
  if (b instanceof Secret) return new Secret(b.reveal())
  if (Array.isArray(b)) return b.map((item, index) => moreSecret((a as readonly Plain[])[index], item))
  if (typeof b !== 'object' || b === null) return b ?? null
  const merged: Record<string, Plain> = Object.create(null)
  for (const [key, member] of Object.entries(b as PlainObject)) {
    if (member !== undefined) merged[key] = moreSecret((a as PlainObject)[key], member)
  }
  return merged
}
