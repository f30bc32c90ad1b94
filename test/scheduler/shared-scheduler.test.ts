import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  createEnvironment,
  createSchedule,
  openOrMakeDatabaseStore,
  type RunOutcome,
  type Session,
} from '../../src/operations/index.ts'
import { openWorkspaceIn } from '../../src/operations/session/open-workspace.ts'
import { Session as SessionOf } from '../../src/operations/session/session.ts'
import { startSharedScheduler } from '../../src/scheduler/index.ts'
import { openDatabase } from '../../src/store/index.ts'
import { sessionParts } from '../operations/session-parts.ts'
import { slow } from '../sample.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'

const definition = 'values:\n  token:\n    fn::rotate::password: {inputs: {length: 20}}\n'
const second = 1000

describe('schedulers that share a store in PostgreSQL', function () {
  this.timeout(120_000)
  let server: PostgresServer
  let folder: string
  let database: string
  let databases = 0
  const replicas: Replica[] = []

  before(async () => {
    server = await startPostgres()
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-shared-'))
    database = `shared_${databases++}`
    await server.sql(`create database ${database}`)
    const { records } = await openOrMakeDatabaseStore(url(), {}, parts('maker').host)
    await records.close()
  })
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()))
    rmSync(folder, { recursive: true })
  })
  after(() => server.stop())

  const url = () =>
    `postgres://${server.admin.username}:${server.admin.password}@${server.host}:${server.port}/${database}`
  const parts = (machine: string) => {
    const env = {
      PATH: process.env.PATH,
      ESC_CONFIG_HOME: join(folder, 'config'),
      ESC_STATE_HOME: join(folder, machine),
      ESC_PASSPHRASE: 'correct horse battery staple',
      ESC_AUTHOR: 'Ada <ada@example.com>',
      ESC_PRINCIPAL: 'ada@example.com',
    }
    return sessionParts({ cwd: folder, env, notify() {}, now: () => new Date() })
  }

  interface Replica {
    readonly runs: readonly RunOutcome[]
    readonly lines: readonly string[]
    readonly session: Session
    readonly ended: Promise<void>
    /** Has every statement from the one that `when` accepts fail, and the connections end. */
    kill(when?: (statement: string) => boolean): void
    readonly killed: () => boolean
    stop(): Promise<void>
  }

  async function replica(name: string, leases = { seconds: 2, renewEveryMs: 500 }): Promise<Replica> {
    let dies: ((statement: string) => boolean) | undefined
    let dead = false
    const onStatement = (statement: string, client: object) => {
      if (dies?.(statement)) dead = true
      if (!dead) return
      ;(client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      throw new Error('killed')
    }
    const jobs = { heartbeat: 10, supervision: 1, polling: 0.5, retry: 1 }
    const records = await openDatabase(url(), { onStatement, leases, jobs, patienceMs: 5000 })
    const open = () => new SessionOf(openWorkspaceIn(records, parts(name)))
    const stop = new AbortController()
    const runs: RunOutcome[] = []
    const lines: string[] = []
    const ended = startSharedScheduler({
      jobs: records.jobs('environment'),
      open,
      stop: stop.signal,
      abort: new AbortController().signal,
      pollMs: 300,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      log: (line) => void lines.push(String(line)),
      onRun: (outcome) => void runs.push(outcome),
    })
    ended.catch((error) => lines.push(String(error)))
    const made: Replica = {
      runs,
      lines,
      session: open(),
      ended,
      kill(when = () => true) {
        dies = when
      },
      killed: () => dead,
      async stop() {
        stop.abort()
        await ended.catch(() => {})
        await records.close().catch(() => {})
      },
    }
    replicas.push(made)
    return made
  }

  async function schedule({ session }: Replica, name: string, inMs: number): Promise<Date> {
    const due = new Date(Math.ceil((Date.now() + inMs) / second) * second)
    const reference = session.reference(name)
    await session.perform(createEnvironment, reference, { definition })
    const timing = { cron: undefined, once: due.toISOString(), timezone: undefined }
    await session.perform(createSchedule, reference, timing)
    return due
  }

  async function until(what: () => boolean | Promise<boolean>, within = 60 * second): Promise<void> {
    const deadline = Date.now() + within
    while (!(await what())) {
      if (Date.now() > deadline) {
        const said = replicas.map(({ lines, runs }) => `${lines.join('\n')}\n${JSON.stringify(runs)}`)
        throw new Error(`waited in vain:\n${said.join('\n')}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Revisions and lines of the history that runs of the schedule have made. */
  async function made({ session }: Replica, name: string) {
    const { store } = session.workspace
    await store.refresh()
    const environment = store.environment(name)
    const revisions = [...environment.history()].filter(({ details }) => details.schedule !== undefined)
    return {
      revisions: revisions.length,
      lines: environment.events.list('schedules').length,
      journal: environment.journal().ids().length,
      newest: environment.current().number,
    }
  }

  it('run each instant once, whichever of them has the job', async () => {
    const all = await Promise.all(['one', 'two', 'three'].map((name) => replica(name)))
    const [first] = all as [Replica, ...Replica[]]
    await first.session.workspace.store.configuration.change((text) => `${text}scheduler: {jitter: 0}\n`)
    const names = Array.from({ length: 6 }, (_, index) => `app/env-${index}`)
    for (const name of names) await schedule(first, name, 1500)
    const runs = () => all.flatMap((each) => each.runs)
    await until(() => runs().length >= names.length)
    // The others may still have a job for the same.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(
      runs()
        .map(({ environment, result }) => `${environment} ${result}`)
        .sort(),
    ).to.deep.equal(names.map((name) => `${name} succeeded`))
    for (const name of names) {
      expect(await made(first, name), name).to.deep.equal({ revisions: 1, lines: 1, journal: 0, newest: 3 })
    }
  })

  it('take over what one has begun that died, and finish it from its journal', async function () {
    // Nobody counts as dead before ten seconds are over.
    if (!slow) return this.skip()
    const dying = await replica('one')
    await dying.session.workspace.store.configuration.change((text) => `${text}scheduler: {jitter: 0}\n`)
    await schedule(dying, 'app/dev', 1500)
    // Its new credential is in the journal, and in no revision.
    dying.kill((statement) => /insert into [^ ]*\.revision/.test(statement))
    await until(() => dying.killed())
    const heir = await replica('two')
    await until(() => heir.runs.length > 0)
    expect(heir.runs.map(({ result, attempt }) => `${result} ${attempt}`)).to.deep.equal(['succeeded 1'])
    expect(await made(heir, 'app/dev')).to.deep.equal({ revisions: 1, lines: 1, journal: 0, newest: 3 })
    return undefined
  })
})
