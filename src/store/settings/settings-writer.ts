import type { JsonObject } from '../../json.ts'
import type { DataKey } from '../../keys/index.ts'
import { changeEnvironment } from '../change-environment.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import type { EnvironmentKey } from '../keys/environment-key.ts'
import type { Seals } from '../keys/seals.ts'
import type { History } from '../revisions/history.ts'
import { type Settings, sealedFields, sealSettings } from './settings.ts'
import type { SettingsChange, SettingsFile } from './settings-file.ts'
import type { ToldEvent } from './told-event.ts'

interface SettingsParts {
  readonly context: EnvironmentContext
  readonly settings: SettingsFile
  readonly history: History
  readonly seals: Seals
  readonly key: EnvironmentKey
  readonly told: ToldEvent
}

/** Changes the settings of one environment, one change at a time. */
export class SettingsWriter {
  readonly #parts: SettingsParts

  constructor(parts: SettingsParts) {
    this.#parts = parts
  }

  /**
   * Changes top-level fields of `settings.yaml`; all else in the file stays as it is. Not for
   * sealed fields (`docs/store.md`): those change with what they belong to.
   */
  async change(changes: SettingsChange): Promise<void> {
    await changeEnvironment(this.#parts, { purpose: 'settings' }, (transaction) => {
      this.#parts.told.keepIn(transaction)
      this.#parts.settings.change((settings) => {
        const changed = typeof changes === 'function' ? changes(settings) : changes
        const sealed = sealedFields.find((field) => field in changed)
        if (sealed !== undefined) throw new Error(`the setting ${sealed} is sealed`)
        return changed
      })
    })
  }

  /**
   * Changes a sealed field, such as `schedule`, and seals the settings anew. Makes the data key
   * when there is none yet.
   * @throws EscError `key_unavailable`, `tampered`; what `change` throws.
   */
  async changeSealed(purpose: string, change: (settings: Settings) => JsonObject): Promise<void> {
    const { context, history, key: environmentKey, seals, settings, told } = this.#parts
    context.host.guard(context.name, settings.last.wrappedDataKey === undefined ? 'write' : 'open')
    const key = await environmentKey.existingOrNew()
    await changeEnvironment(this.#parts, { purpose }, (transaction) => {
      told.keepIn(transaction)
      settings.refuseChangedKey()
      // As with revisions: do not lend a new seal to something changed.
      seals.verifySettings(settings.last, key)
      const bound = this.#unsealedBound(key)
      settings.change((now) => sealSettings(now, { ...bound, ...change(now) }, key))
      transaction.afterwards(() => history.seen.rememberSettings())
    })
  }

  /** While it is on, `Removal.remove` refuses. */
  async protectFromDeletion(on: boolean): Promise<void> {
    const { host, name } = this.#parts.context
    host.guard(name, 'admin')
    await this.change({ deletionProtected: on })
  }

  /** `sealedAfter` where an earlier version has made the key without it. */
  #unsealedBound(key: DataKey): JsonObject {
    const { history, seals, settings } = this.#parts
    const { sealedFrom = 1, sealedAfter } = settings.last
    if (sealedAfter !== undefined || sealedFrom === 1) return {}
    seals.verifyRevision(history.newest(), key)
    return { sealedAfter: history.promisedDigest(sealedFrom - 1) }
  }
}
