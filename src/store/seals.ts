import type { DataKey } from '../crypto/index.ts'
import { EscError } from '../errors.ts'
import type { History } from './history.ts'
import { type EnvironmentPlace, restoreHint } from './place.ts'
import { type Revision, sealedBytesOf } from './revision-file.ts'
import { type Settings, sealedSettings } from './settings.ts'
import { keyChanged, type SettingsFile } from './settings-file.ts'

/** Checks what the data key vouches for: revisions, the chain between them, and the settings that decide what is opened. */
export class Seals {
  readonly #place: EnvironmentPlace
  readonly #history: History
  readonly #settings: SettingsFile
  /** Digests of revisions whose seal has been verified. */
  readonly #verified = new Set<string>()

  constructor(place: EnvironmentPlace, history: History, settings: SettingsFile) {
    this.#place = place
    this.#history = history
    this.#settings = settings
  }

  /** @throws EscError `tampered`. */
  verifySettings(settings: Settings, key: DataKey): void {
    verifySettingsSeal(settings, key)
  }

  /**
   * The seal of a revision, and that the one before it is the one it was made after; for one older than the key, that the
   * first sealed one vouches for it.
   * @throws EscError `tampered`; `conflict` when the key was changed while we were reading.
   */
  verifyRevision(revision: Revision, key: DataKey): void {
    if (this.#verified.has(revision.digest)) return
    const { sealedFrom, wrappedDataKey } = this.#settings.last
    try {
      if (revision.seal !== undefined) {
        this.#verifySeal(revision, key)
        if (revision.number > 1) this.verifyLink(revision)
      } else if (sealedFrom !== undefined && revision.number < sealedFrom && this.#history.has(sealedFrom)) {
        const first = this.#history.revision(sealedFrom)
        this.#verifySeal(first, key)
        for (let later = first; later.number > revision.number; later = this.#history.revision(later.number - 1)) {
          this.verifyLink(later)
        }
      }
    } catch (error) {
      if (this.#settings.read().wrappedDataKey === wrappedDataKey) throw error
      throw keyChanged(this.#place.name)
    }
    this.#verified.add(revision.digest)
  }

  /** That the revision before this one is the one it was made from. Needs no key. */
  verifyLink(revision: Revision): void {
    // Mostly its bytes are enough, and it need not be parsed.
    const { previous } = revision
    if (previous !== undefined && this.#history.digestOf(revision.number - 1) === previous) return
    // It may be missing, or the folder just being replaced.
    const before = this.#history.revision(revision.number - 1)
    if (before.digest === previous) return
    throw new EscError(
      'tampered',
      `revision ${before.number} of environment '${this.#place.name}' is not the one that revision ${revision.number} was made from: ${before.file} was changed`,
      { hint: restoreHint },
    )
  }

  #verifySeal(revision: Revision, key: DataKey): void {
    if (key.verifySeal('revision', sealedBytesOf(revision), revision.seal ?? '')) return
    throw new EscError(
      'tampered',
      `the seal of revision ${revision.number} of environment '${this.#place.name}' does not match: ${revision.file} was changed`,
      { hint: restoreHint },
    )
  }
}

/** @throws EscError `tampered`. */
export function verifySettingsSeal(settings: Settings, key: DataKey): void {
  if (key.verifySeal('settings', sealedSettings(settings), settings.settingsSeal ?? '')) return
  const fields =
    settings.generation === undefined ? 'sealedFrom' : 'sealedFrom, secretsProvider, schedule, a tag or a retraction'
  throw new EscError('tampered', `${fields} in ${settings.file} was changed by somebody without the key`, {
    hint: restoreHint,
  })
}
