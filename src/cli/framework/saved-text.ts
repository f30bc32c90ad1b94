import type { SaveResult, SubmittedDraft } from '../../operations/index.ts'
import { draftText } from './draft.ts'
import type { Host } from './host.ts'

/** The revision that a command has saved. */
export interface SavedRevision {
  /** The newest revision. In a draft: of the branch. */
  readonly revision: number
  /** False when everything was there already, so that no revision was made. */
  readonly changed: boolean
}

/** A saved revision, and the draft that it is in, if it is in one. */
export interface DraftedRevision extends SavedRevision {
  readonly draft?: SubmittedDraft
}

export function savedRevision({ kind, revision }: Exclude<SaveResult, { readonly kind: 'refused' }>): SavedRevision {
  return { revision, changed: kind === 'saved' }
}

/**
 * Tells people of a saved revision, in the same words after every command. `recorded`: the text
 * that the hosted tool prints instead; scripts read it, so it is all that is printed into a pipe.
 */
export function savedText(io: Pick<Host, 'stdoutIsTerminal'>, saved: DraftedRevision, recorded?: string): string {
  const { revision, changed, draft } = saved
  if (draft !== undefined) return draftText(draft)
  if (recorded !== undefined && !io.stdoutIsTerminal) return recorded
  return changed ? `${recorded ?? ''}${newRevisionLine(revision)}` : 'Environment unchanged.\n'
}

/** The line about a new revision. Ends in a line break. */
export function newRevisionLine(revision: number): string {
  return `New revision '${revision}' was created.\n`
}
