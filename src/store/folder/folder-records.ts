import type { FileSystem } from '../../files/index.ts'
import type { CompleteHost } from '../host.ts'
import { layout } from '../layout.ts'
import type {
  JournalRecords,
  Lock,
  LockRequest,
  StoreRecords,
  StoreTransaction,
  TransactionRequest,
} from '../records/records.ts'
import type { StoreState } from '../state/state.ts'
import { FolderJournal } from './folder-journal.ts'
import { lockInFolder } from './folder-locks.ts'
import { writeEnvironment, writeStore } from './write-locked.ts'

/** The folder of a store, and what this machine keeps about it. */
export interface FolderContext {
  readonly folder: string
  readonly state: StoreState
  readonly host: CompleteHost
}

/** Each file is kept as it is written, so what follows from it may follow at once. */
const atOnce: StoreTransaction = { afterwards: (act) => act(), again: () => {}, partOf: () => {} }

/** A store that is a folder: files that people read, edit and commit. */
export class FolderRecords implements StoreRecords {
  readonly kind = 'folder'
  readonly #context: FolderContext

  constructor(context: FolderContext) {
    this.#context = context
  }

  get root(): string {
    return this.#context.folder
  }

  get files(): FileSystem {
    return this.#context.host.files
  }

  refresh(): undefined {
    return undefined
  }

  asOf(): undefined {
    return undefined
  }

  transaction<T>(
    { environment, purpose }: TransactionRequest,
    write: (transaction: StoreTransaction) => T,
  ): Promise<T> {
    const act = () => write(atOnce)
    if (environment === undefined) return writeStore(this.#context, purpose, act)
    const { folder: store, state, host } = this.#context
    const folder = layout.environment(store, environment)
    return writeEnvironment({ name: environment, folder, state, host }, purpose, act)
  }

  lock(request: LockRequest): Promise<Lock> {
    return lockInFolder(this.#context, request)
  }

  journal(id: string): JournalRecords {
    return new FolderJournal(this.#context.host, this.#context.state, id)
  }

  jobs(): undefined {
    return undefined
  }

  async close(): Promise<void> {}
}
