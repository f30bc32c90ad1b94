import { EscError } from '../../errors.ts'
import { listRotators, parseEnvironment } from '../../language/index.ts'
import { again, input, rich } from '../../rich-text.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { decode, deleteAt, fragmentOf, getAt, type Node, parsePropertyPath, setAt } from '../../yaml/index.ts'
import { type SaveResult, saveDefinition } from '../definitions/save-definition.ts'
import { belowValues } from '../rotating/rotator-state.ts'
import { operation } from '../session/operation.ts'
import { requireVersion } from './history.ts'

export interface RollbackOptions {
  /** Bring back the credentials of that revision too, dead or not. */
  readonly exact: boolean
  /** Do so although they have been rotated since. */
  readonly force: boolean
}

export interface RollbackResult {
  readonly saved: SaveResult
  /** The definition that was to be saved: positions of diagnostics are in it. */
  readonly text: string
  /** The revision that was gone back to. */
  readonly to: number
  /** Rotators whose present credential was kept in the place of the old one. */
  readonly kept: readonly string[]
  /**
   * Rotators there were no more in that revision: the revision named is the last
   * to hold their credential.
   */
  readonly left: readonly { readonly path: string; readonly revision: number }[]
}

/**
 * Saves the definition of an earlier revision as the newest. Rotators keep the credential they have
 * now: the one they had then may be dead.
 *
 * @throws EscError `usage`, `retracted`, `not_found`; `conflict` for an exact rollback that would
 *   bring back old credentials.
 */
export const rollBack = operation({
  name: 'roll-back',
  level: 'write',
  audit: 'environment-updated',
  input: (z) =>
    z.strictObject({
      exact: z.boolean().default(false).describe('bring back the credentials of that revision, dead or not'),
      force: z.boolean().default(false).describe('do so although they have been rotated since'),
    }),
  async run(work, options: RollbackOptions): Promise<RollbackResult> {
    const environment = work.store.environment(work.subject.name)
    const target = environment.resolve(requireVersion(work.subject))
    const base = environment.current()
    // The next seal vouches for what is brought back, and so does the one for the credentials
    // of revisions in between.
    await environment.verify(target)
    const { text, kept, left } = rollbackText(environment, target, base)
    if (options.exact && kept.length > 0 && !options.force) {
      throw new EscError(
        'conflict',
        `revision ${target.number} holds credentials that have been rotated since, and may be dead: ${kept.join(', ')}`,
        {
          hint: rich`roll back without ${input('exact')} to keep the present credentials, or add ${again('force')} to bring back the old ones`,
        },
      )
    }
    const wanted = options.exact ? target.definition : text
    const saved = await saveDefinition(work, environment, {
      text: wanted,
      base,
      change: 'rollback',
      details: { from: String(target.number) },
    })
    return { saved, text: wanted, to: target.number, kept: options.exact ? [] : kept, left }
  },
})

/** The outcome of a roll back that is not done yet. */
export interface RollbackPreview extends Pick<RollbackResult, 'text' | 'to' | 'kept' | 'left'> {
  /** The newest revision, and its definition: what would be replaced. */
  readonly newest: number
  readonly present: string
}

/** Shows what rolling back to a revision would save. Secrets stay encrypted. Needs no key. */
export const previewRollBack = operation({
  name: 'preview-roll-back',
  level: 'read',
  audit: 'environment-read',
  async run(work): Promise<RollbackPreview> {
    const environment = work.store.environment(work.subject.name)
    const target = environment.resolve(requireVersion(work.subject))
    const base = environment.current()
    const planned = rollbackText(environment, target, base)
    return { ...planned, to: target.number, newest: base.number, present: base.definition }
  },
})

/** A rotator of one revision. */
interface Placed {
  readonly path: string
  readonly provider: string | undefined
  readonly statePath: string
  /** `undefined` when it has none yet. */
  readonly state: Node | undefined
}

/**
 * A definition from elsewhere with the credentials that the newest revision has. `kept`: paths of
 * the rotators that got theirs.
 */
export function withPresentStates(environment: Environment, text: string, newest: Revision) {
  return rollbackText(
    environment,
    { ...newest, definition: text, number: newest.number - 1, file: 'definition' },
    newest,
  )
}

/**
 * A definition from elsewhere in which rotators that bring no state have the one of the newest
 * revision: without it the next rotation would be their first, and might end the credential that
 * consumers hold. `kept`: paths of those that got theirs.
 */
export function withMissingStates(text: string, newest: Revision): Pick<RollbackResult, 'text' | 'kept'> {
  const present = rotatorsIn(newest)
  const kept: string[] = []
  let whole = text
  for (const rotator of rotatorsIn({ definition: text, file: newest.file })) {
    const state = present.find((other) => sameRotator(other, rotator))?.state
    if (rotator.state !== undefined || state === undefined) continue
    whole = setAt(whole, parsePropertyPath(rotator.statePath), fragmentOf(newest.definition, state))
    kept.push(belowValues(rotator.path))
  }
  return { text: whole, kept }
}

/** The text of an earlier revision with the credentials of now. */
function rollbackText(
  environment: Environment,
  target: Revision,
  newest: Revision,
): Pick<RollbackResult, 'text' | 'kept' | 'left'> {
  const wanted = rotatorsIn(target)
  const present = rotatorsIn(newest)
  const kept: string[] = []
  let text = target.definition
  for (const old of wanted) {
    const last = lastWith(environment, old, newest, target)
    if (sameState(old, target, last.rotator, last.revision)) continue
    const path = parsePropertyPath(old.statePath)
    const { state } = last.rotator
    text = state === undefined ? deleteAt(text, path) : setAt(text, path, fragmentOf(last.revision.definition, state))
    kept.push(belowValues(old.path))
  }
  const left = present
    .filter(({ state, ...rotator }) => state !== undefined && !wanted.some((other) => sameRotator(other, rotator)))
    .map(({ path }) => ({ path: belowValues(path), revision: newest.number }))
  return { text, kept, left }
}

/** The rotator as the last revision had it that had it at all. */
function lastWith(environment: Environment, rotator: Placed, newest: Revision, target: Revision) {
  let revision = newest
  while (revision.number > target.number) {
    const found = rotatorsIn(revision).find((other) => sameRotator(other, rotator))
    if (found !== undefined) return { rotator: found, revision }
    revision = environment.revision(revision.number - 1)
  }
  return { rotator, revision: target }
}

function rotatorsIn({ definition, file }: Pick<Revision, 'definition' | 'file'>): Placed[] {
  const { environment } = parseEnvironment(file, definition)
  if (environment === undefined) return []
  const { node } = decode(file, definition)
  return listRotators(environment).map(({ path, provider, statePath }) => ({
    path,
    provider,
    statePath,
    state: getAt(node, parsePropertyPath(statePath)),
  }))
}

function sameRotator(a: Pick<Placed, 'path' | 'provider'>, b: Pick<Placed, 'path' | 'provider'>): boolean {
  return a.path === b.path && a.provider === b.provider
}

/**
 * True when two states are one text: a ciphertext that is the same byte for
 * byte holds the same secret.
 */
function sameState(a: Placed, inA: Revision, b: Placed, inB: Revision): boolean {
  if (inA.number === inB.number) return true
  const text = ({ state }: Placed, { definition }: Revision) =>
    state?.span === undefined
      ? ''
      : definition
          .slice(state.span.start, state.span.end)
          .split('\n')
          .map((line) => line.trim())
          .join('\n')
  return text(a, inA) === text(b, inB)
}
