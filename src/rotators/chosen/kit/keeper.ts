import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import type { LoginOutcome } from '../../log-in.ts'
import type { ConnectionInputs } from '../../made-ready.ts'
import type {
  CredentialCheck,
  Plan,
  Reconciled,
  ReconcileRequest,
  RotationRequest,
  RotatorContext,
} from '../../rotator.ts'

/** One password of an account, with the account's name. */
export interface PasswordCredential {
  readonly password: Secret<string>
}

export interface ChosenState<Credential> {
  readonly current: Credential
  readonly previous?: Credential
  readonly adopted?: readonly Credential[]
}

/** The passwords of a record, which also holds the address and the account. */
export interface ChosenPending {
  /** The new password. */
  readonly password: Secret<string>
  /** The password that the state called current, to notice that somebody else has rotated since. */
  readonly current?: Secret<string>
}

/** A connection as somebody who may change the passwords of one account. */
export interface KeeperSession<Credential, Pending, Inputs, State> {
  /** Waits until no other rotation is at work on the account. */
  lock?(): Promise<void>
  /**
   * Returns the reason why nothing can be reconciled, such as that the account is gone. Undefined:
   * it can be.
   */
  whyGone?(): Promise<string | undefined>
  /** Tells whether the server keeps this password; `undefined` where only a log-in can tell. */
  has(credential: Credential): Promise<boolean | undefined>
  add(credential: Credential): Promise<void>
  /** Those that are not there any more count as removed. */
  remove(credentials: readonly Credential[]): Promise<void>
  /** Lists other ways in, each in words, such as `another password of user "app" on db:3306`. */
  listForeign(state: State | undefined): Promise<readonly string[]>
  /** Makes the changes so far outlast a restart of the server. */
  save?(): Promise<void>
  /** The server lets go of superseded passwords by itself. */
  readonly forgets?: boolean
  /** Replaces the kit's own way, where passwords change their places with each change. */
  reconcile?(pending: Pending, request: ReconcileRequest<Inputs, State>): Promise<Reconciled<State>>
  close(): Promise<void> | void
}

/**
 * A server that keeps several passwords of one account, which we choose. The new one is added
 * beside those there are; the superseded one is removed after the commit.
 */
export interface Keeper<
  Inputs,
  Credential extends PasswordCredential,
  Pending extends ChosenPending,
  RotationPlan extends Plan,
  Session extends KeeperSession<Credential, Pending, Inputs, ChosenState<Credential>>,
> {
  readonly name: string
  readonly description: string
  readonly example: string
  readonly inputs: SchemaObject
  readonly state: SchemaObject
  readonly outputs: SchemaObject
  /** Inputs that are made ready before use. */
  readonly connection: ConnectionInputs
  /** A word for what is rotated. Default: `password`. */
  readonly noun?: string
  /** Makes a new one. Default: a random password. */
  readonly make?: (context: RotatorContext) => Secret<string>
  /** The server's code for a wrong password, such as `WRONGPASS`. */
  readonly refusal: string
  /** Waits between log-ins with a password that was just added. Milliseconds. */
  readonly verifyWaitsMs: readonly number[]
  /** The inputs that name server and account, such as "`host`, `port` and `user`". */
  readonly names: string
  /** The rotator stages once more when the server has answered that the password is added. */
  readonly confirms?: boolean
  target(inputs: Inputs): string
  /** @throws EscError `invalid_input`. Asks nobody. */
  checkInputs(inputs: Inputs, state: ChosenState<Credential> | undefined): void
  /** The account, such as `user "app"`. */
  owner(inputs: Inputs): string
  /** The server, such as `cache.example.org:6379`. */
  place(inputs: Inputs): string
  /** Returns the reason why a rotation is undone that another one has overtaken. */
  overtaken(owner: string): string
  /** A record without its passwords. */
  record(inputs: Inputs, plan: RotationPlan): Omit<Pending, keyof ChosenPending>
  /** The members of a record that a server's new address changes. */
  address(inputs: Inputs): Partial<Pending>
  credentialOf(pending: Pending): Credential
  isOf(pending: Pending, inputs: Inputs): boolean
  /** The account and server of a record, such as `user "app" on cache:6379`. */
  concerns(pending: Pending): string
  connect(inputs: Inputs, context: RotatorContext): Promise<Session>
  logIn(inputs: Inputs, credential: Credential): Promise<LoginOutcome>
  /** Throws where a rotation would be stopped. Changes nothing. */
  plan(
    session: Session,
    request: RotationRequest<Inputs, ChosenState<Credential>>,
    context: RotatorContext,
  ): Promise<RotationPlan>
  /** The server would keep the same password twice: it is tried before it is added once more. */
  keepsTwice?(inputs: Inputs): boolean
  /**
   * Returns the credential that becomes `previous`. Default: the first of `current` and `previous`
   * that is there.
   */
  live?(session: Session, state: ChosenState<Credential> | undefined): Promise<Credential | undefined>
  /** Checks one credential. Default: by a log-in. */
  check?(inputs: Inputs, about: CheckAbout, credential: Credential, context: RotatorContext): Promise<CredentialCheck>
}

export interface CheckAbout {
  readonly credential: 'current' | 'previous'
  readonly what: string
  /** Said where the log-in is refused. */
  readonly wrong: string
}
