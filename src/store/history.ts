import { EscError } from '../errors.ts'
import { readIfPresent, statusOf, syncFile, syncFolder } from '../files/index.ts'
import { digestOfKey, type Sighting } from './history-memory.ts'
import { layout } from './layout.ts'
import { newestNumber } from './newest.ts'
import { type EnvironmentPlace, restoreHint } from './place.ts'
import { digestOf, parseRevision, type Revision } from './revision-file.ts'
import type { SettingsFile } from './settings-file.ts'
import { finishSwap } from './swap.ts'

/** The revisions of one environment. Reading them needs no key. */
export class History {
  readonly #place: EnvironmentPlace
  readonly #settings: SettingsFile

  constructor(place: EnvironmentPlace, settings: SettingsFile) {
    this.#place = place
    this.#settings = settings
  }

  /**
   * The newest revision.
   * @throws EscError `tampered` when this machine has seen a newer one, or another one of that number, or another key.
   */
  newest(): Revision {
    const { memory } = this.#place
    const { id } = this.#settings.last
    // Memory first: it never runs ahead of the folder, so what it knows must be there.
    const seen = memory.recall(id)
    let number = this.newestNumber(seen?.number)
    if (seen === undefined || number < seen.number) {
      // Throws where it is there and looking is not allowed.
      statusOf(this.#place.world.files, layout.revision(this.#place.folder, number + 1))
      // Looked at in the moment in which the folder is replaced, a history seems shorter than it is.
      const there = finishSwap(this.#place.world.files, this.#place.folder)
      if (there) number = this.newestNumber(number)
    }
    if (number === 0) throw this.#missing(1)
    const newest = this.revision(number)
    if (seen === undefined || !sameSighting(seen, this.#sighting(newest))) {
      // Another process may have changed the settings since they were read: memory may know of it before this object does.
      this.#settings.read()
      const sighting = this.#sighting(newest)
      this.#compareWithMemory(newest, seen, sighting)
      this.#rememberOnceDurable(newest, sighting)
    }
    return newest
  }

  /** @throws EscError `not_found`, `store_damaged`; `tampered` when it lacks the seal that the settings ask for. */
  revision(number: number): Revision {
    const { folder, name, world } = this.#place
    const file = layout.revision(folder, number)
    const possible = Number.isSafeInteger(number) && number > 0
    let bytes = possible ? readIfPresent(world.files, file) : undefined
    if (bytes === undefined && possible && finishSwap(world.files, folder)) bytes = readIfPresent(world.files, file)
    if (bytes === undefined) throw this.#missing(number)
    const revision = parseRevision(bytes, file, number)
    const { sealedFrom } = this.#settings.last
    if (revision.seal === undefined && sealedFrom !== undefined && number >= sealedFrom) {
      throw new EscError('tampered', `revision ${number} of environment '${name}' has lost its seal: ${file}`, {
        hint: restoreHint,
      })
    }
    return revision
  }

  /** Of a revision's file, which may hold anything. Undefined: there is no such file. */
  digestOf(number: number): string | undefined {
    const bytes = readIfPresent(this.#place.world.files, layout.revision(this.#place.folder, number))
    return bytes && digestOf(bytes)
  }

  /** All revisions, newest first, each read when it is asked for. */
  *newestFirst(): Generator<Revision> {
    for (let number = this.newest().number; number > 0; number--) yield this.revision(number)
  }

  /** Whether there is a revision of that number, without reading it. */
  has(number: number): boolean {
    return this.#place.world.files.exists(layout.revision(this.#place.folder, number))
  }

  newestNumber(hint?: number): number {
    return newestNumber((number) => this.has(number), hint)
  }

  /**
   * The revision is on the disk when this returns. Whoever wrote it may not have got as far: a process that was killed
   * before it could, or git, which does not sync what it checks out.
   */
  makeDurable({ number }: Revision): void {
    const { folder, world } = this.#place
    syncFile(world.files, layout.revision(folder, number))
    syncFolder(world.files, layout.revisions(folder))
  }

  /** Makes this machine remember a revision that was just written. */
  remember(newest: Revision): void {
    this.#place.memory.remember(this.#settings.last.id, this.#sighting(newest))
  }

  /** Makes this machine remember settings that were just written. */
  rememberSettings(): void {
    const { memory } = this.#place
    const { id, generation = 0 } = this.#settings.last
    const seen = memory.recall(id)
    if (seen !== undefined) memory.remember(id, { ...seen, generation })
  }

  /** Were the memory to outlive the revision, the next reader would take a power failure for tampering. */
  #rememberOnceDurable(newest: Revision, sighting: Sighting): void {
    const { memory } = this.#place
    try {
      this.makeDurable(newest)
    } catch {
      return
    }
    memory.remember(this.#settings.last.id, sighting)
  }

  #sighting({ number, digest }: Revision): Sighting {
    const { wrappedDataKey, generation = 0 } = this.#settings.last
    return { number, digest, key: digestOfKey(wrappedDataKey), generation }
  }

  #compareWithMemory(newest: Revision, seen: Sighting | undefined, now: Sighting): void {
    const { folder, memory, name } = this.#place
    const settings = this.#settings.last
    const file = memory.file(settings.id)
    const refuse = (problem: string, place: string, hint: string) => {
      throw new EscError('tampered', `${problem}, in ${place}`, { hint })
    }
    const resetHint = `restore the files from the git history; if the history was reset on purpose, delete ${file}`
    if (now.key === '' && seen !== undefined && seen.key !== '') {
      refuse(`the settings of environment '${name}' have lost the data key`, settings.file, resetHint)
    }
    if (now.key !== '' && !memory.knowsKey(settings.id, now.key)) {
      refuse(
        `environment '${name}' has another data key than this machine has seen`,
        settings.file,
        `whoever holds that key can read what you save: unless you know who changed the secrets provider, restore the environment from the git history; to accept the key, run "esc env trust ${name}"`,
      )
    }
    if (seen === undefined) return
    if (newest.number < seen.number) {
      refuse(
        `the history of environment '${name}' was cut short: its newest revision is ${newest.number}, and this machine has seen revision ${seen.number}`,
        layout.revisions(folder),
        resetHint,
      )
    }
    // After a key change every file has another digest.
    if (now.key !== seen.key && seen.key !== '') return
    if ((now.generation ?? 0) < (seen.generation ?? 0)) {
      refuse(
        `older tags and retractions of environment '${name}' were put back: this machine has seen generation ${seen.generation}, and the settings have ${now.generation}`,
        settings.file,
        resetHint,
      )
    }
    const then = newest.number === seen.number ? newest : this.revision(seen.number)
    if (then.digest !== seen.digest) {
      refuse(
        `revision ${seen.number} of environment '${name}' is not the one this machine has seen before`,
        layout.revision(folder, seen.number),
        resetHint,
      )
    }
  }

  #missing(number: number): EscError {
    const { folder, name } = this.#place
    const newest = this.newestNumber()
    if (newest === 0) {
      const problem = `environment '${name}' has no revisions in ${layout.revisions(folder)}`
      return new EscError('store_damaged', problem, { hint: restoreHint })
    }
    return new EscError('not_found', `environment '${name}' has no revision ${number}; the newest is ${newest}`)
  }
}

function sameSighting(one: Sighting, other: Sighting): boolean {
  return (
    one.number === other.number &&
    one.digest === other.digest &&
    one.key === other.key &&
    (one.generation ?? 0) === (other.generation ?? 0)
  )
}
