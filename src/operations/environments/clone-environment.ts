import { reencrypt } from '../keys/reencrypt.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { dropRotatorState } from '../rotating/rotator-state.ts'
import { withErrorContext } from '../session/error-context.ts'
import { operation } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import { stamp } from '../session/stamp.ts'

export interface CloneRequest {
  readonly destination: EnvironmentReference
  readonly preserveHistory: boolean
  readonly preserveEnvironmentTags: boolean
  readonly preserveRevisionTags: boolean
}

export interface Cloned {
  /** Full names. */
  readonly from: string
  readonly to: string
  /** Rotators of the newest definition that were cloned without their credentials. */
  readonly dropped: readonly string[]
}

/**
 * Makes an environment from another one: what it holds, under a key of its own. Rotators
 * forget their credentials. Throws EscError `not_found`, `already_exists`; `forbidden` where the
 * new one may not be written.
 */
export const cloneEnvironment = operation({
  name: 'clone-environment',
  level: 'open',
  audit: 'environment-cloned',
  changes: true,
  input: (z) =>
    z.strictObject({
      destination: z.environment(),
      preserveHistory: z.boolean().default(false),
      preserveEnvironmentTags: z.boolean().default(false),
      preserveRevisionTags: z.boolean().default(false),
    }),
  async run(work, { destination, ...preserved }: CloneRequest): Promise<Cloned> {
    const { store } = work
    await permit(work, destination.name, 'write', 'environment-created')
    const by = await stamp(work)
    const source = store.environment(work.subject.name)
    const { dropped } = dropRotatorState(source.name, source.current().definition)
    await withErrorContext('cloning environment', () =>
      store.additions.clone(source.name, destination.name, {
        ...by,
        ...preserved,
        reencrypt: (definition, ciphers, revision) =>
          reencrypt(dropRotatorState(source.name, definition).text, ciphers, revision),
      }),
    )
    const fullName = (name: string) => `${store.organization}/${name}`
    return { from: fullName(source.name), to: fullName(destination.name), dropped }
  },
})
