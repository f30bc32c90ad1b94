import type { SchemaObject } from '../../../schema/index.ts'
import type { Plan, RotatorContext } from '../../rotator.ts'
import type { IssuedTiming } from './timing.ts'

/** A credential as its vendor lists it: never with its secret. */
export interface Listed {
  readonly id: string
  /** The name it was created under, where the vendor keeps one. */
  readonly name?: string
  /** By the clock of the vendor. */
  readonly createdAt?: Date
  /** Why it would not work, such as `disabled`. */
  readonly problem?: string
}

export interface Listing {
  readonly listed: readonly Listed[]
  /** The clock of the vendor. */
  readonly at: Date
}

/**
 * What one log-in showed.
 * - `unknown yet`: refused as a credential that does not exist, which a new one may be for a while;
 * - `refused`: it will never work;
 * - `inconclusive`: the vendor refused for a reason that says nothing about the credential.
 */
export type Trial =
  | { readonly kind: 'works' }
  | { readonly kind: 'unknown yet' | 'refused' | 'inconclusive'; readonly code: string }

/** The calls of one rotation, with errors as `VendorHttpError`. */
export interface IssuerSession<Credential> {
  /**
   * All pages. `expected` are ids of ours: a vendor that lists in several
   * places looks for them in all.
   */
  list(expected: readonly string[]): Promise<Listing>
  /**
   * One request. `refused` on the error says that nothing was created; any other leaves that open.
   */
  create(mark: string): Promise<Credential>
  /** A credential that is gone already counts as removed. */
  remove(id: string): Promise<void>
  /** One log-in as the credential's holder. Throws when there is no answer. */
  tryLogin(credential: Credential): Promise<Trial>
}

/**
 * A vendor that makes a credential itself and shows its secret once, in the answer that creates it.
 */
export interface Issuer<Inputs, Credential extends object> {
  readonly name: string
  readonly description: string
  readonly inputs: SchemaObject
  readonly credential: SchemaObject
  readonly timing: IssuedTiming
  /**
   * How many credentials there can be, whoever made them; `met` recognises the refusal of one more.
   */
  readonly limit?: { readonly count: number; readonly met: (error: unknown) => boolean }
  /**
   * Whether a credential keeps the mark it is created with. Then one whose secret was never
   * received is found by it; else only by the time at which it appeared.
   */
  readonly marks: boolean
  /**
   * Whose credentials these are, such as `application 1234`. Says all that a record needs to be
   * settled with the right one.
   */
  subject(inputs: Inputs): string
  /** Such as `secret`. */
  readonly noun: string
  idOf(credential: Credential): string
  /** @throws EscError `invalid_input` with a remedy. Asks nobody. */
  checkInputs(inputs: Inputs, context: RotatorContext): void
  /** Whether the login is by this very credential. */
  loginUses?(inputs: Inputs, credential: Credential): boolean
  connect(inputs: Inputs, context: RotatorContext): Promise<IssuerSession<Credential>>
}

export type IssuedState<Credential> = {
  readonly current: Credential
  readonly previous?: Credential
}

/**
 * What a killed run leaves behind.
 * - `creating`: the request may or may not have been carried out. The secret, if any, is lost.
 * - `refused`: the vendor answered that it created nothing.
 * - `created`: the new credential, whole.
 */
export type IssuedPending<Credential> =
  | {
      readonly phase: 'creating'
      readonly subject: string
      /** What the new credential is named by. */
      readonly mark: string
      /** Our clock, to know later how long ago that was. RFC 3339, UTC. */
      readonly stagedAt: string
      /**
       * Where there are no marks: what was there before, and when that was by the clock of
       * the vendor. RFC 3339, UTC.
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
    }

export interface IssuedPlan extends Plan {
  readonly previousId?: string
  /** The superseded credential that goes first where the limit leaves no room. */
  readonly makeRoomId?: string
}
