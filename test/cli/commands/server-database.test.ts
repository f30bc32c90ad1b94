import { expect } from 'chai'
import { type PostgresServer, startPostgres } from '../../servers/postgres.ts'
import { Playground } from './esc.ts'

describe('esc server with a database', function () {
  this.timeout(60_000)
  let server: PostgresServer
  let playground: Playground
  let url: string

  before(async () => {
    server = await startPostgres()
    const { username, password } = server.admin
    url = `postgres://${username}:${password}@${server.host}:${server.port}/postgres`
  })
  beforeEach(async () => {
    playground = new Playground()
    await playground.run(['init'])
    await playground.withEnvironment('app/dev', 'values: {x: 1}\n')
  })
  afterEach(() => playground.remove())
  after(() => server.stop())

  it('imports a store and exports it again, and says how much that was', async () => {
    const database = `${url}?schema=first`
    const imported = await playground.run(['server', 'import', '--database', database, '--output', 'json'])
    expect(imported.code, imported.err).to.equal(0)
    expect(JSON.parse(imported.out)).to.include({ environments: 1, revisions: 2 })
    const exported = await playground.run(['server', 'export', 'again'], { env: { ESC_DATABASE_URL: database } })
    expect(exported.out).to.equal('Copied 1 environment with 2 revisions to again.\n')
    const opened = await playground.run(['env', 'open', 'app/dev', '--store', 'again'])
    expect(JSON.parse(opened.out)).to.deep.equal({ x: 1 })
    const twice = await playground.run(['server', 'import', '--database', database])
    expect(twice.code).to.not.equal(0)
    expect(twice.err).to.include('there is a store already').and.to.include('another schema')
  })

  it('makes tokens for the store in the database, and an empty store where there is none', async () => {
    const database = ['--database', `${url}?schema=second`]
    const made = await playground.run(['server', 'token', 'create', '--user', 'ada', ...database])
    expect(made.err).to.include('made an empty store')
    expect(made.out).to.match(/^esc_\w{40}\n$/)
    const listed = await playground.run(['server', 'token', 'list', ...database])
    expect(listed.err).to.equal('')
    expect(listed.out).to.include('ada')
    expect((await playground.run(['server', 'token', 'list'])).out).to.include('There are no tokens')
  })

  it('never prints the password of the database', async () => {
    for (const bad of ['postgres://ada:hunter2@127.0.0.1:1/x', 'postgres://ada:hunter2@127.0.0.1/x?sslmode=maybe']) {
      const { out, err, code } = await playground.run(['server', 'export', 'copy', '--database', bad])
      expect(code).to.not.equal(0)
      expect(out + err).to.not.include('hunter2')
    }
  })
})
