import type { EnvironmentContext } from '../environment-context.ts'
import type { SettingsFile } from '../settings/settings-file.ts'
import { acceptKeyChanges, knownHolders } from './key-changes.ts'
import { keyDifferences } from './key-differences.ts'
import { digestOfKey } from './remembered.ts'

/** The data key of an environment beside those that this machine has seen before. Needs no key. */
export class KeyTrust {
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile

  constructor(context: EnvironmentContext, settings: SettingsFile) {
    this.#context = context
    this.#settings = settings
  }

  /**
   * True when this machine has seen or made the data key before, has seen none, or knows the key
   * that has signed the change to it.
   */
  isKnown(): boolean {
    const settings = this.#settings.read()
    if (this.isReplaced()) return false
    const known = this.#context.memory.knowsKey(settings.id, digestOfKey(settings.wrappedDataKey))
    return known || acceptKeyChanges(this.#context, settings)
  }

  /** True when this machine has seen another environment, one with a key, under this name. */
  isReplaced(): boolean {
    return this.#context.memory.names.isReplaced(this.#context.name, this.#settings.last.id)
  }

  /**
   * Returns the changes in who can open the environment from the newest key that this machine
   * knows, one line each. `undefined` when it knows none that was used here.
   */
  differences(): Promise<readonly string[] | undefined> {
    return keyDifferences(this.#context, this.#settings.last)
  }

  /**
   * Returns who the data key is encrypted for, such as age recipients. `undefined` when that is not
   * known here.
   */
  holders(): readonly string[] | undefined {
    const settings = this.#settings.last
    return settings.wrappedDataKey === undefined ? undefined : knownHolders(this.#context, settings)
  }

  /**
   * Takes the data key for right that this machine has not seen before: a person has said that it
   * was changed on purpose.
   *
   * @throws EscError `forbidden`.
   */
  accept(): void {
    const { host, memory, name } = this.#context
    host.guard(name, 'open')
    const { id, wrappedDataKey } = this.#settings.read()
    memory.trustKey(id, digestOfKey(wrappedDataKey))
    if (this.isReplaced()) memory.names.accept(name, id)
  }
}
