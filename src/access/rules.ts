import type { Level } from './level.ts'

/** The rules of who may do what, as `access:` in `esc.yaml` says. */
export interface AccessRules {
  /** The level of everybody, everywhere. */
  readonly everybody: Level
  readonly teams: ReadonlyMap<string, readonly string[]>
  readonly rules: readonly AccessRule[]
}

export interface AccessRule {
  /** The place where it is written: `esc.yaml:12`. */
  readonly place: string
  /** Patterns of names. */
  readonly environments: readonly string[]
  /** Names of principals, `team:name`, or `*` for everybody. */
  readonly principals: readonly string[]
  /** `none` takes away what other rules give. */
  readonly level: Level
}

/** The prefix of a team among principals. */
export const teamPrefix = 'team:'

/** Principals are compared without regard to case, as mail addresses are. */
export function samePrincipal(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
