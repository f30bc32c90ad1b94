import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { editSchedule, openDatabaseStore, openEnvironment } from '../../src/operations/index.ts'
import { openWorkspaceIn } from '../../src/operations/session/open-workspace.ts'
import type { StoreRecords } from '../../src/store/index.ts'
import { Program } from '../end-to-end/program.ts'
import { perform } from '../operations/perform.ts'
import { sessionParts } from '../operations/session-parts.ts'
import { slow } from '../sample.ts'
import { skipWithout } from '../servers/binary.ts'
import { newerNode } from '../servers/newer-node.ts'
import { missingOpenLdap, openLdapPackages } from '../servers/openldap.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { missingRedis, redisPackages } from '../servers/redis.ts'
import { NetworkNamespace } from './namespace.ts'
import { ChaosReplica } from './replica.ts'
import { type ChaosVendors, type Login, type RotatedUser, startVendors } from './vendors.ts'

/** `CHAOS_SECONDS=900` is what a release gets. */
const chaosMs = Number(process.env.CHAOS_SECONDS ?? 240) * 1000
const usersOfEach = 5
const scheduleId = 'sched-1'

describe('three servers on one database', function () {
  this.timeout(chaosMs + 600_000)
  let vendors: ChaosVendors
  let postgres: PostgresServer
  let program: Program
  let namespace: NetworkNamespace | undefined
  let records: StoreRecords
  let replicas: ChaosReplica[] = []
  let token: string
  const counts = {
    killed: 0,
    frozen: 0,
    crashed: 0,
    cut: 0,
    ended: 0,
    logins: 0,
    opened: 0,
    edits: 0,
    refused: 0,
    failed: 0,
  }
  const violations: string[] = []
  /** The instants that schedules were set to, by environment. */
  const instants = new Map<string, string[]>()

  before(async function () {
    if (!slow || !Program.isBuilt()) return this.skip()
    skipWithout(this, missingRedis(), redisPackages)
    skipWithout(this, missingOpenLdap(), openLdapPackages)
    const node = await newerNode()
    if (node === undefined) return this.skip()
    vendors = await startVendors(usersOfEach)
    postgres = await startPostgres()
    program = new Program()
    program.node = node
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('app/edited', 'values: {count: 0}\n')
    for (const { environment, definition } of vendors.users) {
      await program.withEnvironment(environment, definition)
      appendFileSync(join(program.store, environment, 'settings.yaml'), 'rotationGuard: 0\n')
      await program.ok('env', 'rotate', environment)
      // Far ahead: the test moves it.
      await program.ok('env', 'schedule', 'new', environment, '--once', '2099-01-01T00:00:00Z')
    }
    appendFileSync(join(program.store, 'esc.yaml'), 'scheduler: {jitter: 0}\n')
    const { username, password } = postgres.admin
    program.env.ESC_DATABASE_URL = `postgres://${username}:${password}@127.0.0.1:${postgres.port}/postgres`
    await program.ok('server', 'import')
    token = (await program.ok('server', 'token', 'create', '--user', 'root@example.com', '--admin')).trim()
    namespace = await NetworkNamespace.make([postgres.port, ...vendors.ports])
    if (namespace === undefined) console.log('      skipped: no network namespace can be made here: no cable is pulled')
    mkdirSync(join(program.folder, 'machines'))
    replicas = ['one', 'two', 'three'].map((name) => {
      const place = name === 'three' && namespace !== undefined ? { prefix: namespace.prefix } : {}
      return new ChaosReplica(program, name, place)
    })
    for (const replica of replicas) replica.start()
    records = await openDatabaseStore(program.env.ESC_DATABASE_URL)
    return undefined
  })
  after(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()))
    await records?.close().catch(() => {})
    namespace?.remove()
    await Promise.all([vendors?.stop(), postgres?.stop()])
    program?.remove()
  })

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const between = (least: number, most: number) => least + Math.random() * (most - least)
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(Math.random() * all.length)]

  /** Runs a statement at the database, which may be recovering. */
  async function ask(statement: string): Promise<Readonly<Record<string, unknown>>[]> {
    for (let tries = 0; ; tries++) {
      const client = new pg.Client({ connectionString: program.env.ESC_DATABASE_URL, application_name: 'chaos' })
      client.on('error', () => {})
      try {
        await client.connect()
        return (await client.query(statement)).rows
      } catch (error) {
        if (tries > 100) throw error
        await pause(200)
      } finally {
        await client.end().catch(() => {})
      }
    }
  }

  const faults: readonly (() => Promise<void>)[] = [
    async function killReplica() {
      const replica = pick(replicas.filter(({ runs, frozen }) => runs && !frozen))
      if (replica === undefined) return
      counts.killed++
      await replica.kill()
      await pause(between(0, 5000))
      replica.start()
    },
    async function freezeReplica() {
      const replica = pick(replicas.filter(({ runs, frozen }) => runs && !frozen))
      if (replica === undefined) return
      counts.frozen++
      replica.signal('SIGSTOP')
      await pause(between(2000, 50_000))
      replica.signal('SIGCONT')
    },
    async function crashDatabase() {
      const [row] = await ask(
        `select pid from pg_stat_activity where application_name = 'esc' order by random() limit 1`,
      )
      if (row === undefined) return
      counts.crashed++
      try {
        process.kill(Number(row.pid), 'SIGKILL')
      } catch {}
    },
    async function endConnections() {
      const ended = await ask(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'esc' and random() < 0.5`,
      )
      counts.ended += ended.length
    },
    async function cutCable() {
      if (namespace === undefined) return
      counts.cut++
      namespace.cut()
      await pause(between(1000, 45_000))
      namespace.mend()
    },
  ]

  async function opened(
    environment: string,
  ): Promise<{ readonly revision: number; readonly logins: readonly Login[] }> {
    const parts = sessionParts({ cwd: program.folder, env: { ...program.env }, notify() {}, now: () => new Date() })
    const workspace = openWorkspaceIn(records, parts)
    await workspace.store.refresh()
    const revision = workspace.store.environment(environment).current().number
    const found = await perform(workspace, openEnvironment, workspace.reference(environment))
    return { revision, logins: loginsIn(found.properties?.user) }
  }

  /** Everything that is called current or previous, current first. */
  function loginsIn(value: unknown): Login[] {
    const plain = plainOf(value) as Readonly<Record<string, Login>>
    return [plain.current, plain.previous].filter((each) => each !== undefined)
  }

  function plainOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if ('value' in value && 'trace' in value) return plainOf(value.value)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]))
  }

  /** Sets the schedule of an environment to its next instant, once it has run for the last one. */
  async function moveSchedule({ environment: name }: RotatedUser): Promise<void> {
    const parts = sessionParts({ cwd: program.folder, env: { ...program.env }, notify() {}, now: () => new Date() })
    const workspace = openWorkspaceIn(records, parts)
    await workspace.store.refresh()
    const environment = workspace.store.environment(name)
    const set = instants.get(name) ?? []
    instants.set(name, set)
    const last = set.at(-1)
    if (last !== undefined && !environment.events.list<{ due: string }>('schedules').some(({ due }) => due === last))
      return
    const once = new Date(Date.now() + between(4000, 30_000)).toISOString()
    const timing = { cron: undefined, once, timezone: undefined }
    await perform(workspace, editSchedule, workspace.reference(name), { id: scheduleId, timing }).catch(() => {})
    // The answer may have been lost: the schedule tells.
    await workspace.store.refresh()
    if (JSON.stringify(workspace.store.environment(name).settings.get('schedule')).includes(once)) set.push(once)
  }

  async function checkLogin(user: RotatedUser): Promise<void> {
    const seen = await opened(user.environment).catch(() => undefined)
    const current = seen?.logins[0]
    if (seen === undefined || current === undefined) return
    counts.logins++
    const answer = await user.login(current)
    if (answer === true) return
    // Two rotations in the time of a log-in would end it rightly.
    const again = await opened(user.environment)
    if (again.revision > seen.revision + 1) return
    violations.push(`${user.environment}: current of revision ${seen.revision} does not log in: ${answer}`)
  }

  async function call(method: string, path: string, body?: string): Promise<Response | undefined> {
    const url = pick(replicas.filter((each) => each.url !== undefined && !each.frozen && each.name !== 'three'))?.url
    if (url === undefined) return undefined
    return fetch(`${url}/api/esc/environments/acme/${path}`, {
      method,
      headers: { authorization: `token ${token}` },
      body,
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined)
  }

  it('lose no credential, and run each instant once, whatever is killed, cut off or frozen', async () => {
    const until = Date.now() + chaosMs
    const goes = () => Date.now() < until && violations.length === 0
    const repeat = async (everyMs: number, act: () => Promise<unknown>) => {
      while (goes()) {
        await act()
        await pause(everyMs)
      }
    }
    const kept = new Set<number>()
    const under = faults.map(async (fault) => {
      while (goes()) {
        await pause(between(3000, 25_000))
        if (goes()) await fault()
      }
    })
    const load = [
      ...vendors.users.map((user) => repeat(700, () => checkLogin(user))),
      ...vendors.users.map((user) => repeat(1000, () => moveSchedule(user).catch(() => {}))),
      repeat(50, async () => {
        const user = pick(vendors.users) as RotatedUser
        const answer = await call('POST', `${user.environment}/open`)
        if (answer?.status === 200) counts.opened++
        else counts.refused++
        await answer?.text().catch(() => {})
      }),
      repeat(200, async () => {
        const answer = await call('PATCH', 'app/edited', `values: {count: ${counts.edits + 1}}\n`)
        const revision = Number(answer?.headers.get('pulumi-esc-revision') ?? 0)
        if (answer?.status !== 200) return
        counts.edits++
        if (revision > 0 && kept.has(revision)) violations.push(`revision ${revision} was given to two edits`)
        kept.add(revision)
      }),
    ]
    await Promise.all([...under, ...load])
    namespace?.mend()
    for (const replica of replicas) {
      if (replica.frozen) replica.signal('SIGCONT')
      if (!replica.runs) replica.start()
    }
    await settle()
    const ticks = await checkRuns()
    for (const user of vendors.users) await checkCredentials(user)
    const said = replicas.map(({ said }) => said).join('\n')
    console.log(`      ${chaosMs / 1000} s: ${ticks} runs; ${JSON.stringify(counts)}`)
    expect(violations, said.slice(-4000)).to.deep.equal([])
    expect(said, 'logs').not.to.include('PRIVATE')
  })

  /** Waits until no rotation is unfinished, and then ends the servers. */
  async function settle(): Promise<void> {
    const deadline = Date.now() + 300_000
    for (;;) {
      const [row] = await ask('select count(*)::int as left from esc.journal')
      const late = await lateSchedules()
      if (row?.left === 0 && late.length === 0) break
      if (Date.now() > deadline) {
        violations.push(`${row?.left} entries stay in the journal; not run: ${late.join(', ')}`)
        break
      }
      await pause(500)
    }
    await Promise.all(replicas.map((replica) => replica.kill('SIGTERM')))
  }

  async function lateSchedules(): Promise<string[]> {
    const parts = sessionParts({ cwd: program.folder, env: { ...program.env }, notify() {}, now: () => new Date() })
    const { store } = openWorkspaceIn(records, parts)
    await store.refresh()
    return [...instants].flatMap(([name, set]) => {
      const lines = store.environment(name).events.list<{ due: string }>('schedules')
      return set.filter((once) => !lines.some(({ due }) => due === once)).map((once) => `${name} ${once}`)
    })
  }

  /** Each instant has one run, and revisions have no gap. Returns the number of runs. */
  async function checkRuns(): Promise<number> {
    const parts = sessionParts({ cwd: program.folder, env: { ...program.env }, notify() {}, now: () => new Date() })
    const { store } = openWorkspaceIn(records, parts)
    await store.refresh()
    const damage = (await store.upkeep.check()).findings.filter(({ severity }) => severity === 'error')
    violations.push(...damage.map(({ file, problem }) => `${file}: ${problem}`))
    let ticks = 0
    for (const name of store.list()) {
      const environment = store.environment(name)
      const history = [...environment.history()].reverse()
      for (const [index, { number }] of history.entries()) {
        if (number !== index + 1) violations.push(`${name}: revision ${number} in the place of ${index + 1}`)
      }
      const saved = history.flatMap(({ details }) => (details.due ? [`${details.due} ${details.attempt}`] : []))
      const lines = environment.events.list<{ due: string; attempt: number; missed?: number; result: string }>(
        'schedules',
      )
      const recorded = lines.map(({ due, attempt }) => `${due} ${attempt}`)
      for (const runs of [saved, recorded]) {
        const twice = runs.filter((run, index) => runs.indexOf(run) !== index)
        violations.push(...twice.map((run) => `${name}: the run of ${run} happened twice`))
      }
      const lost = saved.filter((run) => !recorded.includes(run))
      violations.push(...lost.map((run) => `${name}: the run of ${run} is not in the history`))
      const first = lines.filter(({ attempt }) => attempt === 1)
      ticks += first.length
      const set = instants.get(name) ?? []
      const others = first.filter(({ due }) => !set.includes(due))
      violations.push(...others.map(({ due }) => `${name}: ran for ${due}, which nobody has asked for`))
      if (set.length !== first.length) violations.push(`${name}: ${first.length} runs for ${set.length} instants`)
      counts.failed += lines.filter(({ result }) => result !== 'succeeded').length
    }
    const rows = await ask(`select count(*)::int as runs from esc.schedule_run where saved and not recorded`)
    if (rows[0]?.runs !== 0) violations.push(`${rows[0]?.runs} runs were saved and not recorded`)
    return ticks
  }

  /** All that we know of logs in, and the server has nothing that we do not know of. */
  async function checkCredentials(user: RotatedUser): Promise<void> {
    const { logins } = await opened(user.environment)
    if (logins.length !== 2) violations.push(`${user.environment} has ${logins.length} credentials`)
    for (const [index, login] of logins.entries()) {
      const answer = await user.login(login)
      if (answer !== true) violations.push(`${user.environment}: credential ${index} does not log in: ${answer}`)
    }
    const wrong = await user.compare(logins)
    if (wrong !== undefined) violations.push(`${user.environment}: ${wrong}`)
  }
})
