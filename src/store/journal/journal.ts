import { basename, join } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { DataKey } from '../../keys/index.ts'
import { storeIdentity } from '../../machine/index.ts'
import { present } from '../../present.ts'
import { rich, step } from '../../rich-text.ts'
import type { CompleteHost } from '../host.ts'
import type { JournalRecords } from '../records/records.ts'
import type { StoreState } from '../state/state.ts'
import {
  type EntryFile,
  type EntryName,
  type EntryOrigin,
  entryContextOf,
  entryFile,
  entryNames,
  formatEntry,
  parseEntry,
} from './journal-file.ts'

export interface JournalRecord {
  readonly id: string
  readonly content: Uint8Array
}

/**
 * An entry of an environment with the same id that the data key at hand does not
 * open, made in another store.
 */
export interface ForeignJournalEntry extends EntryOrigin {
  readonly file: string
}

/**
 * One file of the journal, also when it cannot be read.
 * - `own`: the data key opens it.
 * - `foreign`: made in another store, under another data key.
 * - `unreadable`: made in this store, and the data key at hand does not open it;
 *   or there is none at hand.
 */
export type JournalFile = EntryOrigin & { readonly file: string; readonly id: string } & (
    | { readonly kind: 'own'; readonly content: Uint8Array }
    | { readonly kind: 'foreign' }
    | { readonly kind: 'unreadable'; readonly problem: string }
  )

interface JournalContext {
  readonly host: Pick<CompleteHost, 'keys'>
  readonly records: JournalRecords
  readonly state: StoreState
  readonly id: string
  /** Name of the environment. */
  readonly environment: string
  /** Makes the data key when there is none. */
  readonly createKey: () => Promise<DataKey>
  readonly existingKey: () => Promise<DataKey>
}

/** An entry that the data key at hand opens. */
interface OwnEntry {
  readonly name: EntryName
  readonly origin: EntryOrigin
  readonly content: Uint8Array
}

/**
 * Everything an unfinished rotation must not lose: one file for each entry, encrypted under the
 * environment's data key. The folder is that of the environment's id on this machine, whatever
 * store it is in; each file names the key it is encrypted under, so that a store with a copied id
 * and a key of its own can neither replace an entry nor be taken for its owner. Nothing here is
 * ever removed but by `remove`.
 */
export class RotationJournal {
  readonly folder: string
  readonly #context: JournalContext
  /** The data key, once it was needed. */
  #key: DataKey | undefined
  /**
   * Entries of earlier versions, listed once: nobody but a migration adds any, and
   * those are for the next run.
   */
  #unmarked: readonly EntryName[] | undefined

  constructor(context: JournalContext) {
    this.#context = context
    this.folder = context.records.folder
  }

  /** Needs no key, and so counts entries too that turn out to be another store's. */
  ids(): string[] {
    return [...new Set(this.#names().map(({ id }) => id))]
  }

  /** True when there are entries that the key opens, or that stand in the way of `list`. */
  anyUnder(key: DataKey): boolean {
    return this.#names().some((name) => {
      try {
        return this.#read(name, key)?.kind === 'own'
      } catch {
        return true
      }
    })
  }

  /**
   * All entries, decrypted; none, and no key needed, when there is no unfinished rotation. Says so
   * when there are entries of another store.
   * @throws EscError `tampered` when one of this store cannot be decrypted.
   */
  async list(): Promise<JournalRecord[]> {
    const { records, foreign } = await this.look()
    for (const { file, store } of foreign)
      this.#context.host.keys.notify({ kind: 'foreign-journal-entry', file, store })
    return records
  }

  /** As `list`, with the entries of other stores, and says nothing. */
  async look(): Promise<{ readonly records: JournalRecord[]; readonly foreign: ForeignJournalEntry[] }> {
    const names = this.#names()
    if (names.length === 0) return { records: [], foreign: [] }
    const key = await this.#existingKey()
    const read = names.flatMap((name) => this.#read(name, key) ?? [])
    const foreign = read.flatMap((each) => (each.kind === 'foreign' ? [each.foreign] : []))
    const own = read.flatMap((each) => (each.kind === 'own' ? [each.own] : []))
    const records = [...new Set(own.map(({ name }) => name.id))].map((id) => ({
      id,
      content: firstOf(own, id).content,
    }))
    return { records, foreign }
  }

  /**
   * Every file there is, for people. Never fails because of one of them, nor
   * because there is no key.
   */
  async files(): Promise<JournalFile[]> {
    const names = this.#names()
    if (names.length === 0) return []
    const { key, problem } = await this.#existingKey().then(
      (key) => ({ key, problem: '' }),
      (error: unknown) => ({ key: undefined, problem: messageOf(error) }),
    )
    return names.flatMap((name): JournalFile[] => {
      const shared = { ...this.#origin(name), file: join(this.folder, name.file), id: name.id }
      if (key === undefined) return [{ ...shared, kind: 'unreadable', problem }]
      try {
        const read = this.#read(name, key)
        if (read === undefined) return []
        return [
          read.kind === 'own' ? { ...shared, kind: 'own', content: read.own.content } : { ...shared, kind: 'foreign' },
        ]
      } catch (error) {
        return [{ ...shared, kind: 'unreadable', problem: messageOf(error) }]
      }
    })
  }

  /**
   * Takes a file of `files` out of the journal. It is kept, encrypted as it is, in
   * the place that is returned.
   */
  async setAside(file: string): Promise<string> {
    return this.#context.records.setAside(basename(file))
  }

  /**
   * The result of `list` is on the disk when this returns, also if whoever wrote it was killed
   * before it was. Whoever acts upon an entry must know that: when a loss of power took it away,
   * nobody would know what had been done.
   */
  makeDurable(): void {
    this.#context.records.makeDurable()
  }

  /** Adds or replaces an entry. Returns when it is on the disk. */
  async put(id: string, content: Uint8Array): Promise<void> {
    const { createKey, environment, state, records } = this.#context
    const key = await createKey()
    this.#key = key
    const moved = this.#moved(id, key)
    const origin = { store: state.store, environment, ...(moved && { replaces: moved }) }
    const bytes = formatEntry(origin, (bound) => key.encryptRecord(entryContextOf(id, bound), content))
    await records.put(entryFile(id, key.mark), bytes)
    if (moved !== undefined) await records.remove(moved)
  }

  /** Throws EscError `locked` when another process has taken over the environment's lock. */
  requireLock(): Promise<void> {
    return this.#context.records.requireLock()
  }

  /** Returns when the entry is gone for good. Absent: nothing to do. */
  async remove(id: string): Promise<void> {
    if (this.#key === undefined && !this.ids().includes(id)) return
    const key = await this.#existingKey()
    const moved = this.#moved(id, key)
    // First, or a crash in between would leave what the entry has taken the place of.
    const { records } = this.#context
    if (moved !== undefined) await records.remove(moved)
    await records.remove(entryFile(id, key.mark))
  }

  async #existingKey(): Promise<DataKey> {
    this.#key = await this.#context.existingKey()
    return this.#key
  }

  #names(): EntryName[] {
    return entryNames(this.#context.records.names())
  }

  /**
   * The file of an earlier version's entry that the entry of this id has taken the
   * place of, or is about to.
   */
  #moved(id: string, key: DataKey): string | undefined {
    this.#unmarked ??= this.#names().filter(({ mark }) => mark === undefined)
    if (!this.#unmarked.some((name) => name.id === id)) return undefined
    const own = this.#names()
      .filter((name) => name.id === id)
      .flatMap((name) => {
        const read = this.#read(name, key)
        return read?.kind === 'own' ? [read.own] : []
      })
    if (own.length === 0) return undefined
    const { name, origin } = firstOf(own, id)
    return name.mark === undefined ? name.file : own.find((each) => each.name.file === origin.replaces)?.name.file
  }

  #origin({ file }: EntryName): EntryOrigin {
    const bytes = this.#context.records.read(file)
    return (bytes && parseEntry(bytes)?.origin) ?? {}
  }

  /**
   * `undefined` when it is gone. @throws EscError `tampered` for an entry of this store
   * that cannot be decrypted.
   */
  #read(
    name: EntryName,
    key: DataKey,
  ): { kind: 'own'; own: OwnEntry } | { kind: 'foreign'; foreign: ForeignJournalEntry } | undefined {
    const { environment, state, records } = this.#context
    const file = join(this.folder, name.file)
    const bytes = records.read(name.file)
    if (bytes === undefined) return undefined
    const entry = parseEntry(bytes)
    const content =
      entry && (name.mark === undefined || name.mark === key.mark) ? decrypt(entry, name.id, key) : undefined
    if (entry !== undefined && content !== undefined)
      return { kind: 'own', own: { name, origin: entry.origin, content } }
    const { store } = entry?.origin ?? {}
    const identity = name.movedFrom ?? (store === undefined ? undefined : storeIdentity(store))
    if (name.mark !== key.mark && identity !== basename(state.folder)) {
      return { kind: 'foreign', foreign: { ...entry?.origin, file } }
    }
    throw new EscError(
      'tampered',
      `the journal of environment '${environment}' holds an entry that cannot be ${entry ? 'decrypted' : 'read'}: ${file}`,
      {
        hint: rich`it may hold a credential of an unfinished rotation: restore the data key it was made with; where that is gone, ${step('set the file aside', { do: 'forget-record', environment })}`,
      },
    )
  }
}

/**
 * The entry that counts of several of one id: that under the name of the key, else the first. The
 * others wait until it is done.
 */
function firstOf(own: readonly OwnEntry[], id: string): OwnEntry {
  const entries = own.filter(({ name }) => name.id === id)
  return entries.find(({ name }) => name.mark !== undefined) ?? present(entries[0])
}

function decrypt({ bound, ciphertext }: EntryFile, id: string, key: DataKey): Uint8Array | undefined {
  try {
    return key.decryptRecord(entryContextOf(id, bound), ciphertext)
  } catch (error) {
    if (error instanceof EscError && error.code === 'tampered') return undefined
    throw error
  }
}
