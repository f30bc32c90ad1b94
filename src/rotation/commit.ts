import { EscError } from '../errors.ts'
import { applyPatches, type Patch } from '../evaluate/index.ts'
import { encryptDefinition, listRotators, type ParsedEnvironment, parseEnvironment } from '../language/index.ts'
import type { Author, Environment, ScheduleRun } from '../store/index.ts'
import { shownPath } from './selection.ts'

/** A path whose new credential is live and must reach a revision. */
export interface StateChange {
  readonly path: string
  readonly rotator: string
  readonly patch: Patch
}

/** A definition that was parsed already: most often it is still the newest. */
export interface ParsedBase {
  readonly definition: string
  readonly parsed: ParsedEnvironment
}

export interface CommitResult {
  /** Absent when none of the changes could be placed. */
  readonly revision: number | undefined
  /** Digest of that revision's file. */
  readonly digest?: string
  readonly committed: readonly StateChange[]
  /** Changes whose rotator an edit has removed or replaced since: they stay in the journal. */
  readonly displaced: readonly StateChange[]
}

/**
 * Other writers may come first this many times before we give up; the journal
 * still holds everything then.
 */
const maxAttempts = 20

/**
 * Saves all new states as one revision. An edit that came in meanwhile is kept: the states are
 * spliced into whatever is newest at that moment.
 */
export async function commitStates(
  environment: Environment,
  changes: readonly StateChange[],
  stamp: {
    readonly author: Author
    readonly created: Date
    /** Further fields of the revision's record. */
    readonly details?: Readonly<Record<string, string>>
    /** The run of a schedule that this is the result of. */
    readonly run?: ScheduleRun
  },
  base: ParsedBase,
): Promise<CommitResult> {
  for (let attempt = 1; ; attempt++) {
    const newest = environment.current()
    const unchanged = newest.definition === base.definition
    const parsed = unchanged ? base.parsed : parseEnvironment(environment.name, newest.definition)
    const rotators = rotatorsIn(parsed)
    const isPlaced = ({ path, rotator }: StateChange): boolean => rotators.get(path) === rotator
    const committed = changes.filter(isPlaced)
    const displaced = changes.filter((change) => !isPlaced(change))
    if (committed.length === 0) return { revision: undefined, committed, displaced }
    const key = await environment.dataKey()
    const encrypt = (plaintext: string) => key.encrypt(plaintext)
    // Envelopes were read from the base; what came in meanwhile may have another key.
    const patches = committed.map(({ patch }) => (unchanged ? patch : { ...patch, envelopes: undefined }))
    const patched = applyPatches(newest.definition, patches, encrypt)
    // Nothing is left to encrypt, unless somebody else wrote it.
    const definition = encryptDefinition(environment.name, patched, encrypt, { ignoreRest: true })
    // Sealed with the revision: when a path was last rotated is told from it, and not from
    // events that anybody can write.
    const rotated = JSON.stringify(committed.map(({ path }) => shownPath(path)))
    const details = { ...stamp.details, rotated }
    try {
      const revision = await environment.append({
        base: newest.number,
        definition,
        change: 'rotate',
        ...stamp,
        details,
        underLock: true,
      })
      return { revision: revision.number, digest: revision.digest, committed, displaced }
    } catch (error) {
      if (!(error instanceof EscError && error.code === 'conflict') || attempt === maxAttempts) throw error
    }
  }
}

function rotatorsIn({ environment }: ParsedEnvironment): Map<string, string | undefined> {
  return new Map(environment ? listRotators(environment).map((rotator) => [rotator.path, rotator.provider]) : [])
}
