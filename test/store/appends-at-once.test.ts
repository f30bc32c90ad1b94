import { expect } from 'chai'
import pg from 'pg'
import { type Environment, openDatabase, type RevisionListener, Store } from '../../src/store/index.ts'
import { LayeredFiles, withFiles } from '../../src/store/postgres/layered-files.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { loseAnswer } from './postgres-site.ts'
import { by, Machine } from './worlds.ts'

const count = 8

describe('appends to several environments at once, in PostgreSQL', function () {
  this.timeout(60_000)
  let server: PostgresServer
  let schemas = 0
  let schema: string
  let store: Store
  let environments: readonly Environment[]
  let heard: (statement: string, client: pg.PoolClient) => void

  before(async () => {
    server = await startPostgres()
  })
  beforeEach(async () => {
    schema = `at_once_${++schemas}`
    heard = () => {}
    const machine = new Machine()
    const records = await openDatabase(`${urlOf(server)}?schema=${schema}`, {
      create: true,
      files: machine.files,
      onStatement: (statement, client) => heard(statement, client),
    })
    store = await Store.initIn(records, {}, machine.world())
    for (let at = 0; at < count; at++) await store.additions.create(`app/env${at}`, by)
    environments = Array.from({ length: count }, (_, at) => store.environment(`app/env${at}`))
    // The first makes the key of an environment.
    for (const each of environments) await append(each, 'values: {a: 0}\n')
  })
  afterEach(() => store.close())
  after(() => server.stop())

  const append = (environment: Environment, definition = 'values: {a: 1}\n') =>
    environment.append({ base: environment.current().number, definition, change: 'edit', ...by })
  const appendToAll = () => Promise.all(environments.map((each) => append(each)))
  const idOf = async (place: string) => {
    const [row] = await rows(`select id from ${schema}.environment where place = '${place}'`)
    return row?.id as string
  }
  async function rows(statement: string) {
    const client = new pg.Client({ connectionString: urlOf(server) })
    await client.connect()
    try {
      return (await client.query(statement)).rows as readonly Readonly<Record<string, unknown>>[]
    } finally {
      await client.end()
    }
  }
  /** Compares what the database holds with what this process believes. */
  async function expectOneMoreEach() {
    expect(environments.map((each) => each.current().number)).to.deep.equal(environments.map(() => 3))
    const kept = await rows(`select place, newest, (select array_agg(number order by number)
      from ${schema}.revision where environment = id) as numbers from ${schema}.environment order by place`)
    expect(kept).to.deep.equal(environments.map((_, at) => ({ place: `app/env${at}`, newest: 3, numbers: [1, 2, 3] })))
  }

  it('share statements', async () => {
    let statements = 0
    heard = () => statements++
    await appendToAll()
    expect(statements).to.be.at.most(3)
    await expectOneMoreEach()
  })

  it('are as many as come, of the later ones those that one statement cannot carry', async () => {
    const more = Array.from({ length: 100 }, (_, at) => `app/more${at}`)
    for (const name of more) await append(await store.additions.create(name, by), 'values: {a: 0}\n')
    const added = await Promise.all(more.map((name) => append(store.environment(name))))
    expect(added.map(({ number }) => number)).to.deep.equal(more.map(() => 3))
  })

  it('tell each of its own', async () => {
    const machine = new Machine()
    const records = await openDatabase(`${urlOf(server)}?schema=told_${schema}`, { create: true, files: machine.files })
    const listener: RevisionListener = {
      appending: ({ environment: { id, name }, number, tell }) => {
        tell?.({ id: `${name} ${number}`, environment: id, content: name })
        return { appended: () => {}, refused: () => {} }
      },
    }
    const telling = await Store.initIn(records, {}, { ...machine.world(), listener })
    const names = ['app/one', 'app/two', 'app/three']
    for (const name of names) await append(await telling.additions.create(name, by))
    await Promise.all(names.map((name) => append(telling.environment(name))))
    const told = await rows(`select w.content, e.place from told_${schema}.webhook_event w
      join told_${schema}.environment e on e.id = w.environment where w.id like '% 3' order by 1`)
    expect(told).to.deep.equal([...names].sort().map((name) => ({ content: name, place: name })))
    await telling.close()
  })

  it('do not fail for what the database refuses of one', async () => {
    await server.sql(
      `create function ${schema}.refuse() returns trigger language plpgsql as $$ begin
         raise exception 'refused' using errcode = '23514'; end $$`,
      `create trigger refuse before insert on ${schema}.revision for each row
         when (new.environment = '${await idOf('app/env3')}') execute function ${schema}.refuse()`,
    )
    const ended = await Promise.all(environments.map((each) => append(each).catch((error: unknown) => error)))
    const refused = ended.flatMap((error, at) => (error instanceof Error ? [at] : []))
    expect(refused).to.deep.equal([3])
    expect(ended[3]).to.include({ code: 'io' })
    await server.sql(`drop trigger refuse on ${schema}.revision`)
    await append(environments[3] as Environment)
    await expectOneMoreEach()
  })

  it('go on without one that somebody else has changed, which is read anew', async () => {
    await server.sql(
      `update ${schema}.environment set version = version + 1, changed = pg_current_xact_id() where place = 'app/env5'`,
    )
    await appendToAll()
    await expectOneMoreEach()
  })

  it('do not wait for one that somebody else is changing', async () => {
    const client = new pg.Client({ connectionString: urlOf(server) })
    await client.connect()
    await client.query('begin')
    await client.query(`select from ${schema}.environment where place = 'app/env2' for update`)
    const [locked, others] = [environments[2] as Environment, environments.filter((_, at) => at !== 2)]
    let isDone = false
    const waiting = append(locked).then(() => {
      isDone = true
    })
    await Promise.all(others.map((each) => append(each)))
    expect(isDone).to.equal(false)
    await client.query('rollback')
    await client.end()
    await waiting
    await expectOneMoreEach()
  })

  it('are kept once when the answer to a statement is lost', async () => {
    let isLost = false
    heard = (statement, client) => {
      if (isLost || !statement.includes('insert into') || !statement.includes('.revision')) return
      isLost = true
      loseAnswer((client as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream)
    }
    await appendToAll()
    expect(isLost).to.equal(true)
    await expectOneMoreEach()
  })

  it('to one environment are kept in turn, and the later ones refused', async () => {
    const [environment] = environments as [Environment]
    const ended = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        append(environment, `values: {a: ${at}}\n`).catch((error: unknown) => error),
      ),
    )
    const refused = ended.filter((each) => each instanceof Error)
    expect(refused).to.have.lengthOf(4)
    for (const error of refused) expect(error).to.include({ code: 'conflict' })
    expect(environment.current().number).to.equal(3)
  })
})

describe('files in layers', () => {
  it('are those of a map that was changed as often', () => {
    const plain = new Map([['settings.yaml', Buffer.from('0')]])
    let files = withFiles(new Map(plain), new Map())
    for (let at = 0; at < 300; at++) {
      const changed = new Map([[`revisions/${at % 90}.yaml`, Buffer.from(`${at}`)]])
      if (at % 7 === 0) changed.set('settings.yaml', Buffer.from(`${at}`))
      const before = new Map(files)
      const after = withFiles(files, changed)
      expect(new Map(files)).to.deep.equal(before)
      files = after
      for (const [path, content] of changed) plain.set(path, content)
    }
    const byPath = (one: [string, unknown], other: [string, unknown]) => (one[0] < other[0] ? -1 : 1)
    expect([...files].sort(byPath)).to.deep.equal([...plain].sort(byPath))
    expect(files.size).to.equal(plain.size)
    expect([...files.keys()].every((path) => files.has(path) && files.get(path) === plain.get(path))).to.equal(true)
    const seen = new Map<string, unknown>()
    files.forEach((content, path) => void seen.set(path, content))
    expect(seen.size).to.equal(plain.size)
    expect(new Set(files.values())).to.deep.equal(new Set(plain.values()))
    expect(new LayeredFiles(new Map(), new Map()).size).to.equal(0)
  })
})

function urlOf({ host, port, admin }: PostgresServer): string {
  return `postgres://${admin.username}:${admin.password}@${host}:${port}/postgres`
}
