import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Environment, openDatabase, Store } from '../../src/store/index.ts'
import { parseDatabaseUrl } from '../../src/store/postgres/database-url.ts'
import { skipWithout } from '../servers/binary.ts'
import { selfSigned } from '../servers/certificate.ts'
import { missingPgBouncer, pgBouncerPackages, startPgBouncer } from '../servers/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { by, errorOf, Machine, reencrypt, save } from './worlds.ts'

describe('a store in PostgreSQL', function () {
  this.timeout(60_000)
  let server: PostgresServer
  let schema: string
  let machine: Machine
  const stores: Store[] = []

  before(async () => {
    server = await startPostgres()
  })
  beforeEach(() => {
    schema = `s${randomBytes(6).toString('hex')}`
    machine = new Machine()
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
  })
  after(() => server.stop())

  const urlAt = ({ host, port }: { host: string; port: number }, more = '') => {
    const { username, password } = server.admin
    return `postgres://${username}:${password}@${host}:${port}/postgres?schema=${schema}${more}`
  }

  type Options = Parameters<typeof openDatabase>[1]
  async function open(url = urlAt(server), options: Options = {}): Promise<Store> {
    const records = await openDatabase(url, { create: true, files: machine.files, ...options })
    const isNew = !records.files.exists(`${records.root}/esc.yaml`)
    const store = isNew ? await Store.initIn(records, {}, machine.world()) : Store.openIn(records, machine.world())
    stores.push(store)
    return store
  }
  const rows = async (statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: urlAt(server).replace(/\?.*/, '') })
    await client.connect()
    try {
      return (await client.query(statement)).rows
    } finally {
      await client.end()
    }
  }

  describe('of which the URL', () => {
    it('says where it is, and how it is reached', () => {
      expect(parseDatabaseUrl('postgres://ada:p%40ss@db.example.com/esc')).to.deep.equal({
        host: 'db.example.com',
        port: 5432,
        database: 'esc',
        user: 'ada',
        password: 'p@ss',
        schema: 'esc',
        tls: 'verified',
        tlsAuthorityFile: undefined,
      })
      expect(parseDatabaseUrl('postgresql://localhost:5433/a?schema=b')).to.include({
        port: 5433,
        schema: 'b',
        tls: 'off',
      })
      expect(parseDatabaseUrl('postgres:///a?host=/run/postgresql')).to.include({ host: '/run/postgresql', tls: 'off' })
      expect(parseDatabaseUrl('postgres://[::1]/a')).to.include({ host: '::1', tls: 'off' })
      expect(parseDatabaseUrl('postgres://db.example.com/a?sslmode=require')).to.include({ tls: 'verified' })
      expect(parseDatabaseUrl('postgres://db.example.com/a?sslmode=disable')).to.include({ tls: 'off' })
    })

    for (const [wrong, what] of [
      ['mysql://db/a', 'is not one of PostgreSQL'],
      ['postgres://', 'names no host'],
      ['postgres://db', 'names no database'],
      ['postgres://db/a/b', 'names no database'],
      ['postgres://ada:hunter2@db/a?sslmode=prefer', 'has the sslmode "prefer"'],
      ['postgres://db/a?schema=A"b', 'names the schema'],
      ['postgres://db/a?options=-c', 'unknown parameter "options"'],
    ] as const) {
      it(`is refused when it ${what}`, async () => {
        const error = await errorOf(() => parseDatabaseUrl(wrong))
        expect(error).to.include({ code: 'usage' })
        expect(error.message).to.include(what).and.not.include('hunter2')
      })
    }
  })

  it('is not there in a database without tables, and cannot be reached where nothing listens', async () => {
    expect(await errorOf(() => open(urlAt(server), { create: false }))).to.include({ code: 'not_found' })
    const begun = Date.now()
    const error = await errorOf(() => open(urlAt({ host: '127.0.0.1', port: 1 })))
    expect(error).to.include({ code: 'io', transient: true })
    expect(error.message).to.include('127.0.0.1:1/postgres')
    expect(Date.now() - begun).to.be.below(5000)
  })

  it('says so when the user may not come in, without the password', async () => {
    const wrong = urlAt(server).replace(server.admin.password, 'hunter2')
    const error = await errorOf(() => open(wrong))
    expect(error).to.include({ code: 'io', hint: 'check the user and the password' })
    expect(`${error.message} ${error.hint}`).to.not.include('hunter2')
  })

  it('works for a user who has a schema of their own and no more', async () => {
    await server.sql(
      `create role ada_${schema} login password 'pw'`,
      `create schema ${schema} authorization ada_${schema}`,
    )
    const store = await open(`postgres://ada_${schema}:pw@${server.host}:${server.port}/postgres?schema=${schema}`)
    const made = await store.additions.create('app/dev', by)
    await save(made, 'values: {a: enc:one}\n')
    await store.removal.remove('app/dev', { author: by.author, removed: by.created })
  })

  it('refuses a database that does not wait for the disk', async () => {
    await server.sql(
      `create role hasty_${schema} superuser login password 'pw'`,
      `alter role hasty_${schema} set synchronous_commit to off`,
    )
    const url = `postgres://hasty_${schema}:pw@${server.host}:${server.port}/postgres?schema=${schema}`
    expect(await errorOf(() => open(url))).to.include({ code: 'invalid_input' })
  })

  describe('appended to', () => {
    const append = (environment: Environment, definition: string) =>
      environment.append({ base: environment.current().number, definition, change: 'edit', ...by })

    it('sends one statement, which waits for the disk as the user does not', async () => {
      await server.sql(
        `create role hurried_${schema} superuser login password 'pw'`,
        `alter role hurried_${schema} set synchronous_commit to local`,
      )
      const statements: string[] = []
      const onStatement = (statement: string) => void statements.push(statement)
      const url = `postgres://hurried_${schema}:pw@${server.host}:${server.port}/postgres?schema=${schema}`
      const store = await open(url, { onStatement })
      const made = await store.additions.create('app/dev', by)
      await append(made, 'values: {a: 1}\n')
      // Runs when the transaction ends.
      await server.sql(
        `create table ${schema}.noted (wait text, lock text)`,
        `create function ${schema}.note() returns trigger language plpgsql as $$ begin
           insert into ${schema}.noted values (current_setting('synchronous_commit'), current_setting('lock_timeout'));
           return null; end $$`,
        `create constraint trigger note after insert on ${schema}.revision deferrable initially deferred
           for each row execute function ${schema}.note()`,
      )
      statements.length = 0
      await append(made, 'values: {a: 2}\n')
      expect(statements).to.have.lengthOf(1)
      expect(await rows(`select * from ${schema}.noted`)).to.deep.equal([{ wait: 'on', lock: '15s' }])
      // One that somebody else was faster than keeps no token.
      const tokens = () => rows(`select count(*)::int as count from ${schema}.committed`)
      const before = await tokens()
      await server.sql(`update ${schema}.environment set version = version + 1, changed = pg_current_xact_id()`)
      await append(made, 'values: {a: 3}\n')
      expect(await tokens()).to.deep.equal([{ count: Number(before[0]?.count) + 1 }])
    })

    it('goes on from what another process has changed meanwhile, and tells of one revision', async () => {
      const heard: string[] = []
      const listener = {
        appending: ({ number }: { number: number }) => ({
          appended: () => void heard.push(`appended ${number}`),
          refused: () => void heard.push(`refused ${number}`),
        }),
      }
      const records = await openDatabase(urlAt(server), { create: true, files: machine.files })
      const store = await Store.initIn(records, {}, { ...machine.world(), listener })
      stores.push(store)
      const made = await store.additions.create('app/dev', by)
      await append(made, 'values: {a: 1}\n')
      const other = (await open()).environment('app/dev')
      await other.tags.set('team', 'web', by)
      heard.length = 0
      // This one has not read the tag.
      await append(made, 'values: {a: 2}\n')
      expect(heard).to.deep.equal(['refused 3', 'appended 3'])
      expect(made.tags.list().map(({ name }) => name)).to.deep.equal(['team'])
      expect(
        await errorOf(() => made.append({ base: 2, definition: 'values: {}\n', change: 'edit', ...by })),
      ).to.include({ code: 'conflict' })
    })

    it('is refused text of before the key was changed', async () => {
      const store = await open()
      const made = await store.additions.create('app/dev', by)
      await append(made, 'values: {a: 1}\n')
      const other = await open()
      await other.keys.changeSecretsProvider('app/dev', { secretsProvider: 'default', reencrypt })
      // Its number is still the newest.
      const old = { base: 2, definition: 'values: {a: 2}\n', change: 'edit', ...by } as const
      expect(await errorOf(() => made.append(old))).to.include({ code: 'conflict' })
    })
  })

  describe('whose tables', () => {
    it('are made once, however many processes come first', async () => {
      const opened = await Promise.all(Array.from({ length: 5 }, () => openDatabase(urlAt(server), { create: true })))
      await Promise.all(opened.map((records) => records.close()))
      const versions = (await rows(`select version from ${schema}.migration order by version`)).map(
        (row) => row.version,
      )
      expect(versions)
        .to.deep.equal(Array.from(versions, (_, index) => index + 1))
        .and.to.include(1)
    })

    it('may be of a later version, as long as that says that this one can go on', async () => {
      await (await open()).additions.create('app/dev', by)
      const later = (usableBy: number) =>
        server.sql(
          `delete from ${schema}.migration where version = 1000`,
          `insert into ${schema}.migration (version, usable_by) values (1000, ${usableBy})`,
        )
      await later(1)
      await save((await open()).environment('app/dev'), 'values: later\n')
      await later(1000)
      const error = await errorOf(() => open())
      expect(error).to.include({ code: 'invalid_input', hint: 'install a newer esc' })
    })
  })

  describe('lets a run of a schedule', () => {
    const run = { schedule: 'sched-1', due: '2026-03-05T03:00:00.000Z', attempt: 1 }
    const line = { id: 'evt-1', ...run }
    const append = (environment: Environment, more: object) =>
      environment.append({
        ...by,
        base: environment.current().number,
        definition: 'values: {a: enc:two}\n',
        change: 'rotate',
        ...more,
      })

    it('save one revision, and record one line', async () => {
      const one = await (await open()).additions.create('app/dev', by)
      const other = (await open()).environment('app/dev')
      await append(one, { run })
      await append(one, { run: { ...run, attempt: 2 } })
      await append(one, { run: { ...run, due: '2026-03-06T03:00:00.000Z' } })
      const store = await open()
      const newest = store.environment('app/dev')
      for (const last of [one, newest]) {
        expect(await errorOf(() => append(last, { run }))).to.include({ code: 'already_exists' })
        // The same instant, as others may write it.
        const same = { ...run, due: '2026-03-05T04:00:00+01:00' }
        expect(await errorOf(() => append(last, { run: same }))).to.include({ code: 'already_exists' })
      }
      const failing = { ...run, part: 'failed' } as const
      expect(await errorOf(() => other.events.append('schedules', line, failing))).to.include({
        code: 'already_exists',
      })
      const recording = { ...run, part: 'recorded' } as const
      await other.events.append('schedules', line, recording)
      expect(await errorOf(() => one.events.append('schedules', line, recording))).to.include({
        code: 'already_exists',
      })
      await store.refresh()
      expect(newest.events.list('schedules')).to.deep.equal([line])
      expect(newest.current().number).to.equal(4)
    })

    it('save nothing more once its failure is recorded', async () => {
      const one = await (await open()).additions.create('app/dev', by)
      await one.events.append('schedules', line, { ...run, part: 'failed' })
      expect(await errorOf(() => append(one, { run }))).to.include({ code: 'already_exists' })
      expect(one.current().number).to.equal(1)
    })

    it('save nothing when the lock has been taken over by another process', async () => {
      const leases = { seconds: 1, renewEveryMs: 1_000_000 }
      const one = await (await open(urlAt(server), { leases })).additions.create('app/dev', by)
      const lock = await one.lock('rotate')
      await append(one, { underLock: true })
      const other = (await open()).environment('app/dev')
      const held = await other.lock('rotate', { waitMs: 5000 })
      expect(await errorOf(() => append(one, { underLock: true, run }))).to.include({ code: 'locked' })
      await append(other, { underLock: true, run })
      held.release()
      lock.release()
      expect(await errorOf(() => append(other, { underLock: true }))).to.include({ code: 'locked' })
    })
  })

  it('lets nobody write the journal who has lost the lock without knowing it', async () => {
    // Nothing is renewed, as in a process that does not get to it.
    const leases = { seconds: 1, renewEveryMs: 1_000_000 }
    const made = await (await open(urlAt(server), { leases })).additions.create('app/dev', by)
    await save(made, 'values: {a: enc:one}\n')
    const lock = await made.lock('rotate')
    await made.journal().put('one', Buffer.from('1'))
    const other = (await open()).environment('app/dev')
    const held = await other.lock('rotate', { waitMs: 5000 })
    expect(other.journal().ids()).to.deep.equal(['one'])
    for (const write of [
      () => made.journal().requireLock(),
      () => made.journal().put('one', Buffer.from('2')),
      () => made.journal().put('two', Buffer.from('2')),
      () => made.journal().remove('one'),
    ]) {
      expect(await errorOf(write)).to.include({ code: 'locked' })
    }
    lock.release()
    await other.journal().put('three', Buffer.from('3'))
    held.release()
    const now = (await open()).environment('app/dev')
    const records = await now.journal().list()
    expect(records.map(({ id, content }) => `${id} ${Buffer.from(content)}`).sort()).to.deep.equal(['one 1', 'three 3'])
  })

  it('keeps a lock for as long as its holder lives, and no longer', async () => {
    const leases = { seconds: 1, renewEveryMs: 200 }
    const holder = await open(urlAt(server), { leases })
    await holder.additions.create('app/dev', by)
    await holder.environment('app/dev').lock('rotate')
    const other = (await open()).environment('app/dev')
    expect(await errorOf(() => other.lock('edit', { waitMs: 2500 }))).to.include({ code: 'locked' })
    await holder.close()
    ;(await other.lock('edit', { waitMs: 500 })).release()
  })

  it('is noticed when its history was cut short behind the back of a machine that has seen more', async () => {
    const made = await (await open()).additions.create('app/dev', by)
    await save(made, 'values: {a: enc:one}\n')
    await save(made, 'values: {a: enc:two}\n')
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await server.sql(
      `delete from ${schema}.revision where number = 3`,
      `update ${schema}.environment set newest = 2, version = version + 1, generation = generation + 1,
         changed = pg_current_xact_id()`,
    )
    await new Promise((resolve) => setTimeout(resolve, 5))
    const cut = (await open()).environment('app/dev')
    expect(await errorOf(() => cut.current())).to.include({ code: 'tampered' })
    await server.sql(`update ${schema}.revision set content = content || 'x' where number = 2`)
    machine = new Machine()
    const changed = (await open()).environment('app/dev')
    expect(await errorOf(() => changed.verify(changed.current())))
      .to.have.property('code')
      .that.is.oneOf(['tampered', 'key_unavailable'])
  })

  it('has what was seen of it written within a second, and at the end of the process', async () => {
    const newestSeen = () => {
      const seen = Object.entries(machine.files.tree()).find(([path]) => /\/seen\/[0-9a-f-]{36}\.json$/.test(path))
      return JSON.parse(seen?.[1] ?? '{}').sightings?.none?.number
    }
    const made = await (await open()).additions.create('app/dev', by)
    await save(made, 'values: {a: enc:one}\n')
    const key = newestSeen()
    expect(key, 'a new key is remembered at once').to.be.a('number')
    for (const text of ['two', 'three', 'four']) await save(made, `values: {a: enc:${text}}\n`)
    const newest = made.current().number
    expect(newestSeen()).to.be.lessThan(newest)
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(newestSeen()).to.equal(newest)
    // Another process of the machine sees more meanwhile, and this one does not take it back.
    await save(made, 'values: {a: enc:five}\n')
    const other = (await open()).environment('app/dev')
    await save(other, 'values: {a: enc:six}\n')
    const [first, second] = stores.splice(0)
    await second?.close()
    await first?.close()
    expect(newestSeen()).to.equal(newest + 2)
    const again = (await open()).environment('app/dev')
    expect(again.current().number).to.equal(newest + 2)
  })

  it('holds no secret in the clear', async () => {
    const made = await (await open()).additions.create('app/dev', by)
    await save(made, 'values: {a: enc:canary123}\n')
    const lock = await made.lock('rotate')
    await made.journal().put('one', Buffer.from('canary123'))
    lock.release()
    for (const table of ['revision', 'journal', 'environment', 'event', 'store_file']) {
      const text = JSON.stringify(await rows(`select t::text from ${schema}.${table} t`))
      expect(text).to.not.include('canary123')
      expect(text).to.not.include(Buffer.from('canary123').toString('hex'))
    }
    expect(server.log()).to.not.include('canary123').and.not.include(Buffer.from('canary123').toString('hex'))
  })

  it('can be used through PgBouncer in transaction mode', async function () {
    skipWithout(this, missingPgBouncer(), pgBouncerPackages)
    const { username, password } = server.admin
    const settings = { default_pool_size: '3', max_client_conn: '100' }
    const users = { [username]: password }
    const pooler = await startPgBouncer({ server, users, authType: 'plain', settings })
    try {
      const replicas = await Promise.all([0, 1, 2].map(() => open(urlAt(pooler)).catch(() => open(urlAt(pooler)))))
      await replicas[0]?.additions.create('app/dev', by)
      await Promise.all(
        replicas.map(async (store, replica) => {
          await store.refresh()
          const environment = store.environment('app/dev')
          for (let done = 0; done < 10; ) {
            const base = environment.current().number
            const request = { base, definition: `values: ${replica}\n`, change: 'edit', ...by }
            const appended = await environment.append(request).catch((error) => {
              expect(error.code).to.equal('conflict')
            })
            if (appended !== undefined) done++
            const lock = await environment.lock('rotate', { waitMs: 20_000 })
            await environment.journal().put('x', Buffer.from(`${replica}`))
            await environment.journal().remove('x')
            lock.release()
          }
        }),
      )
      const now = (await open()).environment('app/dev')
      expect(now.current().number).to.equal(31)
      for (const revision of now.history()) await now.verify(revision)
      expect(now.journal().ids()).to.deep.equal([])
    } finally {
      await Promise.all(stores.splice(0).map((store) => store.close()))
      await pooler.stop()
    }
  })

  it('is reached over TLS, by a certificate that is verified', async function () {
    const certificate = selfSigned()
    if (certificate === undefined) this.skip()
    const secure = await startPostgres({ tls: certificate })
    const folder = mkdtempSync(join(tmpdir(), 'esc-tls-'))
    try {
      const file = join(folder, 'ca.pem')
      writeFileSync(file, certificate.certificate)
      const { username, password } = secure.admin
      const url = `postgres://${username}:${password}@127.0.0.1:${secure.port}/postgres?sslmode=verify-full`
      const error = await errorOf(() => openDatabase(url, { create: true }))
      expect(error).to.include({ code: 'io' })
      const records = await openDatabase(`${url}&sslrootcert=${file}`, { create: true })
      await records.close()
    } finally {
      rmSync(folder, { recursive: true })
      await secure.stop()
    }
  })
})
