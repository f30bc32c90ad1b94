import { expect } from 'chai'
import { createUserPair } from '../rotators/pair/postgres-pair.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { Program } from './program.ts'
import { type Person, pulls, Team } from './team.ts'

describe('a credential that both sides of a merge have rotated', function () {
  this.timeout(240_000)
  let team: Team
  let ada: Person
  let bob: Person
  let server: PostgresServer
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    server = await startPostgres()
    return undefined
  })
  after(() => server?.stop())
  beforeEach(async () => {
    team = new Team()
    ada = await team.join('ada')
  })
  afterEach(() => team?.remove())

  interface Pair {
    readonly current: { readonly username: string; readonly password: string }
  }
  const current = async (person: Person) => ((await person.open('ci/db', 'db')) as Pair).current
  const rotate = async (person: Person) => {
    await person.ok('env', 'rotate', 'ci/db', '--yes')
    person.commitAll('rotate')
  }

  async function share(definition: string): Promise<void> {
    ada.write('definition.yaml', definition)
    await ada.ok('env', 'init', 'ci/db', '--file', ada.path('definition.yaml'))
    await rotate(ada)
    ada.push()
    bob = await team.join('bob')
    await bob.open('ci/db')
  }

  async function pair() {
    const { inputs } = await createUserPair(server)
    const { host, port, database } = server
    const { username } = inputs.database.managingUser
    const managingUser = { username, password: { 'fn::secret': username.replace('manager_', 'manage-') } }
    const value = { database: { host, port, database, managingUser }, rotateUsers: inputs.rotateUsers }
    await share(
      JSON.stringify({ values: { size: 1, db: { 'fn::rotate::postgres': { inputs: value } } } }, undefined, 2),
    )
  }

  /** Pulls into a conflict and renumbers until git is content. Returns what was said. */
  async function join(person: Person, how: 'merge' | 'rebase'): Promise<string> {
    expect(person.pull(how)).to.equal(false)
    const said = await person.ok('env', 'renumber')
    if (how === 'merge') person.git('commit', '--quiet', '--no-edit')
    else person.git('rebase', '--continue')
    return said
  }

  for (const how of pulls) {
    it(`is the one that logs in, where the later rotation has ended the other (${how})`, async () => {
      await pair()
      await rotate(ada)
      const ended = await current(ada)
      await rotate(bob)
      bob.push()
      const live = await current(bob)
      const said = await join(ada, how)
      expect(said).to.include('both sides rotated db: theirs was kept, because it logs in')
      expect(await current(ada)).to.deep.equal(live)
      expect(await server.login(live.username, live.password)).to.equal(true)
      expect(await server.login(ended.username, ended.password)).to.not.equal(true)
      expect(ada.git('status', '--porcelain')).to.not.include('ci/db')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      expect(await current(bob)).to.deep.equal(live)
      await bob.ok('env', 'rotate', 'ci/db', '--yes')
      const next = await current(bob)
      expect(await server.login(next.username, next.password)).to.equal(true)
    })

    it(`is the one that logs in, also where that was rotated earlier (${how})`, async () => {
      await pair()
      await rotate(ada)
      const mine = await current(ada)
      await rotate(bob)
      bob.push()
      // As after a server that was put back to a backup.
      await server.sql(`ALTER ROLE "${mine.username.replaceAll('"', '""')}" PASSWORD '${mine.password}'`)
      const said = await join(ada, how)
      expect(said).to.include('both sides rotated db: yours was kept, because it logs in and the other does not')
      expect(await current(ada)).to.deep.equal(mine)
      expect((await ada.esc(['check'])).code).to.equal(0)
      expect(ada.git('status', '--porcelain')).to.not.include('ci/db')
    })
  }

  it('is the later one where nothing can log in, with the way to make a new one', async () => {
    await share('values:\n  size: 1\n  key: {fn::rotate::password: {inputs: {length: 20}}}\n')
    await rotate(ada)
    await ada.ok('env', 'set', 'ci/db', 'size', '2')
    ada.commitAll('edit')
    await rotate(bob)
    bob.push()
    const { key } = (await bob.open('ci/db')) as { key: unknown }
    const said = await join(ada, 'merge')
    expect(said)
      .to.include('both sides rotated key: theirs was kept, as the later one')
      .and.include('rotate key with "esc env rotate ci/db key" after the merge')
    expect(await ada.open('ci/db')).to.deep.equal({ size: 2, key })
  })

  it('does not hide that the two have also changed something else, and then is no choice for a person', async () => {
    await share('values:\n  size: 1\n  key: {fn::rotate::password: {inputs: {length: 20}}}\n')
    for (const [person, size] of [
      [ada, '2'],
      [bob, '3'],
    ] as const) {
      await person.ok('env', 'set', 'ci/db', 'size', size)
      await rotate(person)
    }
    bob.push()
    const { key } = (await bob.open('ci/db')) as { key: unknown }
    expect(ada.pull('merge')).to.equal(false)
    const refused = await ada.esc(['env', 'renumber'])
    expect(refused.code).to.equal(1)
    expect(refused.err)
      .to.include('both sides changed values.size')
      .and.not.include('ciphertext')
      .and.not.include('state')
    ada.write(
      'ci/db/environment.yaml',
      ada.git('show', 'HEAD:environments/ci/db/environment.yaml').replace('size: 2', 'size: 4'),
    )
    await ada.ok('env', 'renumber')
    expect(await ada.open('ci/db')).to.deep.equal({ size: 4, key })
  })
})
