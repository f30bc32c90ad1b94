import type { AuditOrigin } from '../../audit/index.ts'
import type { EvaluationHost } from '../../evaluate/index.ts'
import type { KeyContext } from '../../keys/index.ts'
import type { Notice } from '../../notice.ts'
import type { Author, CommitOutcome } from '../../store/index.ts'
import type { PostWebhook } from '../../webhooks/index.ts'
import type { TrustReview } from '../trust/trust-review.ts'
import type { AuditBatch } from './audit-batch.ts'
import type { Principal } from './principal.ts'
import type { RecalledResults } from './recalled-results.ts'
import type { Restriction } from './restriction.ts'

/**
 * The user of a store. Where `principal` is given, nothing about the caller is looked for in
 * variables or git: they are those of the process, which then works for others.
 */
export interface Caller {
  /**
   * The name for access rules and audit log. Default: as found on this machine (`findPrincipal`).
   */
  readonly principal?: Principal
  /** The author of new revisions. Default: the principal that is given, else as found. */
  readonly author?: Author
  /** The place where the call comes from, for the audit log. Default: a program on this machine. */
  readonly origin?: CallerOrigin
  /** The most that may be done, whatever the access rules give. Default: all that they give. */
  readonly restriction?: Restriction
  /**
   * True when the access rules do not limit the caller: somebody who may change them has said so.
   */
  readonly unlimited?: boolean
}

/** The facts of the audit log that only a face knows: its command, or the token of a request. */
export type CallerOrigin = Pick<AuditOrigin, 'command' | 'terminal' | 'token' | 'address'>

/** Everything that a face gives a session to work with, whoever the caller is. */
export interface SessionHost {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  /** Tells the user something that is no result, such as where a new key file is. No secrets. */
  readonly notify: (notice: Notice) => void
  /** Asks a person for a secret; undefined when nobody is there. */
  readonly prompt?: KeyContext['prompt']
  /** Asks a person whether the store may do what it asks for; undefined when nobody is there. */
  readonly askTrust?: (review: TrustReview) => Promise<boolean>
  /**
   * Hears of each definition that is checked before it is saved: no message may show the secrets
   * that it holds in the clear.
   */
  readonly hide?: (definition: string) => void
  /** Hears what is being done, for a person who waits. No secrets. */
  readonly progress?: (text: string) => void
  /** Hears that a line of the audit log could not be written, also where that ends the work. */
  readonly auditFailed?: () => void
  /** Hears what became of each commit. */
  readonly onCommit?: (outcome: CommitOutcome) => void
  /** Sends what is due to webhooks, and is not waited for. `undefined`: somebody else does. */
  readonly deliver?: (store: string) => void
  /** The place where providers come from. Default: the registry of this program. */
  readonly provider?: EvaluationHost['provider']
  /** Random bytes for names of temporary files. Default: those of the operating system. */
  readonly random?: (byteCount: number) => Uint8Array
  /** Sends a delivery of a webhook. Default: by HTTP. */
  readonly postWebhook?: PostWebhook
  /**
   * Digest of the program, so that another one does not believe what it has kept.
   * Undefined: nothing is kept.
   */
  readonly build?: string
  /** Writes lines of the audit log of many sessions together. Default: each writes its own. */
  readonly auditBatch?: AuditBatch
  /** Results that the process has decrypted before. Default: none is kept in memory. */
  readonly recalled?: RecalledResults
}

/** The rules of a session that are neither the caller's nor the store's. */
export interface SessionPolicy {
  /**
   * True when what an operation changes is committed to git. `undefined`: as `git: {commit}` in
   * `esc.yaml` says.
   */
  readonly commit?: boolean
  /** The manner of the commit, where another way than usual is meant. */
  readonly committing?: CommitManner
  /**
   * The seconds that credentials should live which are opened. Default: as definitions say.
   */
  readonly lifetimeSeconds?: number
}

/** The manner in which a change is committed to git. */
export interface CommitManner {
  /**
   * True when the hooks in the git folder run. Default: only when a person, and not the store,
   * wants the commit.
   */
  readonly hooks?: boolean
  /**
   * The beginning of the message, without anything that could be a secret. Default: the command.
   */
  readonly doing?: string
}

/** The parts that a session is made of. */
export interface SessionParts {
  readonly caller: Caller
  readonly host: SessionHost
  readonly policy: SessionPolicy
}

/** The parts of a session, and the store that it is to use. */
export interface SessionRequest extends SessionParts {
  /** Folder of the store, as typed. Default: `ESC_STORE`, else the store that `cwd` is in. */
  readonly store?: string
}
