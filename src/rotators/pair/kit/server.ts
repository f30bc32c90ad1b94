import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import type { LoginOutcome } from '../../log-in.ts'
import type { RotatorContext } from '../../rotator.ts'
import type { PairInputs } from './types.ts'

/** All in milliseconds. */
export interface PairTiming {
  readonly connectMs: number
  readonly queryMs: number
  /** Waits between log-ins with a password that was just set. */
  readonly verifyWaitsMs: readonly number[]
  /** With a connector the server is out of reach as a rule: how long to try whether it is not. */
  readonly probeMs: number
}

export const pairTiming: PairTiming = {
  connectMs: 10_000,
  queryMs: 15_000,
  verifyWaitsMs: [500, 1_000, 2_000],
  probeMs: 3_000,
}

/** A database server, as this rotation needs it. Faults are thrown as `VendorError`. */
export interface PairServer {
  readonly name: 'postgres' | 'mysql'
  readonly description: string
  readonly example: string
  readonly inputs: SchemaObject
  /** The server's name for a user, such as `role`. */
  readonly noun: string
  /** The server's code for a wrong password. */
  readonly wrongPassword: string
  /** The host part of the accounts, where there is one. */
  accountHost(inputs: PairInputs): string | undefined
  connectManager(inputs: PairInputs, timing: PairTiming): Promise<PairManager>
  tryLogin(inputs: PairInputs, user: Login, timing: PairTiming): Promise<LoginOutcome>
}

export interface Login {
  readonly username: string
  readonly password: Secret<string>
}

/** A connection as the managing user, for all pairs that name the same one. */
export interface PairManager {
  /**
   * Throws for whatever would make `setPassword` or the log-in after it fail, for both users:
   * one is changed next time.
   */
  requireChangeable(inputs: PairInputs, context: RotatorContext): Promise<void>
  /** Setting the same one again does no harm. */
  setPassword(inputs: PairInputs, user: Login, context: RotatorContext): Promise<void>
  close(): Promise<void>
}
