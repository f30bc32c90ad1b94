import { EscError } from '../errors.ts'

/** A page of a listing. `next`: what asks for the page after it; `undefined`: there is none. */
interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}

/**
 * All items of a listing. A server that names a page twice would be asked for ever.
 *
 * @throws EscError `io` for such a server; what `read` throws.
 */
export async function allPages<T>(
  doing: string,
  read: (token: string | undefined) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = []
  const seen = new Set<string>()
  for (let token: string | undefined; ; ) {
    const { items, next } = await read(token)
    all.push(...items)
    if (next === undefined) return all
    if (seen.has(next)) {
      throw new EscError('io', `cannot ${doing}: the server names the same page of the listing twice`, {
        hint: 'this is a fault of the server: tell those who run it',
      })
    }
    seen.add(next)
    token = next
  }
}
