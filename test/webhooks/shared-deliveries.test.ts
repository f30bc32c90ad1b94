import { expect } from 'chai'
import pg from 'pg'
import { openDatabase, Store, type StoreRecords } from '../../src/store/index.ts'
import {
  Announcements,
  announcingListener,
  encode,
  keptDeliveries,
  newName,
  Outbox,
  type PostWebhook,
  prepareDeliveries,
  sendShared,
  type Webhook,
  withSecrets,
} from '../../src/webhooks/index.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { author, created, realFolder } from '../store/worlds.ts'

const secret = 'canary-5e2f'
let schemas = 0

/** A server of the store, with connections of its own. All share a state folder. */
interface Replica {
  readonly records: StoreRecords
  readonly store: Store
}

describe('deliveries that servers share', function () {
  this.timeout(60_000)
  let postgres: PostgresServer
  let place: ReturnType<typeof realFolder>
  let schema: string
  let url: string
  let replicas: Replica[]
  let hook: Webhook
  let posted: string[]
  let status: number
  let dies: ((statement: string) => boolean) | undefined

  before(async () => {
    postgres = await sharedPostgres()
  })
  beforeEach(async () => {
    place = realFolder()
    schema = `deliveries_${process.pid}_${++schemas}`
    const { host, port, admin, database } = postgres
    url = `postgres://${admin.username}:${admin.password}@${host}:${port}/${database}?schema=${schema}`
    replicas = []
    posted = []
    status = 200
    dies = undefined
    const records = await openDatabase(url, { create: true })
    await Store.initIn(records, {}, place.world)
    await records.close()
    const { store } = await replica()
    const own = await store.additions.create('app/dev', { author, created, definition: 'values: {}\n' })
    const key = await own.dataKey()
    const shape = { displayName: 'test', events: [], groups: [], format: 'raw', active: true } as const
    const fields = { ...shape, name: newName(own.settings), created: created.toISOString() }
    const secrets = {
      url: `https://example.com/?token=${secret}`,
      secret,
      headers: { Authorization: `Bearer ${secret}` },
    }
    hook = withSecrets(fields, secrets, key)
    await own.settingsWriter.change({ webhooks: { [hook.name]: encode(hook) } })
  })
  afterEach(async () => {
    dies = undefined
    await Promise.all(replicas.map(({ records }) => records.close()))
    await postgres.sql(`drop schema ${schema} cascade`)
    place.remove()
  })

  async function replica(): Promise<Replica> {
    const onStatement = (statement: string, client: object) => {
      if (!dies?.(statement)) return
      ;(client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      throw new Error('killed')
    }
    const records = await openDatabase(url, { onStatement })
    const made = { records, store: Store.openIn(records, { ...place.world, listener: announcingListener(() => {}) }) }
    replicas.push(made)
    return made
  }

  const post: PostWebhook = async ({ headers }) => {
    posted.push(headers['Pulumi-Webhook-ID'] ?? '')
    // A receiver that sends back what it got.
    return { kind: 'answered', status, body: `got ${headers.Authorization} ${secret}` }
  }
  const first = () => replicas[0] as Replica
  const outboxOf = ({ store }: Replica) => {
    const outbox = store.shared?.outbox
    if (outbox === undefined) throw new Error('no outbox')
    return outbox
  }
  function world(of: Replica, now = Date.now) {
    const { store } = of
    const sleep = async () => {}
    return { store, records: outboxOf(of), now, random: () => 0.5, sleep, post, importers: () => [], allowed: [] }
  }
  const prepare = (of: Replica, now = Date.now, seen = new Map<string, number>()) =>
    prepareDeliveries(world(of, now), { withinMs: 3_600_000, seen })
  const send = (of: Replica, id: string) => sendShared(id, world(of))
  const known = (of = first()) => keptDeliveries(of.store).of(of.store.environment('app/dev').id, hook)
  /** `attempt`: of the run of a schedule that saves, which takes several statements. */
  async function save({ store }: Replica, definition = 'values: {a: 1}\n', attempt?: number): Promise<number> {
    const own = store.environment('app/dev')
    const base = own.current().number
    const run = attempt === undefined ? attempt : { schedule: 'nightly', due: created.toISOString(), attempt }
    return (await own.append({ base, definition, change: 'edit', author, created, run })).number
  }
  const table = (name: string) => `${schema}.webhook_${name}`
  async function rows(query: string): Promise<string> {
    const client = new pg.Client({ connectionString: url.replace(/\?.*/, '') })
    await client.connect()
    try {
      return JSON.stringify((await client.query(query)).rows)
    } finally {
      await client.end()
    }
  }

  it('are kept with the revision or not at all, whichever statement a process dies at', async () => {
    let attempt = 0
    for (const next of [() => undefined, () => ++attempt]) {
      let count = 0
      dies = () => {
        count++
        return false
      }
      await first().store.refresh()
      count = 0
      await save(first(), 'values: {}\n', next())
      const statements = count
      for (let at = 1; at <= statements; at++) {
        const dying = await replica()
        count = 0
        dies = () => ++count >= at
        await save(dying, `values: {at: ${at}}\n`, next()).catch(() => {})
        dies = undefined
        const seen = await replica()
        const events = await outboxOf(seen).events()
        const told = events.map(({ content }) => JSON.parse(content).revision)
        const newest = seen.store.environment('app/dev').current().number
        const all = Array.from({ length: newest - 1 }, (_, index) => index + 2)
        expect(told, `killed at statement ${at} of ${statements}`).to.deep.equal(all)
      }
      expect(statements).to.be.at.least(attempt === 0 ? 1 : 4)
    }
  })

  it('are kept with a change of the settings or not at all, whichever statement a process dies at', async () => {
    const { id } = first().store.environment('app/dev')
    const tag = async ({ store }: Replica, name: string) => {
      const own = store.environment('app/dev')
      const event = { id: name, environment: id, content: '{}' }
      await own.told.during(event, () => own.tags.set(name, 'yes', { author, created }))
    }
    let count = 0
    dies = () => {
      count++
      return false
    }
    await tag(first(), 't0')
    const statements = count
    expect(statements).to.be.at.least(4)
    for (let at = 1; at <= statements; at++) {
      const dying = await replica()
      count = 0
      dies = () => ++count >= at
      await tag(dying, `t${at}`).catch(() => {})
      dies = undefined
      const seen = await replica()
      const tags = seen.store.environment('app/dev').tags.list()
      const names = tags.map(({ name }) => name)
      const told = (await outboxOf(seen).events()).map((event) => event.id)
      expect(told.sort(), `killed at statement ${at}`).to.deep.equal(names.sort())
    }
  })

  it('are sent once, however many servers try', async () => {
    const all = [first(), await replica(), await replica()]
    for (let count = 0; count < 5; count++) await save(first())
    for (const each of all) await each.store.refresh()
    const lists = await Promise.all([...all, ...all].map((each) => prepare(each)))
    const ids = [...new Set(lists.flat().map(({ id }) => id))]
    expect(ids).to.have.length(5)
    await Promise.all(ids.flatMap((id) => [...all, ...all].map((each) => send(each, id))))
    expect([...posted].sort()).to.deep.equal([...ids].sort())
    expect((await known(all[2])).map(({ state }) => state)).to.deep.equal(Array(5).fill('delivered'))
    expect(await prepare(first())).to.deep.equal([])
  })

  it('are sent under the same id by another server when the first dies while it sends', async () => {
    const other = await replica()
    await save(first())
    const [{ id } = { id: '' }] = await prepare(first())
    const { claim } = (await outboxOf(first()).claim(id)) ?? {}
    expect(await send(other, id)).to.equal(undefined)
    expect(posted).to.deep.equal([])
    await postgres.sql(`update ${table('delivery')} set claimed_until = clock_timestamp()`)
    status = 500
    expect((await send(other, id))?.state).to.equal('pending')
    expect(posted).to.deep.equal([id])
    // The first one was only slow. What it has to say comes too late, unless it was received.
    await outboxOf(first()).attempted(id, { state: 'failed', attempt: '{"late":1}', claim })
    expect((await known()).map(({ state, attempts }) => [state, attempts.length])).to.deep.equal([['pending', 1]])
    await outboxOf(first()).attempted(id, { state: 'delivered', attempt: '{"late":2}', claim })
    expect((await known()).map(({ state, attempts }) => [state, attempts.length])).to.deep.equal([['delivered', 2]])
  })

  it('are tried ten times with growing pauses, and have failed then', async () => {
    status = 503
    await save(first())
    const [{ id } = { id: '' }] = await prepare(first())
    const pauses: number[] = []
    for (;;) {
      await postgres.sql(`update ${table('delivery')} set due = clock_timestamp()`)
      const outcome = await send(first(), id)
      if (outcome?.due === undefined) break
      pauses.push(Math.round((outcome.due.getTime() - Date.now()) / 1000))
    }
    expect(pauses.map((pause) => (pause <= 1 ? 1 : pause))).to.deep.equal([
      1, 10, 60, 300, 900, 3600, 10_800, 21_600, 43_200,
    ])
    const [delivery] = await known(await replica())
    expect(delivery?.state).to.equal('failed')
    expect(delivery?.attempts).to.have.length(10)
    expect(delivery?.attempts.at(-1)?.error).to.equal('answered 503')
  })

  it('show no secret in any row, also when a receiver sends it back', async () => {
    status = 500
    await save(first())
    const [{ id } = { id: '' }] = await prepare(first())
    await send(first(), id)
    const kept = await rows(`select * from ${table('delivery')}`)
    expect(kept).to.include('got ')
    for (const name of ['webhook_event', 'webhook_delivery', 'environment', 'revision', 'environment_file', 'event'])
      expect(await rows(`select * from ${schema}.${name}`), name).to.not.include(secret)
  })

  it('keep the last fifty that have ended, and at most two hundred that wait', async () => {
    const outbox = outboxOf(first())
    const { id } = first().store.environment('app/dev')
    const about = { environment: { id, name: 'app/dev' }, user: author, at: created.toISOString() }
    const happened = async (count: number) => {
      const event = { ...about, kind: 'environment_tag', action: 'created', id: `event-${count}` }
      await outbox.happened({ id: event.id, environment: id, content: JSON.stringify(event) })
    }
    for (let count = 0; count < 205; count++) await happened(count)
    const waiting = await prepare(first())
    expect(waiting).to.have.length(200)
    const all = await known()
    expect(all.filter(({ attempts }) => /others are waiting/.test(attempts[0]?.error ?? ''))).to.have.length(5)
    for (const each of waiting.slice(0, 60)) await send(first(), each.id)
    expect((await known()).filter(({ state }) => state === 'delivered')).to.have.length(50)
    expect((await known()).filter(({ state }) => state === 'pending')).to.have.length(140)
    expect(new Set(posted).size).to.equal(60)
  })

  it('tell of a rotation whose server was killed, and not of one that goes on', async () => {
    const outbox = outboxOf(first())
    const { id } = first().store.environment('app/dev')
    const about = { environment: { id, name: 'app/dev' }, user: author, at: created.toISOString(), revision: 1 }
    const event = { ...about, kind: 'environment_rotation', action: 'rotation_failed', id: 'rotation-1' }
    await outbox.expect({ id: event.id, environment: id, content: JSON.stringify(event) })
    await postgres.sql(`update ${table('event')} set at = at - interval '2 minutes'`)
    const seen = new Map<string, number>()
    const [start, later] = [Date.now(), Date.now() + 20_000]
    const lock = await first().records.lock({ kind: 'environment', id, name: 'app/dev', purpose: 'rotate', waitMs: 0 })
    await prepare(first(), () => start, seen)
    expect(await prepare(first(), () => later, seen)).to.deep.equal([])
    lock.release()
    // A rotation that has just ended is told of by the server that rotated.
    let waiting = await prepare(first(), () => start, seen)
    expect(waiting).to.deep.equal([])
    while (waiting.length === 0) waiting = await prepare(first(), () => later, seen)
    const [delivery] = await known()
    expect(JSON.parse(delivery?.body ?? '').rotation.errorMessage).to.include('the next one finishes it')
    // The server was only slow: what it says has the same id, so it is not sent again.
    await outbox.happened({ id: event.id, environment: id, content: JSON.stringify(event) })
    await prepare(first())
    expect(await known()).to.have.length(1)
  })

  it('include what a version before has left on this machine', async () => {
    const { store } = first()
    const { id } = store.environment('app/dev')
    const environment = { id, name: 'app/dev' }
    const about = { at: created.toISOString(), environment, user: author } as const
    new Announcements(store.state.folder)
      .expect({ ...about, kind: 'environment_tag', action: 'created', tagName: 'a' }, { kind: 'rotation' })
      .happened()
    const outbox = new Outbox(store.state.folder)
    const left = { environment, webhook: hook.name, webhookCreated: hook.created, kind: 'ping', created: about.at }
    outbox.put({ ...left, id: 'dlv-waiting', body: '{}', state: 'pending', attempts: [], due: 5 })
    outbox.end({ ...left, id: 'dlv-ended', body: '{}', state: 'delivered', attempts: [] })
    const waiting = await prepare(first())
    expect(waiting).to.have.length(2)
    const ids = (await known(await replica())).map((each) => each.id)
    expect(ids).to.have.length(3).and.include.members(['dlv-waiting', 'dlv-ended'])
    expect([outbox.pending(), outbox.allEnded()]).to.deep.equal([[], []])
  })
})
