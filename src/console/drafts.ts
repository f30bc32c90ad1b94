/** A definition as it was read, and what says whether it still is so. */
export interface ReadDefinition {
  readonly text: string
  readonly etag: string
  readonly revision: string
}

/** A text that was typed and is not saved yet. */
export interface Draft {
  readonly text: string
  /** The definition that it was made from. */
  readonly read: ReadDefinition
}

/**
 * Texts that were typed and are not saved, by environment. They are in the memory of the page
 * alone, as they may hold secrets in the clear: they outlive a change of screens and a session that
 * has ended, and before the page is left the browser asks.
 */
const drafts = new Map<string, Draft>()
let owner: string | undefined

export function draftOf(environment: string): Draft | undefined {
  return drafts.get(environment)
}

/** Keeps a text. `undefined`: there is nothing to keep any more. */
export function keepDraft(environment: string, draft: Draft | undefined): void {
  if (draft === undefined) drafts.delete(environment)
  else drafts.set(environment, draft)
}

/** True when leaving the page would lose something. */
export function hasDrafts(): boolean {
  return drafts.size > 0
}

export function dropDrafts(): void {
  drafts.clear()
}

/** Says who is signed in: nobody gets what another person has typed. */
export function draftsAreOf(login: string): void {
  if (owner !== undefined && owner !== login) dropDrafts()
  owner = login
}

addEventListener('beforeunload', (event) => {
  if (hasDrafts()) event.preventDefault()
})
