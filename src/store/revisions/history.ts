import { statusOf } from '../../files/index.ts'
import { present } from '../../present.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { layout } from '../layout.ts'
import type { Settings } from '../settings/settings.ts'
import { keyChanged, type SettingsFile } from '../settings/settings-file.ts'
import { notLinked, notPromised } from './history-errors.ts'
import { type Chain, isPromised } from './promised.ts'
import type { Revision } from './revision-file.ts'
import { RevisionFiles } from './revision-files.ts'
import { SeenHistory } from './seen-history.ts'
import { finishSwap } from './swap.ts'

/** The revisions of one environment, as a chain that the newest one vouches for. Needs no key. */
export class History {
  readonly files: RevisionFiles
  readonly seen: SeenHistory
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile
  /** Newest revision that was found last. Undefined: nobody has looked. */
  #top: Revision | undefined
  #chain: Chain | undefined

  constructor(context: EnvironmentContext, settings: SettingsFile) {
    this.#context = context
    this.#settings = settings
    this.files = new RevisionFiles(context, settings)
    this.seen = new SeenHistory(context, settings, this.files)
  }

  /**
   * The newest revision.
   * @throws EscError `tampered` when the settings promise a newer one; when this machine has seen a
   *   newer one, or another one of that number, or another key.
   */
  newest(): Revision {
    const { folder, host } = this.#context
    // Memory first: it never runs ahead of the folder, so what it knows must be there.
    const seen = this.seen.recall()
    let number = this.files.newestNumber(seen)
    if (seen === undefined || number < seen.number) {
      // Throws where it is there and looking is not allowed.
      statusOf(host.files, layout.revision(folder, number + 1))
      // Looked at in the moment in which the folder is replaced, a history
      // seems shorter than it is.
      const there = finishSwap(host.files, folder)
      if (there) number = this.files.newestNumber()
    }
    if (number === 0) throw this.files.missing(1)
    const newest = this.revision(number)
    this.refuseUnpromised(newest)
    this.seen.compare(newest, seen)
    this.#top = newest
    return newest
  }

  /**
   * The revision of the highest number, whatever the settings promise and this machine remembers.
   */
  unconfirmedNewest(): Revision {
    this.#top = this.revision(this.files.newestNumber())
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
    throw notPromised(this.#context, newest, vouched ?? this.#settings.last)
  }

  /**
   * A revision as it is kept, whether or not the newest one vouches for it.
   * @throws EscError as `RevisionFiles.read`.
   */
  revision(number: number): Revision {
    return this.files.read(number)
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
}
