import { createFile, makeFolders } from '../../src/files/index.ts'
import { openDatabase, Store } from '../../src/store/index.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import type { RecordsKind, RecordsSite } from './records.contract.ts'
import { Machine } from './worlds.ts'

let server: Promise<PostgresServer> | undefined
let schemas = 0

/** The server of these tests. One of their own: they kill it. */
export function postgresServer(): Promise<PostgresServer> {
  server ??= startPostgres()
  return server
}

export async function stopPostgres(): Promise<void> {
  await (await server)?.stop()
}

export const postgresRecords: RecordsKind = {
  name: 'PostgreSQL',
  faults: {
    'connection lost before a statement': 4,
    'answer to a statement lost': 4,
    'process killed': 4,
    'server killed': 6,
  },
  isShared: true,
  make: () => PostgresSite.make(),
}

type Listener = NonNullable<NonNullable<Parameters<typeof openDatabase>[1]>['onStatement']>
type Client = Parameters<Listener>[1]

/** A store in a schema of its own, and a machine whose processes use it. */
class PostgresSite implements RecordsSite {
  readonly #url: string
  readonly #schema: string
  readonly #machine = new Machine()
  readonly #server: PostgresServer
  readonly #open: Store[] = []
  /** Statements of the process that was opened last. */
  #process = { statements: 0 }
  #fault: { readonly kind: string; readonly process: object; readonly at: number } | undefined
  struck = false

  private constructor(postgres: PostgresServer) {
    this.#server = postgres
    this.#schema = `site_${++schemas}`
    const { host, port, admin } = postgres
    this.#url = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=${this.#schema}`
  }

  static async make(): Promise<PostgresSite> {
    const site = new PostgresSite(await postgresServer())
    const records = await openDatabase(site.#url, { create: true, files: site.#machine.files })
    await Store.initIn(records, {}, site.#machine.world())
    await records.close()
    return site
  }

  async open(machine = this.#machine): Promise<Store> {
    const process = { statements: 0 }
    this.#process = process
    const onStatement: Listener = (_, client) => this.#hear(process, client)
    const leases = { seconds: 2, renewEveryMs: 500 }
    const records = await openDatabase(this.#url, { files: machine.files, onStatement, leases, patienceMs: 30_000 })
    const store = Store.openIn(records, machine.world())
    this.#open.push(store)
    return store
  }

  elsewhere(): Promise<Store> {
    const machine = new Machine()
    // Both have the user's key.
    const [path, text] =
      Object.entries(this.#machine.files.tree()).find(([file]) => file.endsWith('/default.key')) ?? []
    makeFolders(machine.files, '/home/config')
    createFile(machine.files, path ?? '', Buffer.from(text ?? ''), { mode: 0o600 })
    return this.open(machine)
  }

  arm(kind: string, n: number): void {
    this.struck = false
    this.#fault = { kind, process: this.#process, at: this.#process.statements + n }
  }

  async calm(): Promise<void> {
    this.#fault = undefined
    // A killed process lets go of nothing but its connections.
    await this.#ask(`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and application_name = 'esc' and state = 'idle in transaction'`)
    await this.#ask(`update ${this.#schema}.lease set expires = least(expires, clock_timestamp())`)
  }

  async remove(): Promise<void> {
    this.#fault = undefined
    await Promise.all(this.#open.map((store) => store.close().catch(() => {})))
    await this.#ask(`drop schema ${this.#schema} cascade`)
  }

  /** The server may be recovering from a crash. */
  async #ask(statement: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#server.sql(statement)
      } catch (error) {
        if (tries > 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  #hear(process: { statements: number }, client: Client): void {
    process.statements++
    const fault = this.#fault
    if (fault?.process !== process || process.statements < fault.at) return
    const { stream } = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection
    if (fault.kind === 'process killed') {
      this.struck = true
      stream.destroy()
      throw new Error('killed')
    }
    if (process.statements > fault.at) return
    this.struck = true
    if (fault.kind === 'connection lost before a statement') stream.destroy()
    else if (fault.kind === 'answer to a statement lost') loseAnswer(stream)
    else killBackend(client)
  }
}

/** The statement arrives, and its answer does not. */
export function loseAnswer(stream: import('node:net').Socket): void {
  stream.removeAllListeners('data')
  stream.once('data', () => stream.destroy())
}

/** The whole server recovers from a crash when one of its processes is killed. */
function killBackend(client: Client): void {
  process.kill((client as unknown as { processID: number }).processID, 'SIGKILL')
}
