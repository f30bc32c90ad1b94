import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { slow } from '../sample.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { answers, Receiver } from '../webhooks/receiver.ts'
import { Replicas } from './replicas.ts'
import type { RunningServer } from './running-server.ts'

const path = '/api/esc/environments/acme/app/dev'
const words = ['--no-scheduler', '--log', 'off']

interface Listed {
  readonly id: string
  readonly responseCode: number
}

describe('webhooks of servers on one database', function () {
  this.timeout(120_000)
  let replicas: Replicas
  let receiver: Receiver
  let trusted: Record<string, string>
  let status = 200
  /** The receiver answers no request. */
  let isSilent = false
  let servers: RunningServer[]

  before(async function () {
    receiver = await new Receiver((...call) => isSilent || answers(status)(...call)).start()
    const made = await Replicas.make('app/dev', 'values: {a: 0}\n', sharedPostgres(), async (program) => {
      appendFileSync(join(program.store, 'esc.yaml'), `webhooks: {allow: ["${receiver.host}"]}\n`)
      trusted = { ESC_TRUST: JSON.parse(await program.ok('trust', 'show', '--output', 'json')).digest }
      Object.assign(program.env, trusted)
      await program.ok('env', 'webhook', 'new', 'app/dev', 'test', '--url', receiver.url, '--secret', 's3cr3t-canary')
    })
    if (made === undefined) return this.skip()
    replicas = made
    servers = await Promise.all(['one', 'two', 'three'].map((machine) => made.start(machine, words, trusted)))
    return undefined
  })
  after(async () => {
    await receiver?.stop()
    await replicas?.end()
  })
  beforeEach(() => {
    status = 200
    receiver.received.length = 0
  })

  const save = async (server: RunningServer, a: number) => {
    const { status } = await server.call('PATCH', path, { body: `values: {a: ${a}}\n` })
    expect(status).to.equal(200)
  }
  const listed = async (server: RunningServer): Promise<Listed[]> =>
    (await server.call('GET', `${path}/hooks/hook-1/deliveries`)).json
  async function until(holds: () => boolean | Promise<boolean>, mostMs = 60_000): Promise<void> {
    const deadline = Date.now() + mostMs
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`${receiver.received.length} were received`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('are sent once by one of three, signed, and every server lists them', async () => {
    for (let a = 1; a <= 12; a++) await save(servers[a % 3] as RunningServer, a)
    await until(() => receiver.received.length >= 12)
    // Long enough for each server to look again.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    const ids = receiver.received.map(({ id }) => id)
    expect(new Set(ids).size).to.equal(12)
    expect(ids).to.have.length(12)
    for (const { headers } of receiver.received) expect(headers['pulumi-webhook-signature']).to.match(/^[0-9a-f]{64}$/)
    for (const server of servers) {
      expect((await listed(server)).map(({ id }) => id).sort()).to.deep.equal([...ids].sort())
    }
  })

  it('that a killed server has left are sent by another one', async () => {
    const [first, ...others] = servers as [RunningServer, ...RunningServer[]]
    for (const other of others) other.signal('SIGSTOP')
    await save(first, 100)
    await first.stop('SIGKILL')
    expect(receiver.received).to.have.length(0)
    for (const other of others) other.signal('SIGCONT')
    await until(() => receiver.received.length > 0)
    expect(receiver.received.map(({ payload }) => (payload as { action: string }).action)).to.deep.equal(['created'])
    servers = others
  })

  it('that a server was killed while it sent them are sent again by another one, under the same id', async function () {
    if (!slow) return this.skip()
    this.timeout(180_000)
    isSilent = true
    const [first] = servers as [RunningServer, RunningServer]
    const another = await replicas.start('instead', words, trusted)
    for (const server of servers) if (server !== first) server.signal('SIGSTOP')
    another.signal('SIGSTOP')
    await save(first, 150)
    await until(() => receiver.received.length === 1)
    await first.stop('SIGKILL')
    isSilent = false
    servers = [...servers.filter((server) => server !== first), another]
    for (const server of servers) server.signal('SIGCONT')
    // The claim of the one that died lasts a minute.
    await until(() => receiver.received.length > 1, 100_000)
    const [lost, again] = receiver.received
    expect(again?.id).to.equal(lost?.id)
    expect(again?.payload).to.deep.equal(lost?.payload)
    for (const server of servers) await until(async () => (await listed(server))[0]?.responseCode === 200)
    return undefined
  })

  it('that a receiver refuses have failed, as each server says', async () => {
    status = 410
    const [one, other] = servers as [RunningServer, RunningServer]
    await save(one, 200)
    await until(async () => (await listed(one))[0]?.responseCode === 410)
    const { result } = (
      await other.call('POST', '/api/v1/operations/list-webhook-deliveries', {
        body: { subject: { name: 'app/dev' }, input: 'hook-1' },
      })
    ).json
    expect(result[0]).to.include({ state: 'failed' })
    expect(result[0].attempts[0].error).to.equal('answered 410')
  })

  it('are tried again by whichever server is there, under the same id', async () => {
    status = 500
    const [one, other] = servers as [RunningServer, RunningServer]
    await save(one, 300)
    await until(() => receiver.received.length > 0)
    await one.stop('SIGKILL')
    status = 200
    await until(async () => (await listed(other))[0]?.responseCode === 200)
    expect(new Set(receiver.received.map(({ id }) => id)).size).to.equal(1)
    servers = [other]
  })

  it('stay when all servers end', async () => {
    const [last] = servers as [RunningServer]
    const before = await listed(last)
    await last.stop('SIGKILL')
    const next = await replicas.start('four', words, trusted)
    expect(before).to.have.length.above(13)
    expect(await listed(next)).to.deep.equal(before)
  })
})
