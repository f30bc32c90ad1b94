import type { Provider } from '../providers/index.ts'
import type { Rotator } from '../rotators/index.ts'

/**
 * The version of what this program and a plugin expect of each other. Raised when an old
 * plugin would no longer do.
 */
export const contractVersion = 1

/** A rotator or provider of any inputs, state and record: the schemas say what they are. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters appear on both sides of methods
export type AnyRotator = Rotator<any, any, any, any>
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyProvider = Provider<any>

/** The default export of a plugin. */
export interface Plugin {
  readonly contract: 1
  readonly rotators?: readonly AnyRotator[]
  readonly providers?: readonly AnyProvider[]
}
