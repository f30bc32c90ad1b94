import { EscError } from '../../errors.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { type Announced, announcing } from '../session/announce.ts'
import { operation } from '../session/operation.ts'
import { stamp } from '../session/stamp.ts'
import { isNumber, requireVersion } from './history.ts'

/**
 * Gives a revision the tag that the reference names. `version`: a number or tag, `@` before it or
 * not; default: the newest.
 */
export const tagRevision = operation({
  name: 'tag-revision',
  level: 'write',
  audit: 'environment-revision-tag-updated',
  input: (z) => z.string().optional().describe('the revision, by number or tag; default: the newest'),
  async run(work, version: string | undefined): Promise<void> {
    const environment = work.store.environment(work.subject.name)
    const { version: tag } = work.subject
    if (tag === undefined || isNumber(tag)) {
      throw new EscError('usage', 'please specify a name for the tagged version', {
        hint: `add it to the name: ${work.subject.name}@stable`,
      })
    }
    const wanted = version?.replace(/^@/, '')
    try {
      const by = await stamp(work)
      const action = environment.versions.tags().some(({ name }) => name === tag) ? 'updated' : 'created'
      await announcing(work, environment, tagChange(action, tag), () => environment.versions.tag(tag, wanted, by))
    } catch (error) {
      if (wanted === undefined || isNumber(wanted) || !(error instanceof EscError) || error.code !== 'not_found')
        throw error
      const { hint } = error
      throw new EscError('not_found', `resolving tag ${JSON.stringify(wanted)}: ${error.message}`, {
        hint,
        cause: error,
      })
    }
  },
})

/** Removes the tag that the reference names. */
export const removeRevisionTag = operation({
  name: 'remove-revision-tag',
  level: 'write',
  audit: 'environment-revision-tag-deleted',
  async run(work): Promise<void> {
    const environment = work.store.environment(work.subject.name)
    const { version: tag } = work.subject
    if (tag === undefined || isNumber(tag)) {
      throw new EscError('usage', 'please specify a tagged version to remove', {
        hint: `add it to the name: ${work.subject.name}@stable`,
      })
    }
    await announcing(work, environment, tagChange('deleted', tag), () => environment.versions.removeTag(tag))
  },
})

function tagChange(action: string, tagName: string): Announced {
  return { kind: 'environment_revision_tag', action, tagName, field: 'revisionTags' }
}

export interface RetractRequest {
  /** The revision to use instead: a version of the same environment. */
  readonly replacement?: EnvironmentReference
  readonly reason?: string
}

/** Takes the revision that the reference names out of use. */
export const retractRevision = operation({
  name: 'retract-revision',
  level: 'write',
  audit: 'environment-revision-retracted',
  input: (z) => z.strictObject({ replacement: z.environment().optional(), reason: z.string().optional() }),
  async run(work, { replacement, reason }: RetractRequest): Promise<void> {
    const environment = work.store.environment(work.subject.name)
    const version = requireVersion(work.subject)
    const request = {
      ...(await stamp(work)),
      replacement: replacement === undefined ? undefined : replacementVersion(work.subject, replacement),
      reason,
    }
    const { number: revision } = environment.resolve(version)
    const event = { kind: 'environment_revision', action: 'retracted', revision, field: 'retractions' } as const
    await announcing(work, environment, event, () => environment.versions.retract(version, request))
  },
})

function replacementVersion(reference: EnvironmentReference, other: EnvironmentReference): string {
  if (other.name !== reference.name) {
    throw new EscError('usage', `a revision of ${reference.name} cannot be replaced with one of ${other.name}`, {
      hint: `name another revision of ${reference.name}, such as @3`,
    })
  }
  return requireVersion(other)
}
