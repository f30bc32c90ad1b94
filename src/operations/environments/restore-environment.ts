import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import type { RemovedEnvironment } from '../../store/index.ts'
import { operation, storeOperation } from '../session/operation.ts'
import { refusalOf } from '../session/permit.ts'

/** Environments that were removed and can be brought back, the last removed first. */
export const removedEnvironments = storeOperation({
  name: 'list-removed-environments',
  level: undefined,
  audit: 'environment-read',
  async run(work): Promise<readonly RemovedEnvironment[]> {
    return work.store.removal.list().filter(({ name }) => refusalOf(work, name, 'read') === undefined)
  },
})

/**
 * Brings a removed environment back, with its history and its key. `id` chooses one
 * of several of that name. Throws EscError `not_found`, `already_exists`.
 */
export const restoreEnvironment = operation({
  name: 'restore-environment',
  level: 'admin',
  audit: 'environment-restored',
  input: (z) =>
    z.strictObject({ id: z.string().optional().describe('which of several of that name; default: the last') }),
  async run(
    { store, subject },
    { id }: { readonly id?: string },
  ): Promise<{ readonly name: string; readonly revision: number }> {
    if (store.has(subject.name)) {
      throw new EscError(
        'already_exists',
        `environment '${subject.name}' is there; nothing was removed under that name`,
        {
          hint: rich`${step('go back to an earlier revision', { do: 'roll-back', environment: subject.name })}, or ${step('discard a hand edit', { do: 'discard-edit', environment: subject.name })}`,
        },
      )
    }
    const environment = await store.removal.restore(subject.name, id === undefined ? {} : { id })
    return { name: environment.name, revision: environment.current().number }
  },
})
