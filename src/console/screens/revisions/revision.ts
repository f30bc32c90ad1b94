import { perform } from '../../perform.ts'

/** A revision, as the server lists it. */
export interface Revision {
  readonly number: number
  readonly created: string
  readonly author: { readonly name: string }
  readonly change: string
  /** Paths that a rotation has rotated. */
  readonly rotated: readonly string[]
  /** The revision that a roll back brought back. */
  readonly from?: string
  readonly tags: readonly string[]
  readonly retraction?: { readonly reason?: string; readonly replacement: number }
}

export async function loadRevisions(name: string): Promise<readonly Revision[]> {
  return (await perform<readonly Revision[]>('list-revisions', name)).result
}
