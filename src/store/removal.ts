import { nameGiven } from './additions.ts'
import type { Environment } from './environment.ts'
import { environmentName } from './environment-name.ts'
import { refuseTaken } from './environments.ts'
import { findRemoved, listRemoved, moveAway, moveBack, type RemovedEnvironment, refuseRemoval } from './removed.ts'
import type { Author } from './revisions/revision-file.ts'
import { cleanUpSwap } from './revisions/swap.ts'
import type { StoreParts } from './store-parts.ts'

/** Removes environments from a store, and brings them back. */
export class Removal {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Removes an environment, as far as one can see: its folder moves to `.removed/` of the store,
   * whole, from where `restore` brings it back. Refused while it is protected, or while its journal
   * holds credentials of an unfinished rotation.
   */
  async remove(name: string, by: { readonly author: Author; readonly removed: Date }): Promise<void> {
    const { files, folder, records } = this.#parts
    const environment = this.#parts.environment(name)
    this.#parts.guard(environment.name, 'admin')
    const busy = await environment.lock('remove')
    try {
      await records.transaction({ purpose: 'remove', also: environment.name }, () => {
        cleanUpSwap(files, environment.folder)
        refuseRemoval(environment)
        moveAway(files, folder, environment, by)
      })
    } finally {
      busy.release()
    }
  }

  /** Environments that were removed, the last removed first. */
  list(): RemovedEnvironment[] {
    return listRemoved(this.#parts.files, this.#parts.folder)
  }

  /**
   * Brings a removed environment back as it was. `id` chooses one of several of that name;
   * default: the last removed.
   * @throws EscError `not_found`; `already_exists` when the name has been given to another since.
   */
  async restore(name: string, options: { readonly id?: string } = {}): Promise<Environment> {
    const { files, folder, records } = this.#parts
    const full = environmentName(name)
    this.#parts.guard(full, 'admin')
    return records.transaction({ purpose: 'restore' }, (transaction) => {
      // What the error offers instead is what the caller may know of.
      const known = this.list().filter(({ name: each }) => each === full || this.#mayRead(each))
      const removed = findRemoved(known, full, options.id)
      refuseTaken(files, folder, full)
      moveBack(files, folder, removed)
      return nameGiven(this.#parts, full, transaction)
    })
  }

  #mayRead(name: string): boolean {
    try {
      this.#parts.guard(name, 'read')
      return true
    } catch {
      return false
    }
  }
}
