import type { Text } from '../../rich-text.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import type { Session } from '../session/session.ts'
import type { OpenedEnvironment } from './opened-environment.ts'

/** The things that a watch of an environment needs. */
export interface WatchOptions {
  readonly reference: EnvironmentReference
  /** Opens the store as it is now. */
  readonly reopen: () => Session
  /** Hears why a newer version is not used. */
  readonly problem: (text: Text) => void
  readonly signal: AbortSignal
}

/** A version that replaces another, and what is new in it. */
export interface NewVersion {
  readonly opened: OpenedEnvironment
  /** Such as `app/base is at revision 4`. */
  readonly change: string
}
