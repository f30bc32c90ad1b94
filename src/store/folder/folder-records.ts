import type { FileSystem } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { layout } from '../layout.ts'
import type { JournalRecords, Lock, LockRequest, StoreRecords, Turn, TurnRequest } from '../records/records.ts'
import type { StoreState } from '../state/state.ts'
import { FolderJournal } from './folder-journal.ts'
import { lockInFolder } from './folder-locks.ts'
import { writeEnvironment, writeStore } from './folder-turns.ts'

/** The folder of a store, and what this machine keeps about it. */
export interface StorePlace {
  readonly folder: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/** Each file is kept as it is written, so what follows from it may follow at once. */
const atOnce: Turn = { afterwards: (act) => act() }

/** A store that is a folder: files that people read, edit and commit. */
export class FolderRecords implements StoreRecords {
  readonly kind = 'folder'
  readonly #place: StorePlace

  constructor(place: StorePlace) {
    this.#place = place
  }

  get root(): string {
    return this.#place.folder
  }

  get files(): FileSystem {
    return this.#place.host.files
  }

  refresh(): undefined {
    return undefined
  }

  asOf(): undefined {
    return undefined
  }

  turn<T>({ environment, purpose }: TurnRequest, write: (turn: Turn) => T): Promise<T> {
    const act = () => write(atOnce)
    if (environment === undefined) return writeStore(this.#place, purpose, act)
    const { folder: store, state, host } = this.#place
    const folder = layout.environment(store, environment)
    return writeEnvironment({ name: environment, folder, state, host }, purpose, act)
  }

  lock(request: LockRequest): Promise<Lock> {
    return lockInFolder(this.#place, request)
  }

  journal(id: string): JournalRecords {
    return new FolderJournal(this.#place.host, this.#place.state, id)
  }

  async close(): Promise<void> {}
}
