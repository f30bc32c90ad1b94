import { EscError } from '../errors.ts'
import { readIfPresent, replaceFile } from '../files/index.ts'
import type { JsonObject } from '../json.ts'
import { layout } from './layout.ts'
import type { EnvironmentPlace } from './place.ts'
import { Settings } from './settings.ts'
import { finishSwap } from './swap.ts'

/** Top-level fields to set or, where undefined, to remove; a function gets the settings as they are under the lock. */
export type SettingsChange = JsonObject | ((settings: Settings) => JsonObject)

/** `settings.yaml` of one environment. */
export class SettingsFile {
  readonly #place: EnvironmentPlace
  #last: Settings | undefined

  constructor(place: EnvironmentPlace) {
    this.#place = place
  }

  /** As last read or written by this object. */
  get last(): Settings {
    return this.#last ?? this.read()
  }

  /** @throws EscError `not_found` when there is no such environment, `store_damaged`. */
  read(): Settings {
    const { folder, name, world } = this.#place
    const file = layout.settings(folder)
    let bytes = readIfPresent(world.files, file)
    if (bytes === undefined && finishSwap(world.files, folder)) bytes = readIfPresent(world.files, file)
    if (bytes === undefined) {
      throw new EscError('not_found', `environment '${name}' does not exist: there is no ${file}`)
    }
    this.#last = new Settings(Buffer.from(bytes).toString(), file)
    return this.#last
  }

  /** Changes fields; all else in the file stays as it is. For the holder of the write lock. */
  change(changes: SettingsChange): void {
    const before = this.read()
    const text = before.with(typeof changes === 'function' ? changes(before) : changes)
    const after = new Settings(text, before.file)
    if (text !== before.text) replaceFile(this.#place.world.files, before.file, Buffer.from(text))
    this.#last = after
  }
}
