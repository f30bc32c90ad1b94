import { EscError } from '../../../errors.ts'
import type { Text } from '../../../rich-text.ts'
import type { VendorError } from '../../vendor-error.ts'
import type { Listed } from './listing.ts'

/** Sentences, and parts of them, in which a vendor may have terms of its own. */
export interface Words {
  /** The words on a current credential that is not listed. */
  readonly gone: string
  /** Words on where a credential is idle, such as `at IAM`. */
  readonly where: string
  /** The words on a credential whose answer was lost. */
  readonly unreceived: string
  /** The remedy where `login` uses a credential that is to go. */
  readonly otherLogin: string
  /** The remedy where nothing tells which of several credentials is ours. */
  readonly unclear: string
  /** Several credentials, one of which is ours. */
  severalOf(ids: readonly string[], subject: string): string
  /** The words on a new credential that does not work. */
  removed(wasThere: boolean): string
  /** The warning that credentials of others leave no room for the next rotation. */
  crowded(foreign: readonly Listed[], subject: string): string
  /** The error where only a credential of others could make room. */
  noRoom(full: NoRoom): EscError
  /** Returns the words that the user sees where the vendor created nothing. */
  refusal(refused: RefusedCreation): { readonly message: string; readonly hint?: Text | undefined }
}

export interface NoRoom {
  readonly subject: string
  readonly count: number
  readonly foreign: readonly Listed[]
  readonly current: Listed | undefined
}

export interface RefusedCreation {
  readonly error: VendorError
  readonly subject: string
  /** The superseded credential, where it has made room already. */
  readonly removedId: string | undefined
}

interface Speaker {
  readonly name: string
  readonly noun: string
  readonly limit?: { readonly count: number }
  readonly words?: Partial<Words>
}

/** The issuer's own words, and common ones for the rest. */
export function wordsOf({ name, noun, limit, words }: Speaker): Words {
  return {
    gone: 'is not listed there: it was deleted, or belongs elsewhere',
    where: 'there',
    unreceived: 'was created but never received',
    otherLogin: `let \`login\` use the current ${noun}, or other credentials`,
    unclear: 'its secret is lost: delete it, or all of them and create the others anew, and run again',
    severalOf: (ids, subject) => `the ${noun}s ${ids.join(' and ')} of ${subject}`,
    removed: () => 'it was deleted',
    crowded: (foreign, subject) =>
      `${foreign.length} ${noun}s of ${subject} are not managed here: the next rotation will meet the limit of ${limit?.count}`,
    noRoom: ({ subject, count, foreign }) =>
      new EscError(
        'rotation_failed',
        `${name}: ${subject} has ${count} ${noun}s already, the most there can be; ${foreign.length} of them ${foreign.length === 1 ? 'is' : 'are'} not managed here`,
        { hint: `delete one of those that nothing uses, such as ${foreign[0]?.id}, and run again` },
      ),
    refusal: ({ error, removedId }) => ({
      message: error.message + (removedId === undefined ? '' : `; the previous one, ${removedId}, is deleted`),
      hint: error.richHint,
    }),
    ...words,
  }
}
