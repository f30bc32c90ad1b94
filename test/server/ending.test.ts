import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { RunningServer } from './running-server.ts'
import { SlowVendor } from './slow-vendor.ts'

const clock = fileURLToPath(new URL('../end-to-end/clock-ahead.cjs', import.meta.url))
const rotate = '/api/esc/environments/acme/db/pair/rotate'

describe('what a server does besides answering, and how it ends', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer | undefined
  let vendor: SlowVendor | undefined

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    program = new Program()
    await program.ok('init', '--organization', 'acme')
  })
  afterEach(async () => {
    vendor?.stop()
    await server?.stop('SIGKILL')
    program.remove()
  })

  /** An environment with two users of a PostgreSQL that is reached through a relay. */
  async function withPair(postgres: PostgresServer, first: string, second: string): Promise<SlowVendor> {
    const { host, database, admin } = postgres
    await postgres.sql(`CREATE ROLE ${first} LOGIN`, `CREATE ROLE ${second} LOGIN`)
    const relay = await new SlowVendor(postgres).start()
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const inputs = {
      database: { host, port: relay.port, database, managingUser },
      rotateUsers: { username1: first, username2: second },
    }
    await program.withEnvironment('db/pair', JSON.stringify({ values: { db: { 'fn::rotate::postgres': { inputs } } } }))
    return relay
  }

  async function currentLogsIn(postgres: PostgresServer): Promise<void> {
    const { current } = await program.open('db/pair', 'db')
    expect(await postgres.login(current.username, current.password)).to.equal(true)
  }

  it('finishes a rotation under way, while probes say that it is not ready', async () => {
    const postgres = await sharedPostgres()
    vendor = await withPair(postgres, 'end_a', 'end_b')
    server = await RunningServer.start(program, ['--metrics', '127.0.0.1:0'])
    const [, probes] = await server.says(/metrics at (\S+)\/metrics/)
    const ready = async () => (await fetch(`${probes}/readyz`)).status
    expect(await ready()).to.equal(200)
    const held = vendor.hold()
    const answer = server.call('POST', rotate, { body: {} })
    await held
    server.signal('SIGTERM')
    await server.says(/received SIGTERM: finishing/)
    expect(await ready()).to.equal(503)
    expect(await server.call('GET', '/healthz').catch(({ code }) => code)).to.equal('ECONNREFUSED')
    vendor.release()
    const { status, json } = await answer
    expect([status, json.secretRotationEvent.status]).to.deep.equal([200, 'succeeded'])
    expect(await server.ended()).to.deep.equal({ code: 0, signal: null })
    expect(server.said).to.match(/\nstopped\n$/)
    await currentLogsIn(postgres)
  })

  it('ends a rotation after the step in flight at a second signal, and finishes it at the next start', async () => {
    const postgres = await sharedPostgres()
    vendor = await withPair(postgres, 'twice_a', 'twice_b')
    await program.ok('env', 'rotate', 'db/pair')
    server = await RunningServer.start(program)
    const held = vendor.hold()
    const answer = server.call('POST', rotate, { body: {} })
    await held
    server.signal('SIGTERM')
    await server.says(/finishing what is under way/)
    server.signal('SIGTERM')
    await server.says(/again: ending after the step in flight/)
    vendor.release()
    await answer.catch(() => {})
    expect((await server.ended()).code).to.equal(0)
    await currentLogsIn(postgres)
    server = await RunningServer.start(program)
    expect((await server.call('POST', rotate, { body: {} })).json.secretRotationEvent.status).to.equal('succeeded')
    await currentLogsIn(postgres)
  })

  it('ends at once at a third signal', async () => {
    vendor = await withPair(await sharedPostgres(), 'third_a', 'third_b')
    server = await RunningServer.start(program)
    const held = vendor.hold()
    const answer = server.call('POST', rotate, { body: {} }).catch(({ code }) => code)
    await held
    for (const said of [/finishing/, /again/]) {
      server.signal('SIGINT')
      await server.says(said)
    }
    server.signal('SIGINT')
    expect((await server.ended()).code).to.equal(130)
    expect(await answer).to.equal('ECONNRESET')
  })

  it('rotates by the clock, unless another scheduler does or it is told not to', async () => {
    const rotator = 'values:\n  pin:\n    fn::rotate::password: {inputs: {length: 20}}\n'
    await program.withEnvironment('app/dev', rotator)
    await program.ok('env', 'schedule', 'new', 'app/dev', '--cron', '0 3 * * *')
    appendFileSync(join(program.store, 'esc.yaml'), 'scheduler: {jitter: 0s}\n')
    const nextDay = { NODE_OPTIONS: `--require ${clock}`, ESC_TEST_CLOCK_AHEAD_MS: String(86_400_000) }
    server = await RunningServer.start(program, ['--no-scheduler'], undefined, nextDay)
    expect((await server.call('GET', '/metrics')).text).not.to.include('esc_scheduler')
    const other = await RunningServer.start(program, [], undefined, nextDay)
    await other.says(/app\/dev: rotated, revision \d+ \(due /)
    expect((await other.call('GET', '/metrics')).text).to.include('esc_scheduler_runs_total{result="succeeded"} 1\n')
    await server.stop()
    server = await RunningServer.start(program, [], undefined, nextDay)
    await server.says(/schedules are left to another: .*esc server start/)
    expect(await other.stop()).to.equal(0)
  })

  it('sends webhooks itself', async () => {
    const receiver = await new Receiver().start()
    try {
      await program.withEnvironment('app/dev', 'values: {a: 1}\n')
      appendFileSync(join(program.store, 'esc.yaml'), `webhooks: {allow: ["${receiver.host}"]}\n`)
      await program.ok('trust', '--yes')
      await program.ok('env', 'webhook', 'new', 'app/dev', 'test', '--url', receiver.url)
      // So no other process can have sent it.
      server = await RunningServer.start(program, [], undefined, { ESC_NO_BACKGROUND: '1' })
      const patched = await server.call('PATCH', '/api/esc/environments/acme/app/dev', { body: 'values: {a: 2}\n' })
      expect(patched.status).to.equal(200)
      const deadline = Date.now() + 20_000
      while (receiver.received.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20))
      expect(receiver.received.map(({ payload }) => (payload as { readonly action: string }).action)).to.deep.equal([
        'created',
      ])
    } finally {
      await receiver.stop()
    }
  })
})
