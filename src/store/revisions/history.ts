import { EscError } from '../../errors.ts'
import { listIfPresent, readIfPresent, statusOf, syncFile, syncFolder } from '../../files/index.ts'
import type { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import { digestOfKey, type Sighting } from '../keys/history-memory.ts'
import { isKnownDataKey, mayProveItself, provingRevisions, unknownKeyError } from '../keys/key-proof.ts'
import { layout, revisionNumber } from '../layout.ts'
import type { Settings } from '../settings/settings.ts'
import { keyChanged, type SettingsFile } from '../settings/settings-file.ts'
import { archivesAmong, packedThrough } from './archive/archive-name.ts'
import { isPacked, packedRevision } from './archive/packed-revisions.ts'
import { type Compared, compareWithMemory, refuseRolledBack } from './compare-with-memory.ts'
import { newestNumber } from './newest.ts'
import { type Chain, isPromised, newestNamed, notLinked, sameSighting } from './promised.ts'
import { digestOf, parseRevision, type Revision } from './revision-file.ts'
import { finishSwap } from './swap.ts'

const gapHint =
  'restore the file from the git history; if it was never committed, whoever made the next revision has it: they commit and push it'

/** The revisions of one environment. Reading them needs no key. */
export class History {
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile
  /** Newest revision that was found last. Undefined: nobody has looked. */
  #top: Revision | undefined
  #chain: Chain | undefined
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

  constructor(context: EnvironmentContext, settings: SettingsFile) {
    this.#context = context
    this.#settings = settings
  }

  /**
   * The newest revision.
   * @throws EscError `tampered` when the settings promise a newer one; when this machine has seen a
   *   newer one, or another one of that number, or another key.
   */
  newest(): Revision {
    const { memory } = this.#context
    const { id } = this.#settings.last
    // Memory first: it never runs ahead of the folder, so what it knows must be there.
    const seen = memory.recall(id)
    let number = this.newestNumber(seen)
    if (seen === undefined || number < seen.number) {
      // Throws where it is there and looking is not allowed.
      statusOf(this.#context.host.files, layout.revision(this.#context.folder, number + 1))
      // Looked at in the moment in which the folder is replaced, a history
      // seems shorter than it is.
      const there = finishSwap(this.#context.host.files, this.#context.folder)
      if (there) number = this.newestNumber()
    }
    if (number === 0) throw this.#missing(1)
    const newest = this.revision(number)
    this.refuseUnpromised(newest)
    if (seen === undefined || !sameSighting(seen, this.#sighting(newest))) {
      // Another process may have changed the settings since they were read: memory may know of it
      // before this object does.
      this.#settings.read()
      const sighting = this.#sighting(newest)
      if (this.#isBehindMemory(id)) {
        this.#top = newest
        return newest
      }
      const now = compareWithMemory(this.#compared, newest, seen, sighting)
      if (memory.knowsNewer(id, newest.number)) refuseRolledBack(this.#context, id, newest.number)
      // Who has no key cannot tell a true record from a forged one, so it must not take
      // the place of what was seen.
      if (now !== undefined) this.#renumbered = { newest, sighting, from: present(seen).number, to: now.number }
      // What is under a key that has yet to prove itself must not become what is known.
      else if (this.#unproven === undefined) this.#rememberOnceDurable(newest, sighting)
    } else if (memory.knowsNewer(id, newest.number)) {
      refuseRolledBack(this.#context, id, newest.number)
    }
    this.#top = newest
    return newest
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

  /**
   * The revision of the highest number, whatever the settings promise and this machine remembers.
   */
  unconfirmedNewest(): Revision {
    this.#top = this.revision(this.newestNumber())
    return this.#top
  }

  /** The newest revision that was found last; it is looked for when nobody has yet. */
  get top(): Revision {
    return this.#top ?? this.newest()
  }

  /**
   * A revision that the newest one vouches for, through the digests in between. Needs no key, so it
   * is as good as the newest.
   * @throws EscError `tampered`, and what `newest` and `revision` throw.
   */
  linked(number: number): Revision {
    const revision = this.revision(number)
    this.newest()
    this.verifyLinked(revision)
    return revision
  }

  /**
   * Verifies that the newest revision vouches for this one. @throws EscError `tampered`, naming
   * the file that does not fit.
   */
  verifyLinked(revision: Revision): void {
    const { top } = this
    if (revision.number > top.number || revision.digest === top.digest) return
    const promised = this.promisedDigest(revision.number)
    if (revision.digest !== promised) throw notLinked(this.#context.name, revision, revision.number + 1)
  }

  /**
   * Digest that the newest revision vouches for, of one that is not newer. Each file
   * between the two is read once.
   */
  promisedDigest(number: number): string {
    const { top } = this
    if (this.#chain?.digests.get(top.number) !== top.digest) {
      this.#chain = { digests: new Map([[top.number, top.digest]]), lowest: top }
    }
    const chain = this.#chain
    const { wrappedDataKey } = this.#settings.last
    while (chain.lowest.number > number) {
      const { previous, number: above } = chain.lowest
      const before = this.revision(above - 1)
      if (before.digest !== previous) {
        // While the folder is replaced, the two are of different keys.
        if (this.#settings.read().wrappedDataKey !== wrappedDataKey) throw keyChanged(this.#context.name)
        throw notLinked(this.#context.name, before, above)
      }
      chain.digests.set(before.number, before.digest)
      chain.lowest = before
    }
    return present(chain.digests.get(number))
  }

  /**
   * Refuses unless the newest revision is as new as the settings promise: as new as what tags and
   * retractions speak of, and sealed, or the one that had no seal yet when the key was made.
   * Settings from before that was recorded vouch for an empty definition only.
   *
   * @param vouched settings whose seal was verified. Default: those in the file.
   * @throws EscError `tampered`.
   */
  refuseUnpromised(newest: Revision, vouched?: Settings): void {
    if (isPromised(newest, vouched ?? this.#settings.last)) return
    if (vouched === undefined && isPromised(newest, this.#settings.read())) return
    const { folder, name } = this.#context
    const settings = vouched ?? this.#settings.last
    const { sealedFrom = 1, sealedAfter, file } = settings
    const named = newestNamed(settings)
    const problem =
      newest.number < named
        ? `the history of environment '${name}' was cut short: its newest revision is ${newest.number}, ${newest.file}, and a tag or retraction in ${file} speaks of revision ${named}`
        : newest.number === sealedFrom - 1 && sealedAfter !== undefined
          ? `revision ${newest.number} of environment '${name}' is not the one that the settings vouch for, and nothing newer is there: ${newest.file} was changed, or later revisions were removed`
          : `nothing vouches for revision ${newest.number} of environment '${name}', ${newest.file}: revisions from ${sealedFrom} on are sealed (sealedFrom in ${file}), and none of them is there`
    throw new EscError('tampered', problem, {
      hint: `restore ${layout.revisions(folder)} from the git history`,
    })
  }

  /**
   * @throws EscError `not_found`, `store_damaged`; `tampered` when it lacks the seal
   *   that the settings ask for.
   */
  revision(number: number): Revision {
    const { folder, name, host } = this.#context
    const file = layout.revision(folder, number)
    const possible = Number.isSafeInteger(number) && number > 0
    let bytes = possible ? readIfPresent(host.files, file) : undefined
    if (bytes === undefined && possible && finishSwap(host.files, folder)) bytes = readIfPresent(host.files, file)
    const packed = bytes === undefined && possible ? packedRevision(host.files, folder, number) : undefined
    const found = bytes === undefined ? packed : { bytes, file }
    if (found === undefined) throw this.#missing(number)
    const revision = parseRevision(found.bytes, found.file, number)
    const { sealedFrom } = this.#settings.last
    if (revision.seal === undefined && sealedFrom !== undefined && number >= sealedFrom) {
      throw new EscError('tampered', `revision ${number} of environment '${name}' has lost its seal: ${found.file}`, {
        hint: restoreHint,
      })
    }
    return revision
  }

  /**
   * Returns the digest of a revision's file, which may hold anything. Undefined: it has no file of
   * its own.
   */
  digestOf(number: number): string | undefined {
    const bytes = readIfPresent(this.#context.host.files, layout.revision(this.#context.folder, number))
    return bytes && digestOf(bytes)
  }

  /** All revisions, newest first, each read when it is asked for. */
  *newestFirst(): Generator<Revision> {
    const newest = this.newest()
    yield newest
    for (let number = newest.number - 1; number > 0; number--) {
      const revision = this.revision(number)
      this.verifyLinked(revision)
      yield revision
    }
  }

  /** True when there is a revision of that number, without reading it. */
  has(number: number): boolean {
    const { folder, host } = this.#context
    return this.#hasFile(number) || isPacked(host.files, folder, number)
  }

  #hasFile(number: number): boolean {
    return this.#context.host.files.exists(layout.revision(this.#context.folder, number))
  }

  /**
   * Number of the newest revision; 0: there is none. `seen`: what this machine has seen before.
   *
   * Counting up from a known one would take the revision before a gap for the newest. So the folder
   * is listed once names in it have changed since that was remembered.
   *
   * @throws EscError `store_damaged` when one before the newest is missing.
   */
  newestNumber(seen?: Sighting): number {
    if (seen?.listed === undefined || seen.listed !== this.#folderChanged()) return this.#listedNewest()
    // Archives hold none that are newer than one with a file of its own.
    return newestNumber((number) => number === seen.number || this.#hasFile(number), seen.number)
  }

  /**
   * Returns the time when names in the folder of the revisions last changed, in milliseconds since
   * 1970.
   */
  #folderChanged(): number {
    return statusOf(this.#context.host.files, layout.revisions(this.#context.folder))?.modifiedMs ?? 0
  }

  #listedNewest(tries = 3): number {
    const { files } = this.#context.host
    const { folder, name } = this.#context
    const names = listIfPresent(files, layout.revisions(folder))
    const numbers = new Set(names.flatMap((each) => revisionNumber(each) ?? []))
    const archives = archivesAmong(names)
    let newest = 0
    for (let next = -1; next !== newest; ) {
      next = newest
      newest = packedThrough(archives, numbers.has(newest + 1) ? newest + 1 : newest)
    }
    const isLater = (number: number) => number > newest
    if (![...numbers].some(isLater) && !archives.some(({ last }) => isLater(last))) return newest
    // A list that was read while revisions were added may have the later one only.
    if (tries > 1 && this.has(newest + 1)) return this.#listedNewest(tries - 1)
    const file = layout.revision(folder, newest + 1)
    const problem = `revision ${newest + 1} of environment '${name}' is missing, though there are newer ones: ${file}`
    throw new EscError('store_damaged', problem, { hint: gapHint })
  }

  /**
   * The revision is on the disk when this returns. Whoever wrote it may not have got as far: a
   * process that was killed before it could, or git, which does not sync what it checks out.
   */
  makeDurable({ number }: Revision): void {
    const { folder, host } = this.#context
    // What was packed was on the disk before.
    if (!this.#hasFile(number) && isPacked(host.files, folder, number)) return
    syncFile(host.files, layout.revision(folder, number))
    syncFolder(host.files, layout.revisions(folder))
  }

  /** Makes this machine remember a revision that was just written. */
  remember(newest: Revision): void {
    const sighting = { ...this.#sighting(newest), listed: this.#folderChanged() }
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
        return this.revision(number)
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
    const listed = this.#folderChanged()
    try {
      this.makeDurable(newest)
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
      if (key !== '') memory.acceptName(name, this.#settings.last.id)
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
      revision: (number) => this.revision(number),
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

  #missing(number: number): EscError {
    const { folder, name } = this.#context
    const newest = this.newestNumber()
    if (newest === 0) {
      const problem = `environment '${name}' has no revisions in ${layout.revisions(folder)}`
      return new EscError('store_damaged', problem, { hint: restoreHint })
    }
    return new EscError('not_found', `environment '${name}' has no revision ${number}; the newest is ${newest}`)
  }
}

interface RenumberedSince {
  readonly newest: Revision
  readonly sighting: Sighting
  /** Former and present number of the revision that was seen. */
  readonly from: number
  readonly to: number
}
