import { EscError } from '../errors.ts'
import { again, rich, type Text } from '../rich-text.ts'
import type { Environment, Revision } from '../store/index.ts'
import { isAhead } from '../timestamp.ts'
import { rotatedPaths } from './sealed-rotations.ts'
import type { SelectedCall } from './selection.ts'

export interface Cooldown {
  /**
   * The time that a credential must have been `previous` before a rotation may end it, in
   * milliseconds; 0: none is kept.
   */
  readonly windowMs: number
  /** Asks whether to go on all the same; undefined: nobody is there to answer. */
  readonly confirm?: (question: string) => Promise<boolean | undefined>
  /** A schedule asks for the rotation, so nobody is there to set a clock right. */
  readonly unattended?: boolean
}

/** Refused because it was rotated a moment ago. */
export class CooldownError extends EscError {
  /** The time when the cooldown ends. */
  readonly until: Date
  /** The paths that were rotated a moment ago, as users write them. */
  readonly paths: readonly string[]

  constructor(
    message: string,
    { hint, until, paths }: { readonly hint: Text; readonly until: Date; readonly paths: readonly string[] },
  ) {
    super('conflict', message, { hint })
    this.until = until
    this.paths = paths
  }
}

/**
 * Rotating twice in a row ends the credential that consumers had until a moment ago. A first
 * rotation ends nothing, nor does the second; from then on each ends what the one before it made
 * `previous`. The revisions say when that was.
 *
 * A revision can be from the future, where the clock of the machine that made it was wrong once. A
 * person is asked then. A schedule goes on, or it would wait until that time has come; the warnings
 * that are returned say so.
 *
 * @throws CooldownError (`conflict`) when the user says no, or nobody is there to ask.
 */
export async function requireCooldown(
  calls: readonly SelectedCall[],
  environment: Environment,
  cooldown: Cooldown,
  now: Date,
): Promise<readonly string[]> {
  if (cooldown.windowMs === 0) return []
  const begun = calls.filter(({ begin, leftover }) => begin && !leftover?.pending).map(({ shown }) => shown)
  const { last, ahead } = await recentRotations(environment, { paths: begun, now, cooldown })
  const warnings = ahead.map(
    (revision) =>
      `revision ${revision.number} is dated ${revision.created.toISOString()}, which is in the future: it does not keep the schedule waiting`,
  )
  const recent = [...last].filter(([, { again }]) => again)
  if (recent.length === 0) return warnings
  const newest = Math.max(...recent.map(([, { at }]) => at.getTime()))
  const paths = recent.map(([path]) => path).join(', ')
  const elapsedMs = now.getTime() - newest
  const when =
    elapsedMs < 0
      ? `at ${new Date(newest).toISOString()}, which the clock of this machine has yet to reach`
      : `${age(elapsedMs)} ago`
  const [were, credential] = recent.length === 1 ? ['was', 'credential'] : ['were', 'credentials']
  const what = `${paths} ${were} rotated ${when}; rotating again now ends the ${credential} before that, which may still be in use`
  const answer = await cooldown.confirm?.(`${what}. Rotate all the same?`)
  if (answer) return warnings
  throw new CooldownError(what, {
    until: new Date(newest + cooldown.windowMs),
    paths: recent.map(([path]) => path),
    hint:
      answer === undefined
        ? rich`${elapsedMs < 0 ? 'set the clock right' : `wait ${age(cooldown.windowMs - elapsedMs)}`}, retry just what failed with ${again('failed')}, or pass ${again('force')}`
        : 'nothing was rotated',
  })
}

interface Recent {
  readonly at: Date
  /** True when that was not the first time. */
  again: boolean
}

/** Revisions are about in the order of their times; clocks of machines may differ by this much. */
const orderMs = 24 * 3_600_000

async function recentRotations(
  environment: Environment,
  options: { readonly paths: readonly string[]; readonly now: Date; readonly cooldown: Cooldown },
): Promise<{ readonly last: ReadonlyMap<string, Recent>; readonly ahead: readonly Revision[] }> {
  const { now, cooldown } = options
  const last = new Map<string, Recent>()
  const ahead: Revision[] = []
  const unseen = new Set(options.paths)
  const toConfirm = new Set<string>()
  for (const revision of environment.history()) {
    const ageMs = now.getTime() - revision.created.getTime()
    if (ageMs > cooldown.windowMs + orderMs) unseen.clear()
    if (unseen.size + toConfirm.size === 0) break
    if (revision.change !== 'rotate') continue
    await environment.verify(revision)
    const paths = rotatedPaths(environment, revision)
    const isFuture = isAhead(revision.created, now)
    if (isFuture && cooldown.unattended && paths.some((path) => unseen.has(path))) ahead.push(revision)
    const counts = !(isFuture && cooldown.unattended) && ageMs < cooldown.windowMs
    for (const path of paths) {
      const known = last.get(path)
      if (known !== undefined && toConfirm.delete(path)) known.again = true
      // A revision from the future does not say when the path was rotated; the one before it may.
      else if (counts && unseen.delete(path)) {
        last.set(path, { at: revision.created, again: false })
        toConfirm.add(path)
      } else if (!isFuture) unseen.delete(path)
    }
  }
  return { last, ahead }
}

function age(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
