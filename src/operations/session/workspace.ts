import type { AccessRules } from '../../access/index.ts'
import { configFolder, type KeyContext } from '../../keys/index.ts'
import {
  type Author,
  type ChangedFiles,
  type Environment,
  layout,
  type Revision,
  type Store,
} from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { Principal } from './principal.ts'
import type { SessionHost, SessionParts } from './session-parts.ts'

/**
 * The reason why it is this store: it was named, by flag or variable; a `.esc.yaml` names it; the
 * current folder is in or beside it; the user has logged in to it.
 */
export type Chosen = 'named' | 'folder' | 'found' | 'login'

/** A store in use by somebody: what every function of this folder works on. */
export interface Workspace extends SessionParts {
  readonly store: Store
  readonly chosen: Chosen
  /**
   * For a copy of a store, such as a draft: whose rules count, and whose log what is done is
   * written in.
   */
  readonly original?: Workspace
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

export function keyContext({ env, notify, prompt }: Pick<SessionHost, 'env' | 'notify' | 'prompt'>): KeyContext {
  return { env, configFolder: configFolder(env), notify, prompt }
}

/** Says so when `environment.yaml` is not what commands read: they work on the newest revision. */
export function warnOfUnsavedEdit(workspace: Workspace, environment: Environment, newest: Revision): void {
  if (environment.definitionState(newest) !== 'edited') return
  const { name, folder } = environment
  workspace.host.notify({
    kind: 'unsaved-edit',
    environment: name,
    file: layout.definition(folder),
    revision: newest.number,
    remedy: { do: 'save-definition', environment: name },
  })
}
