import { EscError } from '../../src/errors.ts'
import { leaseName } from '../../src/store/postgres/leases.ts'
import { promptly } from '../../src/store/postgres/promptly.ts'
import { filesBelow, TreeFolder } from '../../src/store/postgres/tree.ts'
import { TreeFiles } from '../../src/store/postgres/tree-files.ts'
import type {
  JournalRecords,
  Lock,
  LockRequest,
  RunPart,
  ScheduleRun,
  StoreRecords,
  StoreTransaction,
  TransactionRequest,
} from '../../src/store/records/records.ts'
import type { MemoryFiles } from '../files/memory-files.ts'
import { stateOf, storeFolder } from './machine.ts'
import type { ReplicaProcess } from './replica-process.ts'

/** The time that a lease counts, and that between renewals, as of the real one. */
export const leaseMs = 30_000
const renewMs = 10_000
/** A statement is tried again for so long. */
const patienceMs = 20_000

interface LeaseRow {
  token: number
  holder: object
  expiresMs: number
}

/** Ways of being wrong, to see that the simulation notices. */
export type DatabaseSabotage =
  | 'keeps no runs'
  | 'leases are not checked'
  | 'journal needs no lease'
  | 'late answers are believed'

/**
 * The rows of a store, as the one disk that the ledger looks at; what one statement or transaction
 * does, it does at one instant, whatever becomes of whoever has sent it.
 */
export class SharedDatabase {
  readonly disk: MemoryFiles
  readonly leases = new Map<string, LeaseRow>()
  readonly runs = new Map<string, Readonly<Record<RunPart, boolean>>>()
  readonly sabotage: DatabaseSabotage | undefined
  /** Sees all that is kept. */
  onWrite: (bytes: Uint8Array) => void = () => {}
  onChange: () => void = () => {}
  version = 1

  constructor(disk: MemoryFiles, sabotage?: DatabaseSabotage) {
    this.disk = disk
    this.sabotage = sabotage
  }

  holds(name: string, token: number): boolean {
    if (this.sabotage === 'leases are not checked') return true
    const row = this.leases.get(name)
    return row !== undefined && row.token === token && row.expiresMs > Number.NEGATIVE_INFINITY
  }

  /** All files below a folder of the store, by their paths in it. */
  files(folder: string): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    const walk = (path: string, inside: string) => {
      for (const name of this.disk.list(path)) {
        const [below, within] = [`${path}/${name}`, inside === '' ? name : `${inside}/${name}`]
        if (this.disk.stat(below)?.kind === 'folder') walk(below, within)
        else found.set(within, this.disk.peek(below) as Uint8Array)
      }
    }
    walk(folder, '')
    return found
  }

  put(path: string, bytes: Uint8Array): void {
    const parts = path.split('/')
    for (let depth = 2; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      if (this.disk.stat(folder) === undefined) this.disk.makeFolder(folder)
    }
    this.onWrite(bytes)
    this.disk.put(path, bytes)
  }

  keepRun({ schedule, due, attempt }: ScheduleRun, part: RunPart): void {
    const name = `${schedule} ${Date.parse(due)} ${attempt}`
    const row = this.runs.get(name) ?? { saved: false, recorded: false, failed: false }
    const taken = part === 'recorded' ? row.recorded : row.saved || row.recorded || row.failed
    if (taken && this.sabotage !== 'keeps no runs') throw new EscError('already_exists', `${name} was ${part} already`)
    this.runs.set(name, { ...row, [part]: true })
  }
}

/** The store of one process. */
export class SharedRecordsOf implements StoreRecords {
  readonly kind = 'database'
  readonly root = storeFolder
  readonly files: TreeFiles
  readonly #database: SharedDatabase
  readonly #process: ReplicaProcess
  readonly #tokens = new Map<string, number>()
  readonly #journals = new Map<string, Map<string, Uint8Array>>()
  #version = 0
  #readMs = 0

  constructor(database: SharedDatabase, process: ReplicaProcess) {
    this.#database = database
    this.#process = process
    this.files = new TreeFiles({ root: storeFolder, identity: storeFolder, outside: process.files })
    this.#read()
  }

  async refresh(): Promise<void> {
    await this.#statement(() => this.#read())
  }

  asOf(): number {
    return this.#readMs
  }

  async transaction<T>(
    { environment, underLock }: TransactionRequest,
    write: (transaction: StoreTransaction) => T,
  ): Promise<T> {
    const later: (() => void)[] = []
    const runs: [ScheduleRun, RunPart][] = []
    const transaction: StoreTransaction = {
      afterwards: (act) => void later.push(act),
      again: () => {},
      partOf: (run, part) => void runs.push([run, part]),
    }
    const result = await this.#statement(() => {
      this.#read()
      const place = environment ?? ''
      if (underLock) this.#requireLease(idIn(this.#filesAt(place)))
      const before = this.#filesAt(place)
      const made = this.files.tree.attempt(
        () => write(transaction),
        () => this.#filesAt(place),
      )
      for (const [run, part] of runs) this.#database.keepRun(run, part)
      for (const [file, bytes] of made.changes) {
        const old = before.get(file)
        if (old === undefined || Buffer.compare(old, bytes) !== 0) {
          this.#database.put([storeFolder, place, file].filter(Boolean).join('/'), bytes)
        }
      }
      this.#database.version++
      this.#database.onChange()
      return made.result
    }, false)
    this.#read()
    for (const act of later) act()
    return result
  }

  async lock(request: LockRequest): Promise<Lock> {
    const name = leaseName(request)
    const holder = {}
    for (let waitedMs = 0; ; waitedMs += 250) {
      const token = await this.#statement(() => this.#take(name, holder))
      if (token !== undefined) {
        this.#tokens.set(name, token)
        this.#renewLater(name, token)
        await this.#statement(() => {
          this.#read()
          if (request.kind === 'environment') this.#readJournal(request.id)
        })
        return { release: () => this.#release(name, token) }
      }
      if (waitedMs >= request.waitMs) throw new EscError('locked', `${name} is locked`, { transient: true })
      await this.#process.sleep(250)
    }
  }

  journal(id: string): JournalRecords {
    const folder = `${stateOf('A')}/journal/${id}`
    const entries = this.#journals.get(id) ?? this.#readJournal(id)
    const change = (act: () => void) =>
      this.#statement(() => {
        if (this.#database.sabotage !== 'journal needs no lease') this.#renewLease(id)
        act()
        this.#database.version++
      })
    return {
      folder,
      names: () => [...entries.keys()],
      read: (name) => entries.get(name),
      makeDurable: () => {},
      requireLock: () =>
        promptly([() => this.#process.timeline.nowMs], () => this.#statement(() => this.#renewLease(id))),
      put: async (name, bytes) => {
        const content = Uint8Array.from(bytes)
        const put = () => change(() => this.#database.put(`${folder}/${name}`, content))
        // Neither the journal nor the rotation notices how long it took.
        if (this.#database.sabotage === 'late answers are believed') await this.#unnoticed(put)
        else await promptly([() => this.#process.timeline.nowMs], put)
        entries.set(name, content)
      },
      remove: async (name) => {
        await change(() => {
          if (this.#database.disk.peek(`${folder}/${name}`)) this.#database.disk.unlink(`${folder}/${name}`)
        })
        entries.delete(name)
      },
      setAside: async () => {
        throw new Error('nobody here gives a record up')
      },
    }
  }

  jobs(): undefined {
    return undefined
  }

  async close(): Promise<void> {}

  #filesAt(place: string): Map<string, Uint8Array> {
    const found = place === '' ? this.files.tree.root : this.files.tree.find(place)
    return found instanceof TreeFolder ? filesBelow(found) : new Map()
  }

  async #unnoticed(act: () => Promise<void>): Promise<void> {
    const before = this.#process.timeline.nowMs
    await act()
    this.#process.unnoticedMs += this.#process.timeline.nowMs - before
  }

  #requireLease(id: string): void {
    const name = leaseName({ kind: 'environment', id })
    if (this.#database.holds(name, this.#tokens.get(name) ?? 0)) return
    throw new EscError('locked', 'the lock of the environment was lost')
  }

  /** What follows must not be overtaken by whoever takes a lease that was over. */
  #renewLease(id: string): void {
    this.#requireLease(id)
    const row = this.#database.leases.get(leaseName({ kind: 'environment', id }))
    if (row !== undefined) row.expiresMs = Math.max(row.expiresMs, this.#process.timeline.nowMs + leaseMs)
  }

  #take(name: string, holder: object): number | undefined {
    const { nowMs } = this.#process.timeline
    const row = this.#database.leases.get(name)
    // Sent again after a lost answer.
    if (row?.holder === holder) return row.token
    if (row !== undefined && row.expiresMs > nowMs) return undefined
    const token = (row?.token ?? 0) + 1
    this.#database.leases.set(name, { token, holder, expiresMs: nowMs + leaseMs })
    return token
  }

  #renewLater(name: string, token: number): void {
    this.#process.after(renewMs, () => {
      if (this.#tokens.get(name) !== token) return
      void this.#statement(() => {
        const row = this.#database.leases.get(name)
        if (row === undefined || row.token !== token || row.expiresMs === Number.NEGATIVE_INFINITY) return false
        row.expiresMs = this.#process.timeline.nowMs + leaseMs
        return true
      })
        .then((renewed) => {
          if (renewed) this.#renewLater(name, token)
          else this.#tokens.delete(name)
        })
        .catch(() => {})
    })
  }

  #release(name: string, token: number): void {
    if (this.#tokens.get(name) !== token) return
    this.#tokens.delete(name)
    void this.#statement(() => {
      const row = this.#database.leases.get(name)
      if (row?.token === token) row.expiresMs = Number.NEGATIVE_INFINITY
    }).catch(() => {})
  }

  #read(): void {
    this.#readMs = this.#process.timeline.nowMs
    if (this.#version === this.#database.version) return
    this.#version = this.#database.version
    const all = this.#database.files(storeFolder)
    const places = new Map<string, Map<string, Uint8Array>>()
    for (const [path, bytes] of all) {
      const parts = path.split('/')
      if (parts.length < 3) this.files.tree.installFile(path, bytes)
      else {
        const place = parts.slice(0, 2).join('/')
        const files = places.get(place) ?? new Map<string, Uint8Array>()
        places.set(place, files.set(parts.slice(2).join('/'), bytes))
      }
    }
    for (const [place, files] of places) this.files.tree.install(place, files, this.#version)
    for (const id of this.#journals.keys()) {
      if (!this.#tokens.has(leaseName({ kind: 'environment', id }))) this.#readJournal(id)
    }
  }

  #readJournal(id: string): Map<string, Uint8Array> {
    const folder = `${stateOf('A')}/journal/${id}`
    const entries = this.#journals.get(id) ?? new Map<string, Uint8Array>()
    this.#journals.set(id, entries)
    entries.clear()
    if (this.#database.disk.stat(folder) === undefined) return entries
    for (const name of this.#database.disk.list(folder)) {
      entries.set(name, this.#database.disk.peek(`${folder}/${name}`) as Uint8Array)
    }
    return entries
  }

  /**
   * Sends a statement. It takes effect on its way, also when its sender dies or hears no answer.
   * Where that may be, it is sent again for a while.
   * @param again false for a transaction: the database is asked what has become of it.
   */
  async #statement<T>(effect: () => T, again = true): Promise<T> {
    const process = this.#process
    const sinceMs = process.timeline.nowMs
    for (;;) {
      const way = process.passStatement()
      if (globalThis.process.env.DBG)
        console.log(process.timeline.nowMs % 1e8, process.pid, way, String(effect).slice(0, 60).replaceAll('\n', ' '))
      await process.sleep(1)
      let outcome: { readonly value: T } | { readonly error: unknown } | undefined
      if (way !== 'lost before') {
        try {
          outcome = { value: effect() }
        } catch (error) {
          outcome = { error }
        }
      }
      process.passAnswer(way)
      if (outcome !== undefined && (way !== 'lost after' || !again)) {
        await process.sleep(way === 'lost after' ? 500 : 1)
        if ('error' in outcome) throw outcome.error
        return outcome.value
      }
      if (outcome !== undefined && 'error' in outcome) throw outcome.error
      if (process.timeline.nowMs - sinceMs > patienceMs) {
        throw new EscError('io', 'cannot reach the database', { transient: true })
      }
      await process.sleep(500)
    }
  }
}

function idIn(files: ReadonlyMap<string, Uint8Array>): string {
  const text = Buffer.from(files.get('settings.yaml') ?? []).toString()
  return /^id: *["']?([0-9A-Za-z-]{8,64})/m.exec(text)?.[1] ?? ''
}
