import { join } from 'node:path'
import { Program } from '../end-to-end/program.ts'
import { newerNode } from '../servers/newer-node.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { RunningServer } from './running-server.ts'

let schemas = 0

/** Servers of the built program on one database, each as on a machine of its own. */
export class Replicas {
  readonly program = new Program()
  readonly url: string
  readonly schema: string
  readonly #servers: RunningServer[] = []

  private constructor({ host, port, admin, database }: Pick<PostgresServer, 'host' | 'port' | 'admin' | 'database'>) {
    this.schema = `replicas_${process.pid}_${++schemas}`
    this.url = `postgres://${admin.username}:${admin.password}@${host}:${port}/${database}?schema=${this.schema}`
  }

  /**
   * A store that is imported into a database from a folder with this environment. `undefined`:
   * there is no Node here for it, which was said. `prepare`: changes the folder before.
   */
  static async make(
    name: string,
    definition: string,
    postgres: Pick<PostgresServer, 'host' | 'port' | 'admin' | 'database'> | Promise<PostgresServer> = sharedPostgres(),
    prepare: (program: Program) => Promise<void> = async () => {},
  ): Promise<Replicas | undefined> {
    const node = Program.isBuilt() ? await newerNode() : undefined
    if (node === undefined) return undefined
    const replicas = new Replicas(await postgres)
    const { program } = replicas
    program.node = node
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment(name, definition)
    await prepare(program)
    program.env.ESC_DATABASE_URL = replicas.url
    await program.ok('server', 'import', 'environments')
    return replicas
  }

  /** Starts a server with a state folder of its own; all have the same key. */
  async start(machine: string, words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    const home = { ESC_STATE_HOME: join(this.program.folder, machine), ...env }
    const server = await RunningServer.start(this.program, words, '127.0.0.1:0', home)
    this.#servers.push(server)
    return server
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop('SIGKILL')))
    this.program.remove()
  }
}
