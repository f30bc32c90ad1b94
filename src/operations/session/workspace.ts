import type { AccessRules } from '../../access/index.ts'
import type { AuditOrigin } from '../../audit/index.ts'
import type { EvaluationHost } from '../../evaluate/index.ts'
import { configFolder, type KeyContext } from '../../keys/index.ts'
import type { Notice } from '../../notice.ts'
import {
  type Author,
  type ChangedFiles,
  type CommitOutcome,
  type Environment,
  layout,
  type Revision,
  type Store,
} from '../../store/index.ts'
import type { PostWebhook } from '../../webhooks/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { TrustReview } from '../trust/trust-review.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { Principal } from './principal.ts'
import type { Restriction } from './restriction.ts'

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

/** The things that a workspace needs from outside. */
export interface WorkspaceOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of the store, as typed. Default: `ESC_STORE`, else the store that `cwd` is in. */
  readonly store?: string
  /** Asks a person for a secret; undefined when nobody is there. */
  readonly prompt?: KeyContext['prompt']
  /** Asks a person whether the store may do what it asks for; undefined when nobody is there. */
  readonly askTrust?: (review: TrustReview) => Promise<boolean>
  /** Tells the user something that is no result, such as where a new key file is. No secrets. */
  readonly notify: (notice: Notice) => void
  /**
   * Hears of each definition that is checked before it is saved: no message may show the secrets
   * that it holds in the clear.
   */
  readonly hide?: (definition: string) => void
  readonly now: () => Date
  /** Hears what is being done, for a person who waits. No secrets. */
  readonly progress?: (text: string) => void
  /**
   * The seconds that credentials should live which are opened. Default: as definitions say.
   */
  readonly lifetimeSeconds?: number
  /** The place where providers come from. Default: the registry of this program. */
  readonly provider?: EvaluationHost['provider']
  /** Random bytes for names of temporary files. Default: those of the operating system. */
  readonly random?: (byteCount: number) => Uint8Array
  /** Sends a delivery of a webhook. Default: by HTTP. */
  readonly postWebhook?: PostWebhook
  /**
   * For a copy of a store, such as a draft: whose rules count, and whose log
   * what is done is written in.
   */
  readonly original?: Workspace
  /**
   * Digest of the program, so that another one does not believe what it has kept.
   * Undefined: nothing is kept.
   */
  readonly build?: string
  /** The command that is run, for the audit log. Undefined: another program uses the store. */
  readonly invocation?: Pick<AuditOrigin, 'command' | 'terminal'>
  /**
   * True when what an operation changes is committed to git. `undefined`: as `git: {commit}` in
   * `esc.yaml` says.
   */
  readonly commit?: boolean
  /** The manner of the commit, where another way than usual is meant. */
  readonly committing?: CommitManner
  /** Hears what became of each commit. */
  readonly onCommit?: (outcome: CommitOutcome) => void
  /** The most that may be done, whatever the access rules give. Default: all that they give. */
  readonly restriction?: Restriction
  /** Sends what is due to webhooks, and is not waited for. `undefined`: somebody else does. */
  readonly deliver?: (store: string) => void
}

/**
 * The reason why it is this store: it was named, by flag or variable; the current folder is in or
 * beside it; the user has logged in to it.
 */
export type Chosen = 'named' | 'found' | 'login'

/** A store in use by somebody: what every function of this folder works on. */
export interface Workspace {
  readonly store: Store
  readonly chosen: Chosen
  readonly options: WorkspaceOptions
  /** The author of new revisions. Found out once. */
  author(): Promise<Author>
  /** The name for whom access rules and audit log take the user for. Found out once. */
  principal(): Principal
  /**
   * Returns the rules of `access:` in `esc.yaml`. Undefined: nothing. @throws EscError
   * `invalid_input` for rules with a mistake.
   */
  accessRules(): AccessRules | undefined
  /** The place where what is done is written down. */
  readonly audit: AuditTrail
  reference(text: string): EnvironmentReference
  /** Returns the files that were changed in the store by this object so far. */
  changes(): ChangedFiles
}

export function keyContext(options: WorkspaceOptions): KeyContext {
  return {
    env: options.env,
    configFolder: configFolder(options.env),
    notify: options.notify,
    prompt: options.prompt,
  }
}

/** Says so when `environment.yaml` is not what commands read: they work on the newest revision. */
export function warnOfUnsavedEdit(workspace: Workspace, environment: Environment, newest: Revision): void {
  if (environment.definitionState(newest) !== 'edited') return
  const { name, folder } = environment
  workspace.options.notify({
    kind: 'unsaved-edit',
    environment: name,
    file: layout.definition(folder),
    revision: newest.number,
    remedy: { do: 'save-definition', environment: name },
  })
}
