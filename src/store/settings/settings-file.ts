import { EscError } from '../../errors.ts'
import { readTextIfPresent, replaceFile } from '../../files/index.ts'
import type { JsonObject } from '../../json.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { hasRevisions, layout } from '../layout.ts'
import { finishSwap } from '../revisions/swap.ts'
import { readSettings, Settings } from './settings.ts'
import { damaged } from './yaml-mapping.ts'

/**
 * Top-level fields to set or, where undefined, to remove; a function gets the settings as
 * they are under the lock.
 */
export type SettingsChange = JsonObject | ((settings: Settings) => JsonObject)

/** `settings.yaml` of one environment. */
export class SettingsFile {
  readonly #context: EnvironmentContext
  #last: Settings | undefined
  /** The wrapped key that was in force when what the user of this object has in hand was read. */
  #keyInHand: string | undefined

  constructor(context: EnvironmentContext) {
    this.#context = context
  }

  /** As last read or written by this object. */
  get last(): Settings {
    return this.#last ?? this.read()
  }

  /** Has the settings read anew when they are asked for. */
  forget(): void {
    this.#last = undefined
  }

  /** @throws EscError `not_found` when there is no such environment, `store_damaged`. */
  read(): Settings {
    const { folder, name, host } = this.#context
    const file = layout.settings(folder)
    let text = readTextIfPresent(host.files, file)
    if (text === undefined && finishSwap(host.files, folder)) text = readTextIfPresent(host.files, file)
    if (text === undefined) {
      if (hasRevisions(host.files, folder)) throw damaged(file, 'is missing')
      throw new EscError('not_found', `environment '${name}' does not exist: there is no ${file}`)
    }
    return this.#keep(readSettings(text, file))
  }

  /**
   * Texts and keys that were got from one environment before its key was changed must not be
   * written after it: what is encrypted under the old key could never be opened again. For the
   * holder of the write lock, who has just read.
   * @throws EscError `conflict`, once; what is read from then on is under the new key.
   */
  refuseChangedKey(): void {
    const { wrappedDataKey } = this.last
    if (this.#keyInHand === wrappedDataKey) return
    this.#keyInHand = wrappedDataKey
    throw keyChanged(this.#context.name)
  }

  /** Changes fields; all else in the file stays as it is. For the holder of the write lock. */
  change(changes: SettingsChange): void {
    const before = this.read()
    const text = before.with(typeof changes === 'function' ? changes(before) : changes)
    const after = new Settings(text, before.file)
    if (text !== before.text) replaceFile(this.#context.host.files, before.file, Buffer.from(text))
    this.#keep(after)
  }

  #keep(settings: Settings): Settings {
    this.#last = settings
    this.#keyInHand ??= settings.wrappedDataKey
    return settings
  }
}

export function keyChanged(name: string): EscError {
  return new EscError('conflict', `the data key of environment '${name}' was changed in the meantime`, {
    hint: 'try again',
  })
}
