import type { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { isKnownDataKey, mayProveItself, provingRevisions, unknownKeyError } from '../keys/key-proof.ts'
import { digestOfKey, type Sighting } from '../keys/remembered.ts'
import type { Settings } from '../settings/settings.ts'
import type { SettingsFile } from '../settings/settings-file.ts'
import { type Compared, compareWithMemory, refuseRolledBack } from './compare-with-memory.ts'
import { sameSighting } from './promised.ts'
import type { Revision } from './revision-file.ts'
import type { RevisionFiles } from './revision-files.ts'

/** The history of one environment beside what this machine has seen of it before. */
export class SeenHistory {
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile
  readonly #files: RevisionFiles
  /**
   * A newest revision before which a merge has renumbered what this machine had seen, as long as
   * no key has vouched for it.
   */
  #renumbered: RenumberedSince | undefined
  /**
   * Digest of a wrapped key that is not known, and may prove to be a known
   * one once it is unwrapped.
   */
  #unproven: string | undefined
  /** The same of one that was unwrapped and did not. */
  #disproved: string | undefined

  constructor(context: EnvironmentContext, settings: SettingsFile, files: RevisionFiles) {
    this.#context = context
    this.#settings = settings
    this.#files = files
  }

  /** The newest revision that was seen. Undefined: none. */
  recall(): Sighting | undefined {
    return this.#context.memory.recall(this.#settings.last.id)
  }

  /**
   * Compares the newest revision with what was seen, and remembers it.
   * @throws EscError `tampered` when a newer one was seen, another one of that number, or another
   *   key.
   */
  compare(newest: Revision, seen: Sighting | undefined): void {
    const { memory } = this.#context
    const { id } = this.#settings.last
    if (seen !== undefined && sameSighting(seen, this.#sighting(newest))) {
      if (memory.knowsNewer(id, newest.number)) refuseRolledBack(this.#context, id, newest.number)
      return
    }
    // Another process may have changed the settings since they were read: memory may know of it
    // before this object does.
    this.#settings.read()
    const sighting = this.#sighting(newest)
    if (this.#isBehindMemory(id)) return
    const now = compareWithMemory(this.#compared, newest, seen, sighting)
    if (memory.knowsNewer(id, newest.number)) refuseRolledBack(this.#context, id, newest.number)
    // Who has no key cannot tell a true record from a forged one, so it must not take
    // the place of what was seen.
    if (now !== undefined) this.#renumbered = { newest, sighting, from: present(seen).number, to: now.number }
    // What is under a key that has yet to prove itself must not become what is known.
    else if (this.#unproven === undefined) this.#rememberOnceDurable(newest, sighting)
  }

  /**
   * True when the copy that is read may be older than what another process of this machine has
   * done and remembered: it is compared once it was read anew.
   */
  #isBehindMemory(id: string): boolean {
    const { memory, records } = this.#context
    const readMs = records.asOf(id)
    return readMs !== undefined && memory.isAfter(id, readMs)
  }

  /** Makes this machine remember a revision that was just written. */
  remember(newest: Revision): void {
    const sighting = { ...this.#sighting(newest), listed: this.#files.folderChanged() }
    this.#context.memory.remember(this.#settings.last.id, sighting)
    this.#rememberName(sighting)
  }

  /** Makes this machine remember settings that were just written. */
  rememberSettings(): void {
    const { memory } = this.#context
    const { id, generation = 0 } = this.#settings.last
    const seen = memory.recall(id)
    if (seen !== undefined) memory.remember(id, { ...seen, generation })
  }

  /**
   * Takes a data key that was unwrapped for known, where it proves to be the one of before in
   * another wrapping: it has sealed what this machine has seen, or this machine has used it.
   *
   * @throws EscError `tampered` when it does not, and the revisions were read
   *   in the hope that it would.
   */
  proveKey(settings: Settings, key: DataKey): void {
    const { memory } = this.#context
    const digest = digestOfKey(settings.wrappedDataKey)
    if (memory.remembersKey(settings.id, digest)) return
    if (isKnownDataKey(this.#context, { key, settings, proofs: this.#proofs(settings) })) {
      this.#unproven = undefined
      try {
        memory.trustKey(settings.id, digest)
      } catch {
        // Where nothing can be remembered, it proves itself again the next time.
      }
      return
    }
    this.#disproved = digest
    if (this.#unproven === digest) throw unknownKeyError(this.#context.name, settings)
  }

  #proofs(settings: Settings): readonly Revision[] {
    return provingRevisions(this.#context, settings, (number) => {
      try {
        return this.#files.read(number)
      } catch {
        return undefined
      }
    })
  }

  /** The data key has vouched for a revision that was newest. */
  vouchedFor(digest: string): void {
    const renumbered = this.#renumbered
    if (renumbered?.newest.digest !== digest) return
    this.#renumbered = undefined
    const { memory, name, host } = this.#context
    // Its own merge was just reported to whoever is at it.
    if (memory.isMerging()) return
    this.#rememberOnceDurable(renumbered.newest, renumbered.sighting)
    const { from, to } = renumbered
    host.keys.notify({ kind: 'revisions-renumbered', environment: name, from, to })
  }

  /**
   * Were the memory to outlive the revision, the next reader would take a
   * power failure for tampering.
   */
  #rememberOnceDurable(newest: Revision, sighting: Sighting): void {
    const { memory } = this.#context
    if (memory.isRemembered(this.#settings.last.id, sighting)) return
    const listed = this.#files.folderChanged()
    try {
      this.#files.makeDurable(newest)
    } catch {
      return
    }
    memory.remember(this.#settings.last.id, { ...sighting, listed })
    this.#rememberName(sighting)
  }

  /**
   * Best effort, as all that is remembered. What has no key is not remembered: anybody
   * could have put it there.
   */
  #rememberName({ key }: Sighting): void {
    const { memory, name } = this.#context
    try {
      if (key !== '') memory.names.accept(name, this.#settings.last.id)
    } catch {}
  }

  #sighting({ number, digest }: Revision): Sighting {
    const { wrappedDataKey, generation = 0 } = this.#settings.last
    return { number, digest, key: digestOfKey(wrappedDataKey), generation, environment: this.#context.name }
  }

  get #compared(): Compared {
    const settings = this.#settings.last
    return {
      context: this.#context,
      settings,
      revision: (number) => this.#files.read(number),
      judgeKey: (key, isKnown) => this.#judgeKey(key, isKnown, settings),
    }
  }

  /** @throws EscError `tampered` for an unknown key that cannot prove to be a known one. */
  #judgeKey(key: string, isKnown: boolean, settings: Settings): void {
    this.#unproven = undefined
    if (isKnown) return
    if (this.#disproved === key || !mayProveItself(this.#context, settings, this.#proofs(settings))) {
      throw unknownKeyError(this.#context.name, settings)
    }
    this.#unproven = key
  }
}

interface RenumberedSince {
  readonly newest: Revision
  readonly sighting: Sighting
  /** Former and present number of the revision that was seen. */
  readonly from: number
  readonly to: number
}
