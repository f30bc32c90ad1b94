import { listRotators, parseEnvironment } from '../language/index.ts'
import type { Environment, Revision } from '../store/index.ts'
import { isAhead } from '../timestamp.ts'
import { shownPath } from './selection.ts'
import { stateText } from './state-text.ts'

/** The time when a path was last rotated, as a revision says. */
export interface SealedRotation {
  readonly at: Date
  readonly revision: number
}

/**
 * Everything that the revisions of an environment say of its rotations. Events say more, such as
 * failures, but anybody can write those.
 */
export interface SealedRotations {
  /** Keyed by shown path. */
  readonly last: ReadonlyMap<string, SealedRotation>
  /**
   * Rotate revisions with a time that no clock that is right can have shown yet, newest first. They
   * do not count for `last`.
   */
  readonly ahead: readonly SealedRotation[]
}

/**
 * Looks for the last rotation of each of the paths, newest revision first, and no further
 * than needed. Needs no key.
 */
export function lastSealedRotations(environment: Environment, paths: Iterable<string>, now: Date): SealedRotations {
  const wanted = new Set(paths)
  const last = new Map<string, SealedRotation>()
  const ahead: SealedRotation[] = []
  if (wanted.size === 0) return { last, ahead }
  for (const revision of environment.history()) {
    if (revision.change !== 'rotate') continue
    const found = { at: revision.created, revision: revision.number }
    if (isAhead(revision.created, now)) {
      ahead.push(found)
      continue
    }
    for (const path of rotatedPaths(environment, revision)) {
      if (!wanted.delete(path)) continue
      last.set(path, found)
    }
    if (wanted.size === 0) break
  }
  return { last, ahead }
}

/**
 * The paths that a rotate revision rotated, as users write them. Its record names them;
 * records of earlier versions do not, and there the paths are those whose state differs
 * from the revision before.
 */
export function rotatedPaths(environment: Environment, revision: Revision): readonly string[] {
  const named = parsePaths(revision.details.rotated)
  if (named !== undefined) return named
  const before = revision.number > 1 ? statesIn(environment, environment.revision(revision.number - 1)) : new Map()
  return [...statesIn(environment, revision)].flatMap(([path, state]) => (before.get(path) === state ? [] : [path]))
}

function statesIn({ name }: Environment, { definition }: Revision): ReadonlyMap<string, string> {
  const { environment: parsed } = parseEnvironment(name, definition)
  const calls = parsed === undefined ? [] : listRotators(parsed)
  const states = calls.map(({ path, statePath }) => {
    return [shownPath(path), stateText(name, { definition, statePath, decrypt: undefined })] as const
  })
  return new Map(states)
}

function parsePaths(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  try {
    const paths: unknown = JSON.parse(text)
    return Array.isArray(paths) && paths.every((path) => typeof path === 'string') ? paths : undefined
  } catch {
    return undefined
  }
}
