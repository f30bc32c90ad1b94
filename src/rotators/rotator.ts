import type { HostPolicy } from '../host-policy.ts'
import type { Plain, PlainObject } from '../plain.ts'
import type { Text } from '../rich-text.ts'
import type { Schema } from '../schema/index.ts'

/** The surroundings of a rotator, handed in: it finds none of them for itself. */
export interface RotatorContext {
  readonly now: () => Date
  /** Cryptographically strong random bytes. */
  readonly random: (byteCount: number) => Uint8Array
  /** Waits; rejects with an `interrupted` EscError when the user stops the run. */
  readonly sleep: (ms: number) => Promise<void>
  /**
   * Aborted when the user stops the run: the step in flight is finished, no further one is begun.
   */
  readonly signal: AbortSignal
  /** One short line about what is going on, for a terminal. No secrets. */
  readonly progress: (text: string) => void
  /** Something the user should know although the rotation goes on. No secrets. */
  readonly warn: (text: Text) => void
  /** Names who rotates what, for requests that say so. */
  readonly identity?: RotationIdentity
  /** Signs such requests with the store's own key. */
  readonly oidc?: OidcSigner
  /** The network that the configuration allows beyond the public internet. Absent: nothing. */
  readonly network?: NetworkPolicy
  /**
   * Text of a file with certificates of authorities, as inputs name it: absolute, below `~/`, or
   * relative to the folder of the store. Throws an EscError for a file that the store may not have
   * read. Absent: no file can be read.
   */
  readonly readCaFile?: (path: string) => Promise<string>
  /** Kept from path to path and from step to step of one run. Absent: every step has its own. */
  readonly shared?: SharedResources
}

/** Such as one log-in of a managing user for all the users that are rotated on its server. */
export interface SharedResources {
  /**
   * Returns the thing held under this key, else what `make` makes; closed when the run ends. The
   * key begins with the rotator's name.
   */
  of<T extends { close(): Promise<void> }>(key: string, make: () => T): T
}

export interface RotationIdentity {
  readonly organization: string
  /** The environment whose definition holds the rotator: `project/name`. */
  readonly currentEnvironment: string
  /** The environment that is being rotated. */
  readonly rootEnvironment: string
  /** The user who asked for the rotation. */
  readonly user: string
}

/** Makes JSON Web Tokens that others verify with the keys of the issuer. */
export interface OidcSigner {
  /** The claim `iss`. */
  readonly issuer: string
  /**
   * Throws where `sign` would be refused. To be called while planning, before anything is begun.
   */
  readonly authorize?: () => Promise<void>
  /** A compact JWT, RS256, of these claims and `iss`. */
  sign(claims: Readonly<Record<string, string | number>>): Promise<string>
}

export interface NetworkPolicy extends HostPolicy {
  /**
   * Checks whether a unix socket may be used: its server may know this process by its system
   * user. Throws when it may not. Any socket may be used when this function is absent.
   */
  readonly allowSocket?: (path: string) => Promise<void>
  /**
   * Checks whether what a definition holds may be sent to the origin that it names, such as
   * `https://api.example.org`. Throws when it may not. Absent: any may be used.
   */
  readonly allowOrigin?: (origin: string) => Promise<void>
}

/**
 * Inputs and state arrive as the schema describes them: where the schema says `secret: true` the
 * value is a `Secret`, everywhere else plain data. Both have been validated against the schemas
 * before any method is called.
 */
export interface RotationRequest<Inputs, State> {
  readonly inputs: Inputs
  /** `undefined` when never rotated. */
  readonly state: State | undefined
}

/** The request to `reconcile`. */
export interface ReconcileRequest<Inputs, State> extends RotationRequest<Inputs, State> {
  /**
   * A later revision rotated this path again after the record was staged, here or in another
   * clone. The recorded credential must not become current: return `state` where it names the
   * credential, else remove the credential, put back what it replaced where the state still needs
   * that, and return `undone`.
   */
  readonly movedOn?: boolean
}

/** One line of what a rotation will do, for `--plan` and for messages. */
export interface PlanStep {
  readonly action: 'create' | 'change' | 'keep' | 'delete'
  /** Such as `access key AKIA… of user app`. No secrets. */
  readonly what: string
}

export interface Plan {
  readonly steps: readonly PlanStep[]
}

/**
 * The outcome of a rotation that had begun. `undone`: the remote side is as before
 * and `state` still holds.
 */
export type Reconciled<State> =
  | { readonly kind: 'rotated'; readonly state: State }
  | { readonly kind: 'undone'; readonly reason: string }

/**
 * Rotates one kind of credential with two of them valid at any time.
 *
 * A rotation is `plan` → `rotate` → `reconcile`. Between the two last steps, or inside them, the
 * process may die at any instant: the next run calls `reconcile` with the last `pending` that was
 * staged. So the crash path is the normal path.
 */
export interface Rotator<
  Inputs = PlainObject,
  State extends object = PlainObject,
  Pending extends object = PlainObject,
  RotationPlan extends Plan = Plan,
> {
  readonly name: string
  readonly description: string
  /** A definition in which it is used. Absent: it is a plugin's. */
  readonly example?: string
  readonly inputs: Schema
  readonly state: Schema
  readonly outputs: Schema
  /**
   * `true`: a rotation generates the secret and sends nothing anywhere, so it may run for a
   * definition that no seal vouches for. Never believed of a plugin.
   */
  readonly local?: boolean

  /**
   * Returns what readers of the environment see. Undefined: nothing yet. Reaches no network and
   * needs no rotateOnly input; of the inputs, those that are known are there.
   */
  open(state: State | undefined, inputs?: Partial<Inputs>): Plain | undefined

  /**
   * Two rotations with the same target never run at the same time, such as one IAM user or
   * one pair of database users.
   */
  target(inputs: Inputs): string | undefined

  /**
   * Lists and classifies the remote credentials and decides. Changes nothing. Everything that would
   * stop the rotation is thrown here, as an EscError with a remedy: bad input, missing permission,
   * a limit filled by credentials that are not ours.
   */
  plan(request: RotationRequest<Inputs, State>, context: RotatorContext): Promise<RotationPlan>

  /**
   * Makes the remote changes of the plan. Calls `stage` before each one (a secret we generate is
   * staged before it is sent) and the instant a secret arrives; `stage` returns when the record is
   * durable. May be killed anywhere. When it throws after it has staged something, that may mean
   * anything: the caller asks `reconcile` what is so.
   */
  rotate(
    plan: RotationPlan,
    request: RotationRequest<Inputs, State>,
    stage: (pending: Pending) => Promise<void>,
    context: RotatorContext,
  ): Promise<void>

  /**
   * Given the last staged record, finds out what happened: logs in with the new credential (waiting
   * while the vendor is eventually consistent) and returns the new state; or, when that credential
   * does not work, removes it and returns `undone`. Idempotent. Throws when it cannot tell (vendor
   * out of reach): the record is then kept for the next run. Only ever removes what the record or
   * the state proves to be ours. Where the state holds the recorded credential already, as current
   * or previous (an earlier run committed it and died before it cleared the record), that state is
   * returned as it is. With `movedOn` the recorded credential never becomes current.
   */
  reconcile(
    pending: Pending,
    request: ReconcileRequest<Inputs, State>,
    context: RotatorContext,
  ): Promise<Reconciled<State>>

  /**
   * For vendors without a hard limit, which need not lose the superseded credential before the new
   * one is committed: removes every credential of `superseded` that the committed `request.state`
   * does not name. Called after the commit, and again with the next rotation until it succeeds; one
   * that is gone already is a success. Throws when it cannot.
   */
  retire?(superseded: State, request: RotationRequest<Inputs, State>, context: RotatorContext): Promise<void>

  /**
   * The staged record, moved to the address that the inputs name now. Asked after an operator has
   * confirmed that the server was renamed or failed over and holds the same accounts. Reaches no
   * network. Throws `conflict` where the record is of another account than the inputs name.
   */
  retarget?(pending: Pending, inputs: Inputs): Pending

  /**
   * Logs in with every credential of the state and compares with what the
   * vendor lists. Changes nothing.
   */
  check?(request: RotationRequest<Inputs, State>, context: RotatorContext): Promise<readonly CredentialCheck[]>
}

/** The result of the check of one credential. No secrets. */
export interface CredentialCheck {
  readonly credential: 'current' | 'previous' | 'foreign'
  /** Such as `access key AKIA… of user app`. */
  readonly what: string
  /**
   * `undefined` when it could not be told, such as when a host rule forbids the log-in from here.
   */
  readonly works: boolean | undefined
  /** The reason why it does not work, or cannot be told; the vendor's code included. */
  readonly detail?: string
}
