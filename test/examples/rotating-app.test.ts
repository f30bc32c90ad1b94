import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import pg from 'pg'
import { packageRoot } from '../cli/commands/esc.ts'
import { type Ended, ended, Program } from '../end-to-end/program.ts'
import { slow } from '../sample.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'

const example = join(packageRoot, 'examples', 'rotating-app')
const PROCESSES = 4
const EVERY_MS = 5
const ROTATIONS = slow ? 20 : 3
/** The time from one rotation to the next, in which every process must have moved on. */
const PERIOD_MS = 1500

/** What the application says each second: `app_b, revision 3: 184 queries, 0 failed`. */
const REPORT = /^(\w+), revision (\d+): (\d+) queries, (\d+) failed$/

describe('examples/rotating-app', function () {
  this.timeout(slow ? 240_000 : 60_000)
  let program: Program
  let server: PostgresServer
  const started: ChildProcess[] = []

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    server = await startPostgres()
    install()
  })
  after(async () => {
    for (const child of started) child.kill('SIGKILL')
    await server?.stop()
    program?.remove()
  })

  /**
   * Puts the example into a folder of its own, beside the packages that `npm install` would bring,
   * for the server of this test.
   */
  function install(): void {
    cpSync(example, program.folder, {
      recursive: true,
      filter: (path) => !/[/\\](environments|node_modules)$/.test(path),
    })
    const modules = join(program.folder, 'node_modules')
    for (const folder of ['@gitesc', '.bin']) mkdirSync(join(modules, folder), { recursive: true })
    symlinkSync(packageRoot, join(modules, '@gitesc', 'cli'))
    symlinkSync(join(packageRoot, 'node_modules', 'pg'), join(modules, 'pg'))
    const definition = join(program.folder, 'app.yaml')
    writeFileSync(definition, readFileSync(definition, 'utf8').replace('port: 5432', `port: ${server.port}`))
  }

  /**
   * Runs a command of the README. Those that set up a machine are played; `esc` is the built
   * program.
   */
  async function follow(command: string): Promise<void> {
    const words = command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'))
    if (command === 'npm install') return
    if (words[0] === 'psql') return await server.sql(readFileSync(join(program.folder, words.at(-1)!), 'utf8'))
    expect(words.slice(0, 2), command).to.deep.equal(['npx', 'esc'])
    const { code, err } = await program.esc(words.slice(2))
    expect(code, `${command}: ${err}`).to.equal(0)
  }

  function startApp() {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...inherited } = process.env
    const child = spawn(process.execPath, ['app.js'], {
      cwd: program.folder,
      env: { ...inherited, ...program.env, QUERY_EVERY_MS: String(EVERY_MS) },
    })
    started.push(child)
    const reports: { user: string; revision: number; queries: number; failed: number }[] = []
    child.stdout.on('data', (text) => {
      for (const line of String(text).split('\n')) {
        const [, user = '', ...numbers] = REPORT.exec(line) ?? []
        const [revision = 0, queries = 0, failed = 0] = numbers.map(Number)
        if (user !== '') reports.push({ user, revision, queries, failed })
      }
    })
    return { child, reports, end: ended(child) }
  }

  it(`fails no query through ${ROTATIONS} rotations, as its README says`, async () => {
    const readme = readFileSync(join(example, 'README.md'), 'utf8')
    const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.trim().split('\n'))
    const run = commands.indexOf('node app.js')
    for (const command of commands.slice(0, run)) await follow(command)
    const [rotate] = commands.slice(run + 1)
    const first = (await program.open('app/production', 'database.login.current')) as Record<string, string>

    const apps = Array.from({ length: PROCESSES }, startApp)
    for (const { reports } of apps) while (reports.length === 0) await sleep(50)
    const began = apps[0]!.reports[0]!.revision
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      await follow(rotate!)
      await sleep(PERIOD_MS)
    }

    for (const { child } of apps) expect(child.kill('SIGTERM')).to.equal(true)
    const ends: Ended[] = await Promise.all(apps.map(({ end }) => end))
    for (const { code, err } of ends) expect({ code, err }).to.deep.equal({ code: 0, err: '' })
    let queries = 0
    for (const { reports } of apps) {
      const last = reports.at(-1)!
      expect(last.failed).to.equal(0)
      expect(last.revision).to.equal(began + ROTATIONS)
      expect(new Set(reports.map(({ user }) => user))).to.deep.equal(new Set(['app_a', 'app_b']))
      queries += last.queries
    }
    // What the server has counted is what they say. An idle machine gets through twice as many.
    const { host, port, admin } = server
    const client = new pg.Client({
      host,
      port,
      database: server.database,
      user: admin.username,
      password: admin.password,
    })
    await client.connect()
    const { rows } = await client.query('SELECT sum(count)::integer AS sum, count(*)::integer AS processes FROM hits')
    await client.end()
    expect(rows).to.deep.equal([{ sum: queries, processes: PROCESSES }])
    expect(queries).to.be.at.least((PROCESSES * ROTATIONS * PERIOD_MS) / EVERY_MS / 2)
    // Who had not followed would have been refused.
    expect(await server.login(first.username!, first.password!)).to.equal('28P01')
  })

  it('runs a query again, as the newest user, when it was asleep during two rotations', async () => {
    const script = join(program.folder, 'asleep.js')
    writeFileSync(
      script,
      `import { execFileSync } from 'node:child_process'
       import { openStore } from '@gitesc/cli'
       import { RotatingPool } from './rotating-pool.js'
       const store = await openStore()
       const asleep = {
         open: (reference) => store.open(reference),
         watch: async (reference, onChange) => (onChange(await store.open(reference)), { close() {} }),
       }
       const pool = await RotatingPool.open(asleep, 'app/production', 'database', { max: 2 })
       const before = pool.revision
       for (const _ of [1, 2]) execFileSync(process.execPath, process.argv.slice(2))
       const answers = await Promise.all(Array.from({ length: 10 }, () => pool.query('SELECT current_user AS name')))
       console.log(JSON.stringify({ moved: pool.revision - before, users: answers.map(({ rows }) => rows[0].name) }))
       await pool.close()`,
    )
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...inherited } = process.env
    const words = [script, Program.path, 'env', 'rotate', 'app/production', '--force']
    const child = spawn(process.execPath, words, { cwd: program.folder, env: { ...inherited, ...program.env } })
    started.push(child)
    const { out, err } = await ended(child)
    const { username } = await program.open('app/production', 'database.login.current')
    expect(err).to.equal('')
    expect(JSON.parse(out)).to.deep.equal({ moved: 2, users: Array(10).fill(username) })
  })
})
