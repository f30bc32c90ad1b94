import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { Program } from '../end-to-end/program.ts'
import { slow } from '../sample.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { Replicas } from './replicas.ts'
import type { RunningServer } from './running-server.ts'
import { buildVersionBefore } from './version-before.ts'

const environments = '/api/esc/environments/acme'
const pair = `${environments}/db/pair`
const due = `${environments}/app/due`
const words = ['--log', 'off']
const rounds = 6

describe('servers that are replaced by those of the next version, one by one', function () {
  this.timeout(300_000)
  let folder: string | undefined
  let replicas: Replicas
  let receiver: Receiver
  let vendor: PostgresServer
  let trusted: Record<string, string>

  before(async function () {
    if (!slow) return this.skip()
    folder = buildVersionBefore()
    if (folder === undefined) {
      console.log('    skipped: the history of this checkout does not reach back to the version before')
      return this.skip()
    }
    vendor = await sharedPostgres()
    await vendor.sql('CREATE ROLE upgrade_a LOGIN', 'CREATE ROLE upgrade_b LOGIN')
    receiver = await new Receiver().start()
    const { host, port, database, admin } = vendor
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const inputs = {
      database: { host, port, database, managingUser },
      rotateUsers: { username1: 'upgrade_a', username2: 'upgrade_b' },
    }
    const definition = JSON.stringify({ values: { db: { 'fn::rotate::postgres': { inputs } } } })
    const made = await Replicas.make('db/pair', definition, vendor, async (program) => {
      await program.withEnvironment('app/dev', 'values: {count: 0}\n')
      await program.withEnvironment('app/due', 'values: {p: {fn::rotate::password: {inputs: {length: 20}}}}\n')
      appendFileSync(join(program.store, 'esc.yaml'), `webhooks: {allow: ["${receiver.host}"]}\n`)
      trusted = { ESC_TRUST: JSON.parse(await program.ok('trust', 'show', '--output', 'json')).digest }
      Object.assign(program.env, trusted)
      await program.ok('env', 'webhook', 'new', 'app/dev', 'test', '--url', receiver.url)
      // Into the tables as the version before makes them.
      program.script = join(folder as string, 'bin', 'run.cjs')
    })
    if (made === undefined) return this.skip()
    replicas = made
    return undefined
  })
  after(async () => {
    await receiver?.stop()
    await replicas?.end()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  /** The version of the tables. */
  const tables = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: replicas.url.replace(/\?.*/, '') })
    await client.connect()
    try {
      const { rows } = await client.query(`select max(version) as version from ${replicas.schema}.migration`)
      return Number(rows[0].version)
    } finally {
      await client.end()
    }
  }
  const revisions = async (server: RunningServer, path: string): Promise<number[]> =>
    (await server.call('GET', `${path}/versions?count=100`)).json.map((each: { number: number }) => each.number)
  const openedBy = async (server: RunningServer, path: string) => {
    const { id } = (await server.call('POST', `${path}/open`)).json
    return JSON.parse((await server.call('GET', `${path}/open/${id}`)).text).properties
  }
  const rotate = (server: RunningServer, token?: string) => {
    const body = { subject: { name: 'db/pair' }, input: { paths: [], mode: 'rotate', force: true } }
    return server.call('POST', '/api/v1/operations/rotate-environment', { body, ...(token && { token }) })
  }
  const logsIn = async (server: RunningServer) => {
    const { current } = (await openedBy(server, pair)).db.value
    return vendor.login(current.value.username.value, current.value.password.value)
  }

  it('serve one store side by side, and the former version goes on with it afterwards', async () => {
    const former = replicas.program.script
    const old = await replicas.start('old', words, trusted)
    const version = await tables()
    replicas.program.script = Program.path
    const next = await replicas.start('next', words, trusted)
    expect(await tables()).to.equal(version + 1)

    const at = new Date(Date.now() + 5_000).toISOString()
    const scheduled = await old.call('POST', `${due}/schedules`, {
      body: { scheduleOnce: at, secretRotationRequest: { environmentPath: '' } },
    })
    expect(scheduled.status, scheduled.text).to.equal(200)

    let count = 0
    for (let round = 0; round < rounds; round++) {
      for (const [one, other] of [
        [old, next],
        [next, old],
      ] as const) {
        const saved = await one.call('PATCH', `${environments}/app/dev`, { body: `values: {count: ${++count}}\n` })
        expect(saved.status, saved.text).to.equal(200)
        expect((await openedBy(other, `${environments}/app/dev`)).count.value).to.equal(count)
        const rotated = await rotate(one, other.token)
        expect(rotated.json.result?.status, rotated.text).to.equal('succeeded')
        for (const server of [one, other]) expect(await logsIn(server)).to.equal(true)
      }
      // Both at once: one may be told that the other was first; neither breaks its credential.
      const both = await Promise.all([old, next].map((server) => rotate(server)))
      for (const { status, text } of both) expect([200, 409, 503], text).to.include(status)
      for (const server of [old, next]) expect(await logsIn(server)).to.equal(true)
    }
    expect(await revisions(next, pair)).to.deep.equal(await revisions(old, pair))
    const numbers = await revisions(next, pair)
    expect(numbers).to.deep.equal(Array.from(numbers, (_, index) => numbers.length - index))

    // In the middle of a rotation, the former one dies.
    const cut = rotate(old).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 30))
    await old.stop('SIGKILL')
    await cut
    // The lease of the one that died ends after half a minute.
    let finished = await rotate(next)
    for (let at = 0; finished.json.error?.of.code === 'locked' && at < 60; at++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      finished = await rotate(next)
    }
    expect(finished.json.result?.status, finished.text).to.equal('succeeded')
    expect(await logsIn(next)).to.equal(true)

    // A run of a schedule was done once, by either: what the one that died had taken is taken over.
    const runsOf = () => next.call('GET', `${due}/schedules/${scheduled.json.id}/history`)
    let ran = await runsOf()
    for (let at = 0; ran.json.scheduleHistoryEvents.length === 0 && at < 120; at++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      ran = await runsOf()
    }
    expect(ran.json.scheduleHistoryEvents.map((each: { result: string }) => each.result)).to.deep.equal(['succeeded'])
    expect((await revisions(next, due))[0]).to.equal(ran.json.scheduleHistoryEvents[0].version)

    // Whichever has saved a change, the receiver was told of it.
    const deadline = Date.now() + 30_000
    const told = () =>
      new Set(
        receiver.received.map(
          ({ payload }) => (payload as { revision?: { number?: number } }).revision?.number ?? payload,
        ),
      ).size
    while (told() < count && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
    expect(told()).to.be.at.least(count)

    const verified = JSON.parse(await replicas.program.ok('audit', 'verify', '--output', 'json'))
    expect(verified.findings).to.deep.equal([])

    // Going back.
    replicas.program.script = former
    const back = await replicas.start('back', words, trusted)
    await next.stop()
    expect((await openedBy(back, `${environments}/app/dev`)).count.value).to.equal(count)
    expect(await logsIn(back)).to.equal(true)
    const again = await rotate(back)
    expect(again.json.result?.status, again.text).to.equal('succeeded')
    expect(await logsIn(back)).to.equal(true)
  })
})
