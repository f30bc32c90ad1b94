import { EscError } from '../../errors.ts'
import { listIfPresent, readIfPresent, statusOf, syncFile, syncFolder } from '../../files/index.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import type { Sighting } from '../keys/remembered.ts'
import { layout, revisionNumber } from '../layout.ts'
import type { SettingsFile } from '../settings/settings-file.ts'
import { archivesAmong, packedThrough } from './archive/archive-name.ts'
import { isPacked, packedRevision } from './archive/packed-revisions.ts'
import { newestNumber } from './newest.ts'
import { digestOf, parseRevision, type Revision } from './revision-file.ts'
import { finishSwap } from './swap.ts'

const gapHint =
  'restore the file from the git history; if it was never committed, whoever made the next revision has it: they commit and push it'

/** The files and archives that hold the revisions of one environment, by number. */
export class RevisionFiles {
  readonly #context: EnvironmentContext
  readonly #settings: SettingsFile

  constructor(context: EnvironmentContext, settings: SettingsFile) {
    this.#context = context
    this.#settings = settings
  }

  /**
   * @throws EscError `not_found`, `store_damaged`; `tampered` when it lacks the seal
   *   that the settings ask for.
   */
  read(number: number): Revision {
    const { folder, name, host } = this.#context
    const file = layout.revision(folder, number)
    const possible = Number.isSafeInteger(number) && number > 0
    let bytes = possible ? readIfPresent(host.files, file) : undefined
    if (bytes === undefined && possible && finishSwap(host.files, folder)) bytes = readIfPresent(host.files, file)
    const packed = bytes === undefined && possible ? packedRevision(host.files, folder, number) : undefined
    const found = bytes === undefined ? packed : { bytes, file }
    if (found === undefined) throw this.missing(number)
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
    if (seen?.listed === undefined || seen.listed !== this.folderChanged()) return this.#listedNewest()
    // Archives hold none that are newer than one with a file of its own.
    return newestNumber((number) => number === seen.number || this.#hasFile(number), seen.number)
  }

  /**
   * Returns the time when names in the folder of the revisions last changed, in milliseconds since
   * 1970.
   */
  folderChanged(): number {
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

  /** The error for a revision that is not there. */
  missing(number: number): EscError {
    const { folder, name } = this.#context
    const newest = this.newestNumber()
    if (newest === 0) {
      const problem = `environment '${name}' has no revisions in ${layout.revisions(folder)}`
      return new EscError('store_damaged', problem, { hint: restoreHint })
    }
    return new EscError('not_found', `environment '${name}' has no revision ${number}; the newest is ${newest}`)
  }
}
