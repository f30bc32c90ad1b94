import { spend } from '../../budget.ts'
import type { ContentOf } from './content.ts'

export interface ValueFlags {
  readonly unknown?: boolean
  readonly secret?: boolean
  readonly final?: boolean
  readonly rotateOnly?: boolean
  /**
   * Unknown only because a call has no answer yet: it will be known, or finally
   * unknown, in a later round.
   */
  readonly pending?: boolean
}

/** The flags of a value or of anything inside it. */
export interface Deep {
  readonly unknown: boolean
  readonly secret: boolean
  readonly pending: boolean
}

/** The parts of a value that are looked through. */
interface Inspected extends Deep {
  readonly content: ContentOf<Inspected>
  readonly base: Inspected | undefined
  readonly entries: readonly (readonly [key: string, child: Inspected])[]
  readonly deep: Deep
}

/** Looks through a value for the flags of anything inside it. */
export function inspect(value: Inspected): Deep {
  let deep: Deep = value
  const include = (inner: Deep) => {
    if ((inner.unknown && !deep.unknown) || (inner.secret && !deep.secret) || (inner.pending && !deep.pending))
      deep = {
        unknown: deep.unknown || inner.unknown,
        secret: deep.secret || inner.secret,
        pending: deep.pending || inner.pending,
      }
  }
  spend(1)
  const { content } = value
  if (content.kind === 'array') for (const element of content.elements) include(element.deep)
  else if (content.kind === 'map') {
    for (const [, child] of value.entries) include(child.deep)
    // A base that is still to come may bring properties that no one can see yet.
    if (value.base?.deep.pending) include({ unknown: false, secret: false, pending: true })
  }
  return deep === value ? { unknown: value.unknown, secret: value.secret, pending: value.pending } : deep
}
