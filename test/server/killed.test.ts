import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { sample, slow, timer } from '../sample.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { RunningServer } from './running-server.ts'

const preload = fileURLToPath(new URL('../end-to-end/kill-at.cjs', import.meta.url))
const rotate = '/api/esc/environments/acme/db/pair/rotate'

describe('a server killed in the middle of a rotation that a client has asked for', function () {
  this.timeout(slow ? 900_000 : 240_000)
  let program: Program
  let folder: string
  let next: RunningServer | undefined

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    folder = mkdtempSync(join(tmpdir(), 'esc-server-kill-'))
    await program.ok('init', '--organization', 'acme')
    return undefined
  })
  afterEach(() => next?.stop('SIGKILL'))
  after(() => {
    program?.remove()
    if (folder) rmSync(folder, { recursive: true })
  })

  /** Starts a server that is killed at a point, and asks it to rotate. */
  async function cutOff(point: number) {
    const log = join(folder, String(point))
    const env = { NODE_OPTIONS: `--require ${preload}`, ESC_TEST_KILL_AT: String(point), ESC_TEST_KILL_LOG: log }
    const reached = () => readFileSync(log, 'utf8').trimEnd().split('\n')
    const server = await RunningServer.start(program, ['--no-scheduler'], undefined, env)
    const began = reached().length
    await server.call('POST', rotate, { body: {} }).catch(() => {})
    const { signal } = await Promise.race([
      server.ended(),
      new Promise<{ signal: null }>((done) => setTimeout(() => done({ signal: null }), 300)),
    ])
    await server.stop('SIGKILL')
    return { signal, began, reached: reached() }
  }

  it('has lost no credential, and the next start finishes the rotation', async () => {
    const server = await sharedPostgres()
    const { host, port, database, admin } = server
    await server.sql('CREATE ROLE killed_a LOGIN', 'CREATE ROLE killed_b LOGIN')
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const inputs = {
      database: { host, port, database, managingUser },
      rotateUsers: { username1: 'killed_a', username2: 'killed_b' },
    }
    await program.withEnvironment('db/pair', JSON.stringify({ values: { db: { 'fn::rotate::postgres': { inputs } } } }))
    appendFileSync(join(program.store, 'db/pair/settings.yaml'), 'rotationGuard: 0\n')
    await program.ok('env', 'rotate', 'db/pair')
    const checkLogins = async (context: string, both: boolean) => {
      const { current, previous } = await program.open('db/pair', 'db')
      expect(await server.login(current.username, current.password), context).to.equal(true)
      if (both) expect(await server.login(previous.username, previous.password), context).to.equal(true)
    }
    const whole = await cutOff(0)
    expect(whole.signal).to.equal(null)
    const points = Array.from({ length: whole.reached.length - whole.began }, (_, index) => whole.began + index + 1)
    expect(points.length).to.be.greaterThan(40)
    const over = timer()
    let [killed, finished] = [0, 0]
    for (const point of sample(points, 6)) {
      if (over() && killed > 3) break
      const { signal, reached } = await cutOff(point)
      const context = `killed before call ${point} (${reached.at(-1)})`
      if (signal === 'SIGKILL') killed++
      // Whoever opens it meanwhile gets what works; the other user may be half-way.
      await checkLogins(context, false)
      const { unfinished } = JSON.parse(await program.ok('status', '--output', 'json'))
      next = await RunningServer.start(program, ['--no-scheduler'])
      if (unfinished.length > 0) {
        // Without being asked.
        await next.says(/db\/pair: finished the rotation that was cut off\n/)
        await checkLogins(context, true)
        finished++
      }
      const again = await next.call('POST', rotate, { body: {} })
      expect(again.status, `${context}: ${again.text}`).to.equal(200)
      expect(await next.stop(), context).to.equal(0)
      expect(next.said, context).not.to.include('stays unfinished')
      await checkLogins(context, true)
      expect(JSON.parse(await program.ok('status', '--output', 'json')).unfinished, context).to.deep.equal([])
    }
    expect(killed).to.be.greaterThan(3)
    console.log(`      killed at ${killed} of ${points.length} points, ${finished} times with a credential unsaved`)
    const history = await program.ok('env', 'version', 'history', 'db/pair', '--output', 'json')
    const numbers = JSON.parse(history).revisions.map((revision: { readonly number: number }) => revision.number)
    expect(numbers).to.deep.equal(Array.from(numbers, (_, index) => numbers.length - index))
  })
})
