import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Environment, openDatabase, Store, type StoreHost } from '../../src/store/index.ts'
import { startPostgres } from '../servers/postgres.ts'
import { benchServedDatabase } from './server-appends.ts'

export interface AppendBench {
  /** Seconds of each kind. */
  readonly seconds: number
}

interface Appended {
  readonly perSecond: number
  readonly p99Ms: number
  /** Processor time of this process for each append. */
  readonly cpuMs: number
}

const by = { author: { name: 'Bench', email: 'bench@example.com' }, created: new Date('2026-01-01T00:00:00Z') }
const writers = 8

/**
 * How many revisions are appended in a second to a store in PostgreSQL that waits for the disk: by
 * eight writers of one process, to one environment and to eight, and over HTTP.
 */
export async function benchAppends({ seconds }: AppendBench): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-appends-'))
  const server = await startPostgres({ settings: ['fsync=on', 'log_statement=none'] })
  const { host, port, admin } = server
  const url = `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres?schema=appends`
  const records = await openDatabase(url, { create: true })
  try {
    const world: StoreHost = {
      state: join(folder, 'state'),
      keys: { env: {}, configFolder: join(folder, 'config'), notify: () => {} },
    }
    const store = await Store.initIn(records, {}, world)
    for (let at = 0; at < writers; at++) await store.additions.create(`app/env${at}`, by)
    console.log(`appends of ${writers} writers on PostgreSQL with fsync, and rows that they only insert`)
    for (const connections of [1, writers]) {
      const perSecond = await insertRows(url, connections, seconds)
      console.log(`  ${`rows, ${connections} at a time`.padEnd(20)} ${perSecond.toFixed(0).padStart(6)}/s`)
    }
    for (const environments of [1, writers]) {
      const { perSecond, p99Ms, cpuMs } = await append(store, environments, seconds)
      console.log(
        `  ${`to ${environments} environment${environments === 1 ? '' : 's'}`.padEnd(20)} ${perSecond.toFixed(0).padStart(6)}/s, p99 ${p99Ms.toFixed(1)} ms, ${cpuMs.toFixed(2)} ms of processor time each`,
      )
    }
    await benchServedDatabase(url.replace('schema=appends', 'schema=served'), seconds)
  } finally {
    await records.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Inserts rows, each in a transaction of its own: as fast as the disk and the server go. */
async function insertRows(url: string, connections: number, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url.replace(/\?.*/, ''), max: connections })
  await pool.query('create table if not exists bare (content bytea)')
  const content = Buffer.alloc(400, 'x')
  const until = performance.now() + seconds * 1000
  let count = 0
  const insert = async () => {
    for (; performance.now() < until; count++) await pool.query('insert into bare values ($1)', [content])
  }
  await Promise.all(Array.from({ length: connections }, insert))
  await pool.end()
  return count / seconds
}

async function append(store: Store, environments: number, seconds: number): Promise<Appended> {
  const open = Array.from({ length: environments }, (_, at) => store.environment(`app/env${at}`))
  const times: number[] = []
  // Whoever writes to the same takes turns, as requests to change it would.
  const turns = open.map(() => Promise.resolve())
  const began = performance.now()
  const before = process.cpuUsage()
  const until = began + seconds * 1000
  const write = async (writer: number) => {
    const at = writer % environments
    for (let count = 0; performance.now() < until; count++) {
      const asked = performance.now()
      const turn = (turns[at] as Promise<void>).then(() => appendOnce(open[at] as Environment, writer, count))
      turns[at] = turn
      await turn
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  const { user, system } = process.cpuUsage(before)
  times.sort((a, b) => a - b)
  return {
    perSecond: times.length / ((performance.now() - began) / 1000),
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    cpuMs: (user + system) / 1000 / times.length,
  }
}

async function appendOnce(environment: Environment, writer: number, count: number): Promise<void> {
  const base = environment.current().number
  await environment.append({ base, definition: `values: {writer: ${writer}, count: ${count}}\n`, change: 'set', ...by })
}
