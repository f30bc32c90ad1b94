import { EscError } from '../../errors.ts'
import { again, rich, step } from '../../rich-text.ts'
import { operation } from '../session/operation.ts'
import type { UsedRevision } from './opened-environment.ts'

export interface KnownRequest {
  /** Paths of values that are not known and are about to be handed to a program. */
  readonly paths: readonly string[]
  /** The revisions that took part in opening. */
  readonly used: readonly UsedRevision[]
  /**
   * Hand them on as the text `[unknown]`, with a warning. `never`: there is no asking for that.
   */
  readonly allow: boolean | 'never'
}

const mostNamed = 5

/**
 * Refuses to hand a program values that are not known: their text would be `[unknown]`. What was
 * opened was permitted and recorded then. Throws EscError `unknown_value`, with what makes them
 * known.
 */
export const requireKnown = operation({
  name: 'require-known',
  level: undefined,
  audit: 'environment-open',
  async run(work, { paths, used, allow }: KnownRequest): Promise<void> {
    const environment = work.subject.typed
    if (paths.length === 0) return
    if (allow === true) {
      work.host.notify({ kind: 'unknown-passed-on', environment, paths })
      return
    }
    const orPassOn = allow === 'never' ? '' : rich`, or pass on the text [unknown] with ${again('allow-unknown')}`
    const named =
      paths.slice(0, mostNamed).join(', ') + (paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : '')
    const problem = `${environment}: ${named} ${paths.length === 1 ? 'is' : 'are'} not known`
    // Rare, so that everyday commands load nothing of it.
    const { neverRotated } = await import('../access/never-rotated.ts')
    const [first, ...others] = neverRotated(work, used)
    if (first === undefined)
      throw new EscError('unknown_value', problem, {
        hint: rich`${step('look where it comes from', { do: 'show-environment', environment, path: paths[0] as string })}${orPassOn}`,
      })
    const same = [first, ...others].filter(({ name }) => name === first.name).map(({ path }) => path)
    throw new EscError(
      'unknown_value',
      `${problem}, because ${same.join(', ')} of ${first.name} ${same.length === 1 ? 'was' : 'were'} never rotated`,
      {
        hint: rich`${step(same.length === 1 ? 'rotate it' : 'rotate them', { do: 'rotate', environment: first.name, paths: same })}${orPassOn}`,
      },
    )
  },
})
