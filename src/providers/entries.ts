import { EscError, messageOf } from '../errors.ts'
import type { Plain } from '../plain.ts'
import type { SchemaObject } from '../schema/index.ts'

/** The number of entries of one call that are read at the same time. */
const sideBySide = 10
/** The most that failed are named. */
const mostNamed = 5

/**
 * Reads all entries, side by side, and gives them in their order. One that fails fails the call:
 * a part would be taken for the whole.
 *
 * @throws EscError that tells what is wrong with each entry that failed.
 */
export async function readEntries<Entry>(
  entries: Readonly<Record<string, Entry>>,
  read: (entry: Entry, name: string) => Promise<Plain>,
): Promise<Record<string, Plain>> {
  const waiting = Object.entries(entries)
  const values: Record<string, Plain> = Object.fromEntries(waiting.map(([name]) => [name, null]))
  const failures: unknown[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, entry] = next
      try {
        values[name] = await read(entry, name)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, work))
  // Entries that share a request share its failure.
  if (failures.length > 0) throw together([...new Set(failures)])
  return values
}

function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures
  if (others.length === 0 || !(first instanceof EscError)) return first
  const more = failures.length - mostNamed
  const named = failures.slice(0, mostNamed).map(messageOf).join('; ')
  return new EscError(first.code, more > 0 ? `${named}; and ${more} more` : named, {
    ...(first.hint !== undefined && { hint: first.hint }),
  })
}

/** The outputs of providers of texts: a secret for each name that was asked for. */
export const secretsByName: SchemaObject = {
  type: 'object',
  additionalProperties: { type: 'string', secret: true },
}

/** The schema of what is asked for, by name: at least one thing, each with these members alone. */
export function entriesOf<Name extends string>(
  properties: Readonly<Record<Name, SchemaObject>>,
  required: readonly NoInfer<Name>[],
): SchemaObject {
  return {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: 'object', additionalProperties: false, properties, required },
  }
}
