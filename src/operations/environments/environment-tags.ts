import type { EnvironmentTag } from '../../store/index.ts'
import { type Announced, announcing } from '../session/announce.ts'
import { operation } from '../session/operation.ts'
import { stamp } from '../session/stamp.ts'

/** The tags of an environment, by name. */
export const environmentTags = operation({
  name: 'list-environment-tags',
  level: 'read',
  audit: 'environment-read',
  async run({ store, subject }): Promise<EnvironmentTag[]> {
    return store.environment(subject.name).tags.list()
  },
})

/** One tag of an environment. Throws EscError `not_found`. */
export const environmentTag = operation({
  name: 'get-environment-tag',
  level: 'read',
  audit: 'environment-read',
  input: (z) => z.string().describe('name of the tag'),
  async run({ store, subject }, name: string): Promise<EnvironmentTag> {
    return store.environment(subject.name).tags.get(name)
  },
})

export const setEnvironmentTag = operation({
  name: 'set-environment-tag',
  level: 'write',
  audit: 'environment-tag-created',
  input: (z) => z.strictObject({ name: z.string(), value: z.string() }),
  async run(work, { name, value }: { readonly name: string; readonly value: string }): Promise<EnvironmentTag> {
    const environment = work.store.environment(work.subject.name)
    const by = await stamp(work)
    const action = environment.tags.list().some((tag) => tag.name === name) ? 'updated' : 'created'
    return announcing(work, environment, tagChange(action, name), () => environment.tags.set(name, value, by))
  },
})

/** Gives a tag another name. Throws EscError `not_found`; `already_exists`. */
export const renameEnvironmentTag = operation({
  name: 'rename-environment-tag',
  level: 'write',
  audit: 'environment-tag-updated',
  input: (z) => z.strictObject({ name: z.string(), newName: z.string() }),
  async run(work, { name, newName }: { readonly name: string; readonly newName: string }): Promise<EnvironmentTag> {
    const environment = work.store.environment(work.subject.name)
    const by = await stamp(work)
    return announcing(work, environment, tagChange('updated', newName), () =>
      environment.tags.rename(name, newName, by),
    )
  },
})

/** Removes a tag. Throws EscError `not_found`. */
export const removeEnvironmentTag = operation({
  name: 'remove-environment-tag',
  level: 'write',
  audit: 'environment-tag-deleted',
  input: (z) => z.string().describe('name of the tag'),
  async run(work, name: string): Promise<void> {
    const environment = work.store.environment(work.subject.name)
    await announcing(work, environment, tagChange('deleted', name), () => environment.tags.remove(name))
  },
})

function tagChange(action: string, tagName: string): Announced {
  return { kind: 'environment_tag', action, tagName, field: 'tags' }
}
