import { dirname, join } from 'node:path'
import { EscError } from '../../errors.ts'
import { ioError, makeFolders, readIfPresent, statusOf, syncFolder, writeTemporary } from '../../files/index.ts'
import type { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { rich } from '../../rich-text.ts'
import { editHint } from '../edit-hint.ts'
import { Environment } from '../environment.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { hasConflictMarkers } from '../git/conflict-markers.ts'
import { layout } from '../layout.ts'
import { leastKept, packedThrough } from '../revisions/archive/archive-name.ts'
import { archivesOf } from '../revisions/archive/packed-revisions.ts'
import { packEventsStaged, packStaged } from '../revisions/archive/prune-revisions.ts'
import { type CipherPair, type Reencrypt, reseal } from '../revisions/reencryption.ts'
import { digestOf, formatRevision, parseRevision, type Revision } from '../revisions/revision-file.ts'
import { publish } from '../revisions/staging.ts'
import { cleanUpSwap, successorFolder, swapIn } from '../revisions/swap.ts'
import { Settings } from '../settings/settings.ts'
import { linkOthers, removeTree } from '../tree.ts'
import { mergeSettings } from './merge-settings.ts'
import { mergeLines, mergeTexts } from './merge-texts.ts'
import type { Renumbered, RenumberOptions } from './renumbering.ts'
import type { Side } from './side.ts'
import {
  commonLength,
  nameOnSide,
  refuseStrangers,
  refuseUnknownKey,
  type VerifiedSide,
  verifySide,
} from './verified-side.ts'
import { refuseOthers } from './work-tree-revisions.ts'

/**
 * Makes one history of two that have parted: the common revisions, those of ours, those of theirs
 * under new numbers, and a last one with the merged definition. Nothing of either side is lost;
 * authors and times stay. The sides are read from where they are safe, not from the work tree with
 * its conflicts; the result is built beside the environment and takes its place at once, so a run
 * that is killed can simply be repeated.
 *
 * @throws EscError `conflict` when the definitions cannot be merged without a person, or when the
 *   key was changed on one side; `tampered`, `key_unavailable`, `store_damaged`, `io`.
 */
export async function renumber(context: EnvironmentContext, options: RenumberOptions): Promise<Renumbered> {
  // The work tree's own settings may hold both sides.
  const { ours } = options.sides
  const { id } = new Settings(ours.settings, nameOnSide(context, ours, 'settings.yaml'))
  const busy = await new Environment(context).lock('renumber', { id })
  try {
    const merge = await Merge.prepare(context, options)
    const merged = await merge.definition()
    await context.records.transaction({ environment: context.name, purpose: 'renumber' }, () =>
      merge.write(merged.text),
    )
    return { ...merge.summary(), side: options.whose?.moved ?? 'theirs', definition: merged.how, notes: merge.notes }
  } catch (error) {
    throw ioError(error, `cannot merge environment '${context.name}'`)
  } finally {
    busy.release()
  }
}

class Merge {
  notes: readonly string[] = []
  readonly #leftOut: string[] = []
  readonly #context: EnvironmentContext
  readonly #options: RenumberOptions
  /** The last revision that both sides have. */
  readonly #common: Revision
  readonly #ours: VerifiedSide
  readonly #theirs: VerifiedSide
  /** Those of theirs that ours does not have yet under another number. */
  readonly #added: readonly Revision[]
  /** Both sides' key from now on. Undefined: neither has one. */
  readonly #key: DataKey | undefined
  #newest = 0

  private constructor(
    context: EnvironmentContext,
    options: RenumberOptions,
    found: { readonly common: Revision; readonly ours: VerifiedSide; readonly theirs: VerifiedSide },
  ) {
    this.#context = context
    this.#options = options
    this.#common = found.common
    this.#ours = found.ours
    this.#theirs = found.theirs
    this.#key = found.ours.key ?? found.theirs.key
    // A rebase comes here again with each commit: what it brought before is known by its digest.
    const known = new Set(found.ours.tail.map(({ details }) => details.origin))
    this.#added = found.theirs.tail.filter(({ digest }) => !known.has(digest))
  }

  static async prepare(context: EnvironmentContext, options: RenumberOptions): Promise<Merge> {
    const { ours, theirs } = options.sides
    const settings = [ours, theirs].map(
      (side) => new Settings(side.settings, nameOnSide(context, side, 'settings.yaml')),
    )
    const [ourSettings, theirSettings] = settings as [Settings, Settings]
    const length = commonLength(ours, theirs)
    refuseStrangers(context, ourSettings, theirSettings, length)
    const common = parseRevision(
      present(ours.revisions[length - 1]),
      nameOnSide(context, ours, `revisions/${length}.yaml`),
      length,
    )
    const found = {
      common,
      ours: await verifySide(context, ours, ourSettings, common),
      theirs: await verifySide(context, theirs, theirSettings, common),
    }
    if (options.incoming === 'ours') refuseUnknownKey(context, ours, found.theirs, found.ours)
    else refuseUnknownKey(context, theirs, found.ours, found.theirs)
    return new Merge(context, options, found)
  }

  summary(): { readonly revision: number; readonly renumbered: readonly { from: number; to: number }[] } {
    const moved = this.#added.map(({ number }) => ({ from: number, to: this.#numberOf(number) }))
    return { revision: this.#newest, renumbered: moved.filter(({ from, to }) => from !== to) }
  }

  /** The newest definition of the merged history. */
  async definition(): Promise<{ readonly how: Renumbered['definition']; readonly text: string }> {
    const ours = (this.#ours.tail.at(-1) ?? this.#common).definition
    const last = this.#theirs.tail.at(-1)
    const theirs = last === undefined ? this.#common.definition : this.#underOurKey(last)
    const skipped = this.#theirs.tail.filter((revision) => !this.#added.includes(revision)).at(-1)
    const base = skipped === undefined ? this.#common.definition : this.#underOurKey(skipped)
    if (this.#ours.tail.length === 0 || ours === base || ours === theirs) return { how: 'one-side', text: theirs }
    if (this.#added.length === 0 || theirs === base) return { how: 'one-side', text: ours }
    const working = await this.#resolution()
    const rotated = { ours: lastRotated(this.#ours.tail), theirs: lastRotated(this.#added) }
    const reconciled = this.#options.reconcile?.({ base, ours, theirs, rotated }) ?? {
      ours,
      theirs,
      apply: (same) => same,
    }
    const texts = { base, ours: reconciled.ours, theirs: reconciled.theirs }
    const merged = await mergeTexts(this.#options.runGit, this.#context, texts, working)
    const ciphers = this.#ciphers()
    const text =
      merged.how === 'hand'
        ? reconciled.apply(this.#options.reencrypt(merged.text, ciphers, this.#common))
        : merged.text
    return { how: merged.how, text: (await this.#options.complete?.(text, ciphers)) ?? text }
  }

  /**
   * `environment.yaml` as far as a person may have written it. Nothing vouches for that file: an
   * edit that one side has committed without saving it may be anybody's, and must not be taken for
   * the resolution of the person who merges, who would seal it.
   */
  async #resolution(): Promise<string | undefined> {
    const file = layout.definition(this.#context.folder)
    const working = readText(this.#context, file)
    const { ours, theirs, baseWorking = '' } = this.#options.sides
    const edited = [
      { side: ours, tail: this.#ours.tail },
      { side: theirs, tail: this.#theirs.tail },
    ].filter(({ side, tail }) => !this.#isSaved(side, tail))
    const [first] = edited
    if (first === undefined || working === undefined || hasConflictMarkers(working)) return working
    const { label } = first.side
    const committed = { base: baseWorking, ours: ours.working ?? '', theirs: theirs.working ?? '' }
    const byGit = [committed.ours, committed.theirs, await mergeLines(this.#options.runGit, this.#context, committed)]
    if (byGit.includes(working)) {
      this.#leftOut.push(
        `environment.yaml in ${label} holds an edit that was never saved as a revision: it was left out, and is in that commit`,
      )
      return undefined
    }
    throw new EscError(
      'unsaved_edit',
      `environment.yaml in ${label} holds an edit that was never saved as a revision, so nobody with the key of '${this.#context.name}' vouches for it, and ${file} may hold it too`,
      {
        hint: rich`keep a copy of your resolution and abort the merge; on that side, look at the edit, ${editHint(this.#context.name)}, commit, and merge again`,
      },
    )
  }

  /**
   * True when the side's `environment.yaml` is its newest definition, or the one before
   * it, as a crash leaves it.
   */
  #isSaved({ working, revisions }: Side, tail: readonly Revision[]): boolean {
    const newest = tail.at(-1) ?? this.#common
    const before = tail.at(-2) ?? (tail.length === 1 ? this.#common : undefined)
    const older =
      before ??
      (newest.number > 1 ? parseRevision(present(revisions[newest.number - 2]), '', newest.number - 1) : undefined)
    return working === undefined || working === newest.definition || working === older?.definition
  }

  /** For the holder of the environment's locks. */
  write(definition: string): void {
    const { folder, host } = this.#context
    const { files } = host
    const { sides } = this.#options
    refuseOthers(this.#context, [sides.ours, sides.theirs], [this.#ours, this.#theirs])
    cleanUpSwap(files, folder)
    makeFolders(files, dirname(folder))
    const staged = successorFolder(folder)
    try {
      files.makeFolder(staged)
      files.makeFolder(layout.revisions(staged))
      this.#newest = 0
      for (const bytes of this.#revisions(definition)) this.#writeRevision(staged, ++this.#newest, bytes)
      syncFolder(files, layout.revisions(staged))
      const packed = Math.min(packedThrough(archivesOf(files, folder)), this.#newest - leastKept)
      packStaged(files, staged, packed)
      writeTemporary(files, layout.definition(staged), Buffer.from(definition))
      writeTemporary(files, layout.settings(staged), Buffer.from(this.#settingsText()))
      this.#writeEvents(staged)
      if (packed > 0) packEventsStaged(files, staged, packed)
      if (statusOf(files, folder) !== undefined) {
        const own = [
          layout.revisions(folder),
          layout.definition(folder),
          layout.settings(folder),
          join(folder, 'events'),
        ]
        linkOthers(files, { from: folder, to: staged, except: own })
      }
      syncFolder(files, staged)
      this.#context.memory.forgetRebased(this.#ours.settings.id)
      if (statusOf(files, folder) === undefined) publish(files, staged, folder)
      else swapIn(files, folder)
    } catch (error) {
      if (statusOf(files, folder) !== undefined) removeTree(files, staged)
      throw error
    }
  }

  *#revisions(definition: string): Generator<Uint8Array> {
    const { sides, author, created } = this.#options
    yield* sides.ours.revisions.slice(0, this.#common.number)
    let last: { number: number; digest: string; definition: string } = this.#common
    for (const revision of this.#ours.tail) {
      yield present(sides.ours.revisions[revision.number - 1])
      last = revision
    }
    if (this.#keepsTheirBytes()) {
      for (const revision of this.#added) {
        yield present(sides.theirs.revisions[revision.number - 1])
        last = revision
      }
    } else if (this.#added.length > 0) {
      const reencrypt: Reencrypt = (_, __, revision) => this.#underOurKey(revision as Revision)
      const record = (revision: Revision) => ({ details: this.#details(revision) })
      const options = { from: this.#theirs.key, to: present(this.#key), reencrypt, after: last, record }
      for (const { bytes, definition: text } of reseal(this.#added, options)) {
        yield bytes
        last = { number: last.number + 1, digest: digestOf(bytes), definition: text }
      }
    }
    if (last.definition === definition) return
    const details = { theirs: sides.theirs.label }
    const merge = { number: last.number + 1, created, author, change: 'merge', details, previous: last.digest }
    yield formatRevision(merge, definition, (sealed) => present(this.#key).seal('revision', sealed))
  }

  /** Theirs simply goes on where ours stopped. */
  #keepsTheirBytes(): boolean {
    return this.#ours.tail.length === 0 && this.#key === (this.#theirs.key ?? this.#key)
  }

  #details(revision: Revision): Readonly<Record<string, string>> {
    const { change, details, digest, number } = revision
    const from: Record<string, string> =
      change === 'rollback' && details.from ? { from: String(this.#numberOf(Number(details.from))) } : {}
    // A history can be merged again: what it was called before stays known.
    const earlier: Record<string, string> =
      details.origin === undefined
        ? {}
        : { earlierOrigins: [details.earlierOrigins, details.origin].filter(Boolean).join(' ') }
    return { ...details, ...from, ...earlier, renumbered: String(number), origin: digest }
  }

  /** Returns the number that a revision of theirs has from now on. */
  #numberOf(number: number): number {
    if (number <= this.#common.number) return number
    const index = this.#added.findIndex((revision) => revision.number === number)
    if (index !== -1) return this.#common.number + this.#ours.tail.length + index + 1
    const digest = this.#theirs.tail.find((revision) => revision.number === number)?.digest
    return this.#ours.tail.find(({ details }) => details.origin === digest)?.number ?? number
  }

  #settingsText(): string {
    const { sides } = this.#options
    const [ours, theirs] = [this.#ours.settings, this.#theirs.settings]
    const base =
      sides.baseSettings === undefined ? undefined : new Settings(sides.baseSettings, 'the common settings.yaml')
    // The key's own fields come from the side that has one.
    const keyed =
      ours.wrappedDataKey === undefined && theirs.wrappedDataKey !== undefined
        ? new Settings(
            ours.with({
              secretsProvider: theirs.get('secretsProvider'),
              wrappedDataKey: theirs.wrappedDataKey,
              sealedFrom: theirs.sealedFrom ?? 1,
              sealedAfter: theirs.sealedAfter,
            }),
            ours.file,
          )
        : ours
    const renumbering = (number: number) => this.#numberOf(number)
    const merged = mergeSettings({
      base,
      ours: keyed,
      theirs,
      renumber: renumbering,
      key: this.#key,
      kept: this.#options.whose?.kept ?? 'ours',
    })
    this.notes = [...this.#leftOut, ...merged.notes]
    return merged.text
  }

  #writeRevision(staged: string, number: number, bytes: Uint8Array): void {
    const { folder, host } = this.#context
    const present = readIfPresent(host.files, layout.revision(folder, number))
    const file = layout.revision(staged, number)
    if (present !== undefined && Buffer.from(bytes).equals(present))
      host.files.link(layout.revision(folder, number), file)
    else writeTemporary(host.files, file, bytes)
  }

  /** Lines of both, each once. */
  #writeEvents(staged: string): void {
    const { ours, theirs } = this.#options.sides
    const names = new Set([...ours.events.keys(), ...theirs.events.keys()])
    if (names.size === 0) return
    const { files } = this.#context.host
    files.makeFolder(join(staged, 'events'))
    for (const name of names) {
      const lines = [ours, theirs].flatMap(({ events }) => (events.get(name) ?? '').split('\n'))
      const unique = [...new Set(lines)].filter((line) => line !== '').map((line) => `${line}\n`)
      writeTemporary(files, join(staged, 'events', name), Buffer.from(unique.join('')))
    }
    syncFolder(files, join(staged, 'events'))
  }

  #underOurKey(revision: Revision): string {
    if (this.#theirs.key === this.#key) return revision.definition
    return this.#options.reencrypt(revision.definition, this.#ciphers(), revision)
  }

  /** Opens what is under either key, and keeps the ciphertexts that are under ours. */
  #ciphers(): CipherPair {
    const kept = new Map<string, Uint8Array[]>()
    return {
      decrypt: (ciphertext) => {
        try {
          const plaintext = present(this.#key).decrypt(ciphertext)
          kept.set(plaintext, [...(kept.get(plaintext) ?? []), ciphertext])
          return plaintext
        } catch (error) {
          if (this.#theirs.key === undefined || this.#theirs.key === this.#key) throw error
          return this.#theirs.key.decrypt(ciphertext)
        }
      },
      encrypt: (plaintext) => kept.get(plaintext)?.shift() ?? present(this.#key).encrypt(plaintext),
    }
  }
}

/**
 * Returns the time when the newest rotation among some revisions was; the beginning of time where
 * there is none.
 */
function lastRotated(revisions: readonly Revision[]): Date {
  return revisions.findLast(({ change }) => change === 'rotate')?.created ?? new Date(0)
}

function readText(context: EnvironmentContext, file: string): string | undefined {
  const bytes = readIfPresent(context.host.files, file)
  return bytes && Buffer.from(bytes).toString()
}
