import { EscError } from '../../errors.ts'
import type { DataKey } from '../../keys/index.ts'
import { rich, step } from '../../rich-text.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import type { History } from '../revisions/history.ts'
import { notLinked } from '../revisions/history-errors.ts'
import { type Revision, sealedBytesOf } from '../revisions/revision-file.ts'
import { type Settings, sealedSettings } from '../settings/settings.ts'
import { keyChanged, type SettingsFile } from '../settings/settings-file.ts'

/**
 * Checks what the data key vouches for: revisions, the chain between them, and the settings
 * that decide what is opened.
 */
export class Seals {
  readonly #context: EnvironmentContext
  readonly #history: History
  readonly #settings: SettingsFile
  /** Digests of revisions that the key vouches for, with their link to the one before. */
  readonly #verified = new Set<string>()
  /** Digests of newest revisions that have the right seal, or need none. */
  readonly #sealed = new Set<string>()
  /** Settings whose seal was verified last, and the key that did so. */
  #vouched: Settings | undefined
  #vouchedBy: DataKey | undefined

  constructor(context: EnvironmentContext, history: History, settings: SettingsFile) {
    this.#context = context
    this.#history = history
    this.#settings = settings
  }

  /** @throws EscError `tampered`. */
  verifySettings(settings: Settings, key: DataKey): void {
    verifySettingsSeal(settings, key)
    this.#vouched = settings
    this.#vouchedBy = key
  }

  /**
   * True when these settings were the last that a key verified, and it was this key. Settings never
   * change: a change makes new ones.
   */
  hasVerified(settings: Settings, key: DataKey): boolean {
    return this.#vouched === settings && this.#vouchedBy === key
  }

  /**
   * Verifies that the key vouches for a revision: the newest one's seal, the chain of digests from
   * there to this one, and that the one before it is the one it was made after. A newest one
   * without a seal must be the one that the settings vouch for.
   *
   * @throws EscError `tampered`; `conflict` when the key was changed while we were reading.
   */
  verifyRevision(revision: Revision, key: DataKey): void {
    if (this.#verified.has(revision.digest)) return
    const { wrappedDataKey } = this.#settings.last
    try {
      const { top } = this.#history
      const isOlder = revision.number < top.number
      this.#verifyOwn(isOlder ? top : revision, key)
      if (isOlder) this.#history.verifyLinked(revision)
      if (revision.number > 1) this.verifyLink(revision)
    } catch (error) {
      if (this.#settings.read().wrappedDataKey === wrappedDataKey) throw error
      throw keyChanged(this.#context.name)
    }
    this.#verified.add(revision.digest)
  }

  /** Verifies that the revision before this one is the one it was made from. Needs no key. */
  verifyLink(revision: Revision): void {
    // Mostly its bytes are enough, and it need not be parsed.
    const { previous } = revision
    if (previous !== undefined && this.#history.files.digestOf(revision.number - 1) === previous) return
    // It may be missing, or the folder just being replaced.
    const before = this.#history.revision(revision.number - 1)
    if (before.digest === previous) return
    throw notLinked(this.#context.name, before, revision.number)
  }

  #verifyOwn(newest: Revision, key: DataKey): void {
    if (this.#sealed.has(newest.digest)) return
    this.#history.refuseUnpromised(newest, this.#vouched)
    if (newest.seal !== undefined) {
      this.#verifySeal(newest, key)
      this.#history.seen.vouchedFor(newest.digest)
    }
    this.#sealed.add(newest.digest)
  }

  #verifySeal(revision: Revision, key: DataKey): void {
    if (hasSealed(key, revision, () => key.verifySeal('revision', sealedBytesOf(revision), revision.seal ?? ''))) return
    throw new EscError(
      'tampered',
      `the seal of revision ${revision.number} of environment '${this.#context.name}' does not match: ${revision.file} was changed`,
      { hint: restoreHint },
    )
  }
}

/** Seals that each key was found to have made: neither changes, so it stays true. */
const sealedBy = new WeakMap<DataKey, WeakSet<Revision | Settings>>()

/** Verifies a seal unless that was done before for the same object. */
function hasSealed(key: DataKey, sealed: Revision | Settings, verify: () => boolean): boolean {
  let known = sealedBy.get(key)
  if (known?.has(sealed)) return true
  if (!verify()) return false
  if (known === undefined) {
    known = new WeakSet()
    sealedBy.set(key, known)
  }
  known.add(sealed)
  return true
}

/**
 * Verifies that the settings are as the holder of the key left them, in the folder of the
 * environment they were made for.
 * @throws EscError `tampered`.
 */
export function verifySettingsSeal(settings: Settings, key: DataKey): void {
  const isSealed = () => key.verifySeal('settings', sealedSettings(settings), settings.settingsSeal ?? '')
  if (!hasSealed(key, settings, isSealed)) {
    const fields =
      settings.generation === undefined ? 'sealedFrom' : 'sealedFrom, secretsProvider, schedule, a tag or a retraction'
    throw new EscError('tampered', `${fields} in ${settings.file} was changed by somebody without the key`, {
      hint: restoreHint,
    })
  }
  const { name } = settings
  if (settings.generation === undefined || name === undefined || name === key.owner.name) return
  throw new EscError(
    'tampered',
    `environment '${key.owner.name}' holds the files of environment '${name}': its folder was renamed or replaced (name in ${settings.file})`,
    {
      hint: rich`move the folder back; to rename an environment, ${step('clone it', { do: 'clone-environment', environment: name, to: key.owner.name })} and remove the old one`,
    },
  )
}
