import type { SchemaObject } from '../../../schema/index.ts'
import type { Plan, RotatorContext } from '../../rotator.ts'
import type { Listing, TimedListing } from './listing.ts'
import type { IssuedTiming } from './timing.ts'
import type { Words } from './words.ts'

/**
 * The result of one log-in.
 * - `unknown yet`: refused as a credential that does not exist, which a new one may be for a while;
 * - `refused`: it will never work;
 * - `inconclusive`: the vendor refused for a reason that says nothing about the credential.
 */
export type Trial =
  | { readonly kind: 'works' }
  | {
      readonly kind: 'unknown yet' | 'refused' | 'inconclusive'
      readonly code: string
      /** The problem, where that was no refusal: such as `logs in as somebody else`. */
      readonly said?: string
    }

/** The calls of one rotation, with errors as `VendorError`. */
export interface IssuerSession<Credential> {
  /**
   * Throws where the login is of somewhere else than the subject, or the subject has another name.
   * Asked before a plan is made.
   */
  requireSubject?(): Promise<void>
  /**
   * All pages. `expected` are ids of ours: a vendor that lists in several
   * places looks for them in all.
   */
  list(expected: readonly string[]): Promise<Listing>
  /**
   * One request. `refused` on the error says that nothing was created; any other leaves that open.
   */
  create(mark: string): Promise<Credential>
  /** A credential that is gone already counts as removed; `absent` says so where that shows. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most vendors do not tell
  remove(id: string): Promise<'absent' | void>
  /** One log-in as the credential's holder. Throws when there is no answer. */
  tryLogin(credential: Credential): Promise<Trial>
  /**
   * True when a credential was ever used; undefined where the login may not ask. A vendor that
   * tells needs no second list right before a credential is created: the plan's is enough.
   */
  wasEverUsed?(id: string): Promise<boolean | undefined>
  close?(): void
}

/**
 * A vendor that makes a credential itself and shows its secret once, in the answer that creates it.
 */
export interface Issuer<Inputs, Credential extends object> {
  readonly name: string
  readonly description: string
  readonly example?: string
  readonly inputs: SchemaObject
  readonly credential: SchemaObject
  readonly timing: IssuedTiming
  /**
   * The most credentials that there can be, whoever made them; `met` recognises the refusal of one
   * more.
   */
  readonly limit?: { readonly count: number; readonly met: (error: unknown) => boolean }
  /**
   * True when a credential keeps the mark it is created with. Then one whose secret was never
   * received is found by it; else only by the time at which it appeared.
   */
  readonly marks: boolean
  /**
   * A list that has caught up leaves nothing out. Else the current credential is tried before it is
   * taken for deleted.
   */
  readonly listsAll?: boolean
  /**
   * The moment when the superseded credential goes that had not to make room: after the commit, or
   * as soon as its successor works.
   */
  readonly retires: 'after commit' | 'once proven'
  /** Sentences in the vendor's own terms. */
  readonly words?: Partial<Words>
  /**
   * Returns the owner of the credentials, such as `application 1234`. Says all that a record needs
   * to be reconciled with the right one.
   */
  subject(inputs: Inputs): string
  /** Such as `secret`. */
  readonly noun: string
  idOf(credential: Credential): string
  /** @throws EscError `invalid_input` with a remedy. Asks nobody. */
  checkInputs(inputs: Inputs, context: RotatorContext): void
  /** True when the login is by this very credential. */
  loginUses?(inputs: Inputs, credential: Credential): boolean
  connect(inputs: Inputs, context: RotatorContext): Promise<IssuerSession<Credential>>
}

export type IssuedState<Credential> = {
  readonly current: Credential
  readonly previous?: Credential
}

/**
 * The record that a killed run leaves behind.
 * - `creating`: the request may or may not have been carried out. The secret, if any, is lost.
 * - `refused`: the vendor answered that it created nothing.
 * - `created`: the new credential, whole.
 */
export type IssuedPending<Credential> =
  | {
      readonly phase: 'creating'
      readonly subject: string
      /** The name of the new credential at the vendor. */
      readonly mark: string
      /** Our clock, to know later how long ago that was. RFC 3339, UTC. */
      readonly stagedAt: string
      /**
       * The credentials that were there before, and when that was by the clock of the vendor
       * (RFC 3339, UTC): for vendors whose credentials have no marks.
       */
      readonly before?: { readonly ids: readonly string[]; readonly at: string }
    }
  | { readonly phase: 'refused'; readonly subject: string; readonly reason: string }
  | {
      readonly phase: 'created'
      readonly subject: string
      readonly credential: Credential
      /** Id of `current` in the state that was rotated. */
      readonly basisId?: string
      /** Id of the credential in that state that becomes `previous`. */
      readonly previousId?: string
      /** Id of the superseded credential that goes as soon as the new one works. */
      readonly retireId?: string
    }

export interface IssuedPlan extends Plan {
  readonly previousId?: string
  /** The superseded credential that goes first where the limit leaves no room. */
  readonly makeRoomId?: string
  /** The vendor's list when the plan was made. */
  readonly listing: TimedListing
}
