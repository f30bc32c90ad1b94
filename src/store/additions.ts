import { randomUUID } from 'node:crypto'
import { makeDataKey, secretsProviderKind } from '../keys/index.ts'
import type { AdoptedEnvironment } from './adopted-environment.ts'
import type { CloneOptions } from './clone.ts'
import type { Environment } from './environment.ts'
import { keyMemo } from './environment-context.ts'
import { environmentName } from './environment-name.ts'
import { refuseTaken } from './environments.ts'
import { digestOfKey } from './keys/remembered.ts'
import { layout } from './layout.ts'
import {
  addEnvironment,
  type NewEnvironment,
  newEnvironment,
  type PreparedKey,
  takeBackEnvironment,
} from './new-environment.ts'
import type { StoreTransaction } from './records/records.ts'
import type { StagedEnvironment } from './revisions/staging.ts'
import type { StoreParts } from './store-parts.ts'

/** Adds environments to a store. Each appears whole or not at all. */
export class Additions {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Refuses a name that a new environment cannot have.
   * @throws EscError `invalid_input`; `already_exists`, also where only the case differs.
   */
  refuseName(name: string): void {
    refuseTaken(this.#parts.files, this.#parts.folder, environmentName(name))
  }

  /**
   * Makes an environment with one revision.
   * @throws EscError `already_exists`, `invalid_input`.
   */
  async create(name: string, options: NewEnvironment): Promise<Environment> {
    const full = this.#writable(name)
    if (options.secretsProvider !== undefined) secretsProviderKind(options.secretsProvider)
    return this.#parts.records.transaction({ purpose: 'create' }, (transaction) => {
      const { key: prepared, secretsProvider = this.#parts.configuration.defaultSecretsProvider } = options
      const made = this.#add(full, newEnvironment(options, secretsProvider), transaction)
      if (prepared !== undefined) this.#rememberKey(prepared)
      return made
    })
  }

  /**
   * Makes the data key of an environment that is to be created, which asks its secrets
   * provider. Writes nothing.
   * @throws EscError `already_exists`, `key_unavailable` and others of secrets providers.
   */
  async prepareKey(
    name: string,
    secretsProvider = this.#parts.configuration.defaultSecretsProvider,
  ): Promise<PreparedKey> {
    const full = this.#writable(name)
    const { files, folder, host } = this.#parts
    refuseTaken(files, folder, full)
    const owner = { id: randomUUID(), name: full, folders: [layout.environment(folder, full), folder] }
    return { secretsProvider, ...(await makeDataKey(secretsProvider, host.keys, owner)) }
  }

  /**
   * Takes back an environment that `create` has made, as long as nothing was added to it: for when
   * what was to follow has failed.
   */
  async takeBack({ name, id }: Environment): Promise<void> {
    const { files, folder, memory, records } = this.#parts
    this.#writable(name)
    await records.transaction({ purpose: 'take back', also: name }, (transaction) => {
      const now = this.#parts.handle(name)
      if (now.id === id && now.current().number === 1) {
        takeBackEnvironment(files, folder, name)
        transaction.afterwards(() => memory.forget(id))
      }
    })
  }

  /**
   * Makes an environment of another store one of this, with its history.
   * @throws EscError `already_exists`, `invalid_input`; `io`.
   */
  async adopt(name: string, content: AdoptedEnvironment): Promise<Environment> {
    const full = this.#writable(name)
    const { adoptedEnvironment } = await import('./adopted-environment.ts')
    const staged = adoptedEnvironment(content)
    return this.#parts.records.transaction({ purpose: 'import' }, (transaction) => {
      const made = this.#add(full, staged, transaction)
      this.#rememberKey(content.key)
      return made
    })
  }

  /**
   * Makes an environment from another one, with an id and a data key of its own. Rotations,
   * schedules, webhooks and protection stay with the source.
   * @throws EscError `not_found`, `already_exists`, `invalid_input`,
   *   `key_unavailable`, `tampered`; `io`.
   */
  async clone(source: string, target: string, options: CloneOptions): Promise<Environment> {
    const full = this.#writable(target)
    const { configuration, files, folder, host, records } = this.#parts
    const original = this.#parts.environment(source)
    this.#parts.guard(original.name, 'open')
    refuseTaken(files, folder, full)
    const { defaultSecretsProvider } = configuration
    const { prepareClone } = await import('./clone.ts')
    // May ask a person or the network, so before the lock.
    const content = await prepareClone(original, full, options, { keys: host.keys, files, defaultSecretsProvider })
    return records.transaction({ purpose: 'clone' }, (transaction) => this.#add(full, content, transaction))
  }

  /** The full name, which the caller may write. */
  #writable(name: string): string {
    const full = environmentName(name)
    this.#parts.guard(full, 'write')
    return full
  }

  #add(name: string, content: StagedEnvironment, transaction: StoreTransaction): Environment {
    addEnvironment(this.#parts.files, this.#parts.folder, name, content)
    return nameGiven(this.#parts, name, transaction)
  }

  /** The key of an environment that was made a moment ago, by us. */
  #rememberKey({ key, wrapped }: PreparedKey): void {
    this.#parts.host.unwrapped.set(keyMemo(key.owner, wrapped), Promise.resolve(key))
    this.#parts.memory.trustKey(key.owner.id, digestOfKey(wrapped))
  }
}

/**
 * The environment that somebody at this machine has just given a name, which another
 * one may have had before.
 */
export function nameGiven(parts: StoreParts, name: string, transaction: StoreTransaction): Environment {
  const environment = parts.handle(name)
  if (environment.keyTrust.isReplaced()) transaction.afterwards(() => parts.memory.names.accept(name, environment.id))
  return environment
}
