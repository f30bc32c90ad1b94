import type { PlainObject } from '../../../src/plain.ts'
import type { Rotator } from '../../../src/rotators/index.ts'
import type { IssuedPending, IssuedPlan, IssuedState } from '../../../src/rotators/issued/kit/index.ts'
import type { VendorFake } from '../../fakes/vendor-fake.ts'

export interface Lag {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
}

/**
 * One of the vendors that make the credential themselves, set up with one subject, for tests that
 * hold for all of them.
 */
export interface IssuedVendor<Inputs = PlainObject, Credential extends object = PlainObject> {
  readonly fake: VendorFake & { unknownFor: number; unlistedFor: number }
  readonly rotator: Rotator<Inputs, IssuedState<Credential>, IssuedPending<Credential>, IssuedPlan>
  readonly inputs: Inputs
  /** The action that creates, and the one that deletes. */
  readonly create: string
  readonly remove: string
  readonly list: string
  /** False where what it makes is found by a mark, so that nothing else is recorded beforehand. */
  readonly recordsBefore?: false
  /** Whether a call is a log-in with a rotated credential. */
  isLogin(action: string): boolean
  /** Ids of what the vendor holds, oldest first. */
  ids(): string[]
  idOf(credential: Credential): string
  /** Whether the vendor holds the credential with this very secret. */
  holds(credential: Credential): boolean
  /** Made by hand: known and listed at once. As a credential of our state. */
  add(): Credential
  /** What a request to create made whose answer was lost. Two listings leave it out. */
  addLost(mark: string, at: Date): void
  drop(id: string): void
  /** Secrets the vendor or the inputs hold. */
  secrets(): string[]
  stop(): Promise<void>
}
