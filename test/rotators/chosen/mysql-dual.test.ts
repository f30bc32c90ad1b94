import { expect } from 'chai'
import type { EscError } from '../../../src/errors.ts'
import {
  type MySqlDualInputs,
  type MySqlDualPending,
  type MySqlDualState,
  mysqlDual,
} from '../../../src/rotators/chosen/mysql-dual/index.ts'
import { nativePasswordHash } from '../../../src/rotators/mysql-server/password-hash.ts'
import { secret } from '../../../src/secret.ts'
import { FakeMySql } from '../../fakes/mysql.ts'
import { skipWithout } from '../../servers/binary.ts'
import {
  type MariaDbServer,
  mariaDbPackages,
  missingMariaDb,
  sharedMariaDb,
  startMariaDb,
} from '../../servers/mariadb.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createDualUser, type DualUser } from './mysql-dual-user.ts'

async function killedAfterStage(
  inputs: MySqlDualInputs,
  state: MySqlDualState | undefined,
  when: 'before' | 'after',
): Promise<MySqlDualPending> {
  const journal: Journal<MySqlDualPending> = { pending: undefined }
  const plan = await mysqlDual.plan({ inputs, state }, testContext())
  const stage = async (pending: MySqlDualPending) => {
    if (journal.pending !== undefined) throw new Error('killed')
    journal.pending = pending
    if (when === 'before') throw new Error('killed')
  }
  await mysqlDual.rotate(plan, { inputs, state }, stage, testContext()).catch(() => {})
  return journal.pending!
}

describe('mysql-dual on MariaDB', function () {
  this.timeout(30_000)
  let server: MariaDbServer
  let user: DualUser
  before(async function () {
    skipWithout(this, missingMariaDb(), mariaDbPackages)
    server = await sharedMariaDb()
  })
  beforeEach(async () => {
    user = await createDualUser(server)
  })

  const rotate = (state?: MySqlDualState, context = testContext(), inputs = user.inputs) =>
    rotateOnce({ rotator: mysqlDual, inputs, state, context })
  const logsIn = (each: { username: string; password: { reveal(): string } } | undefined) =>
    server.login(each!.username, each!.password.reveal())
  const quoted = () => `\`${user.username.replaceAll('`', '``')}\``
  const shown = async () => Object.values((await server.sql(`SHOW CREATE USER ${quoted()}`))[0]!)[0] as string

  async function refuses(changes: Partial<MySqlDualInputs>, state?: MySqlDualState): Promise<EscError> {
    const before = await shown()
    const inputs = { ...user.inputs, ...changes }
    const error = await failure(mysqlDual.plan({ inputs, state }, testContext()))
    expect(error.message).to.match(/^mysql-dual: [^\n]+$/)
    expect(error.hint, error.message).to.be.a('string')
    expectNoSecret(error, ...user.passwords, inputs.database.managingUser.password!.reveal())
    expect(await shown()).to.equal(before)
    return error
  }

  it('adds a password, keeps the last one, and retires the one before', async () => {
    await server.sql(`ALTER USER ${quoted()} WITH MAX_USER_CONNECTIONS 9`)
    const context = testContext()
    const retire = (superseded: MySqlDualState, state: MySqlDualState) =>
      mysqlDual.retire!(superseded, { inputs: user.inputs, state }, context)
    const start = user.state(true)
    const first = await rotate(start, context)
    expect(first.previous).to.deep.equal(start.current)
    expect(await logsIn(start.previous), 'alive until the new one is committed').to.equal(true)
    await retire(start, first)
    expect(await logsIn(start.previous)).to.equal(1045)
    await retire(start, first)
    const second = await rotate(first, context)
    await retire(first, second)
    expect([await logsIn(second.current), await logsIn(second.previous)]).to.deep.equal([true, true])
    expect(await logsIn(first.previous)).to.equal(1045)
    const rules = [second.current, first.current].map(
      ({ password }) => `mysql_native_password USING '${nativePasswordHash(password.reveal())}'`,
    )
    expect(await shown()).to.include(`IDENTIFIED VIA ${rules.join(' OR ')} WITH MAX_USER_CONNECTIONS 9`)
    expect(context.warnings).to.deep.equal([])
    const secrets = [first, second].map(({ current }) => current.password.reveal())
    const log = server.log()
    expect(log).to.include(nativePasswordHash(secrets[0]!))
    for (const each of secrets) expect(log).to.not.include(each)
    const plan = await mysqlDual.plan({ inputs: user.inputs, state: second }, context)
    expectNoSecret([plan, context.warnings, context.messages], ...secrets)
  })

  it('warns of an account that needs no password so far', async () => {
    await server.sql(`ALTER USER ${quoted()} IDENTIFIED BY ''`)
    const context = testContext()
    await mysqlDual.plan({ inputs: user.inputs, state: undefined }, context)
    expect(context.warnings).to.deep.equal([
      `user "${user.username}" logs in without a password so far, which this rotation ends`,
    ])
  })

  it('leaves foreign passwords and other ways in alone, and says so', async () => {
    await server.sql(
      `ALTER USER ${quoted()} IDENTIFIED VIA mysql_native_password USING '${nativePasswordHash(user.passwords[0])}'` +
        ` OR mysql_native_password USING '${nativePasswordHash(user.passwords[1])}' OR unix_socket`,
    )
    const { steps } = await mysqlDual.plan({ inputs: user.inputs, state: user.state() }, testContext())
    const of = `of user "${user.username}" on ${server.host}:${server.port}`
    expect(steps).to.deep.equal([
      { action: 'create', what: `password ${of}` },
      { action: 'keep', what: `password ${of} (current, becomes previous)` },
      { action: 'keep', what: `another way in (mysql_native_password) ${of} (not managed here)` },
      { action: 'keep', what: `another way in (unix_socket) ${of} (not managed here)` },
    ])
    const one = await rotate()
    const state = await rotate(await rotate(one))
    await mysqlDual.retire!(one, { inputs: user.inputs, state }, testContext())
    for (const password of user.passwords) expect(await server.login(user.username, password)).to.equal(true)
    expect(await shown()).to.include('unix_socket')
    // What the server says where one of several ways is not a password.
    expect(await logsIn(one.current)).to.equal(1698)
    expect(state.previous).to.not.equal(undefined)
  })

  it('refuses before any change what cannot be rotated', async () => {
    const { database } = user.inputs
    expect((await refuses({ rotateUser: { username: 'nobody' } })).message).to.include('1396')
    await refuses({ rotateUser: { username: '' } })
    expect((await refuses({ rotateUser: { username: user.manager } })).message).to.include('managing user')
    const other = { current: { username: 'other', password: secret('x') } }
    expect((await refuses({}, other)).message).to.include('"other"')
    const managingUser = { username: user.manager, password: secret<string>('wr0ng-canary') }
    expect((await refuses({ database: { ...database, managingUser } })).message).to.include('1045')
    await server.sql(`REVOKE SELECT ON mysql.* FROM ${user.manager}`)
    expect((await refuses({})).hint).to.include('GRANT SELECT ON mysql.*')
    await server.sql(`REVOKE CREATE USER ON *.* FROM ${user.manager}`)
    expect((await refuses({})).message).to.include('1227')
  })

  it('refuses a server that takes no hashes', async () => {
    const strict = await startMariaDb()
    try {
      const there = await createDualUser(strict)
      await strict.sql(`INSTALL SONAME 'simple_password_check'`)
      const error = await failure(mysqlDual.plan({ inputs: there.inputs, state: undefined }, testContext()))
      expect(error.message).to.include('takes no hashes')
    } finally {
      await strict.stop()
    }
  })

  for (const when of ['before', 'after'] as const) {
    it(`finishes what was begun when killed ${when} the password was added`, async () => {
      const pending = await killedAfterStage(user.inputs, user.state(), when)
      const reconciled = await mysqlDual.reconcile(pending, { inputs: user.inputs, state: user.state() }, testContext())
      expect(reconciled).to.have.property('kind', 'rotated')
      expect(await server.login(user.username, pending.password.reveal())).to.equal(true)
      expect((await shown()).match(/\*[0-9A-F]{40}/g), 'once').to.have.length(3)
    })
  }

  it('removes what nobody holds once another clone has rotated', async () => {
    const pending = await killedAfterStage(user.inputs, user.state(), 'after')
    const theirs = await rotate(user.state())
    const reconciled = await mysqlDual.reconcile(pending, { inputs: user.inputs, state: theirs }, testContext())
    expect(reconciled).to.have.property('kind', 'undone')
    expect(await server.login(user.username, pending.password.reveal())).to.equal(1045)
    expect([await logsIn(theirs.current), await logsIn(theirs.previous)]).to.deep.equal([true, true])
  })

  it('waits for a statement of a killed run that is still at work', async () => {
    const pending = await killedAfterStage(user.inputs, user.state(), 'before')
    const { createConnection } = await import('mysql2/promise')
    const { host, port } = server
    const held = await createConnection({ host, port, user: user.username, password: user.passwords[0] })
    const { createHash } = await import('node:crypto')
    const digest = createHash('sha256')
      .update(JSON.stringify([user.username, '%']))
      .digest('hex')
      .slice(0, 40)
    await held.query(`SELECT GET_LOCK('esc:${digest}', 1)`)
    let done = false
    const reconciling = mysqlDual
      .reconcile(pending, { inputs: user.inputs, state: user.state() }, testContext())
      .finally(() => {
        done = true
      })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(done).to.equal(false)
    await held.end()
    expect(await reconciling).to.have.property('kind', 'rotated')
  })

  it('checks every password, names the others, and changes nothing', async () => {
    const before = await shown()
    const what = `password of user "${user.username}" on ${server.host}:${server.port}`
    const gone = { username: user.username, password: secret('gone') }
    const state = { current: gone, previous: user.state().current }
    expect(await mysqlDual.check!({ inputs: user.inputs, state }, testContext())).to.deep.equal([
      { credential: 'current', what, works: false, detail: 'refused at log-in (1045)' },
      { credential: 'previous', what, works: true },
      {
        credential: 'foreign',
        what: what.replace('password', 'another way in (mysql_native_password)'),
        works: undefined,
        detail: 'not managed here',
      },
    ])
    expect(await shown()).to.equal(before)
  })
})

describe('mysql-dual on MySQL', () => {
  let server: FakeMySql
  let inputs: MySqlDualInputs
  beforeEach(async () => {
    server = await new FakeMySql().start()
    server.addUser('manager', 'manage-canary', { createUser: true, readsAccounts: true })
    server.addUser('app', 'initial')
    inputs = {
      database: {
        host: server.host,
        port: server.port,
        database: 'app',
        managingUser: { username: 'manager', password: secret<string>('manage-canary') },
      },
      rotateUser: { username: 'app' },
    }
  })
  afterEach(() => server.stop())

  const rotate = (state?: MySqlDualState, context = testContext()) =>
    rotateOnce({ rotator: mysqlDual, inputs, state, context })
  const reconcile = (pending: MySqlDualPending, state?: MySqlDualState, context = testContext()) =>
    mysqlDual.reconcile(pending, { inputs, state }, context)
  const place = (of: { password: { reveal(): string } } | undefined) => server.accepts('app', of!.password.reveal())

  it('keeps two, of which the second goes by itself', async () => {
    const first = await rotate()
    expect([place(first.current), server.accepts('app', 'initial')]).to.deep.equal(['first', 'second'])
    const second = await rotate(first)
    expect([place(second.current), place(second.previous)]).to.deep.equal(['first', 'second'])
    expect(second.previous).to.deep.equal(first.current)
    await mysqlDual.retire!(first, { inputs, state: second }, testContext())
    const third = await rotate(second)
    expect([place(third.current), place(third.previous)]).to.deep.equal(['first', 'second'])
    expect(place(first.current)).to.equal(undefined)
    const changes = server.statements.filter((statement) => /^ALTER/.test(statement))
    expect(changes).to.have.length(3)
    for (const change of changes) expect(change).to.match(/ RETAIN CURRENT PASSWORD$/)
  })

  it('says in the plan what goes at once', async () => {
    const state = await rotate(await rotate())
    const { steps } = await mysqlDual.plan({ inputs, state }, testContext())
    expect(steps.map(({ action }) => action)).to.deep.equal(['create', 'keep', 'delete'])
    expect(steps[2]!.what).to.include('at once: MySQL keeps two')
  })

  it('refuses a server on which a user has one password', async () => {
    for (const version of ['8.0.13', '5.7.44']) {
      server.version = version
      const error = await failure(mysqlDual.plan({ inputs, state: undefined }, testContext()))
      expect(error.message).to.include(version)
      expect(error.hint).to.include('8.0.14')
    }
    server.version = '9.4.0'
    await mysqlDual.plan({ inputs, state: undefined }, testContext())
  })

  for (const when of ['before', 'after'] as const) {
    it(`never sets the same password twice, killed ${when} it was set`, async () => {
      const state = await rotate(await rotate())
      const pending = await killedAfterStage(inputs, state, when)
      const reconciled = (await reconcile(pending, state)) as { state: MySqlDualState }
      expect([place(reconciled.state.current), place(reconciled.state.previous)]).to.deep.equal(['first', 'second'])
      expect(reconciled.state.previous).to.deep.equal(state.current)
    })
  }

  it('finds out for itself when the answer was lost', async () => {
    const state = await rotate(await rotate())
    for (const done of [true, false]) {
      server.trouble = { code: 1205, message: 'Lock wait timeout exceeded', done }
      const next = await rotate(state).catch((error) => error)
      expect([place(next.current), place(next.previous)]).to.deep.equal(['first', 'second'])
      server.addUser('app', state.previous!.password.reveal())
      server.accounts.get('app')!.second = server.accounts.get('app')!.first
      server.accounts.get('app')!.first = hashOf(state.current.password.reveal())
    }
  })

  it('sets the current password back when it was the second one, and somebody else had the first', async () => {
    const state = await rotate(await rotate())
    const account = server.accounts.get('app')!
    account.second = account.first
    account.first = hashOf('by hand')
    const error = await failure(rotate(state))
    expect(error.message).to.include('a password that is not managed here')
    expect(place(state.current)).to.equal('first')
    expect(server.accepts('app', 'by hand')).to.equal('second')
  })

  it('warns when the current password is dead, and keeps no corpse as previous', async () => {
    const state = await rotate(await rotate())
    server.addUser('app', 'by hand')
    const context = testContext()
    const next = await rotate(state, context)
    expect(context.warnings.join()).to.include('no longer accepted')
    expect(next).to.not.have.property('previous')
    expect(server.accepts('app', 'by hand')).to.equal('second')
  })

  it('undoes what is refused', async () => {
    const state = await rotate()
    server.trouble = {
      code: 1819,
      message: 'Your password does not satisfy the current policy requirements',
      done: false,
    }
    const pending = await killedAfterStage(inputs, state, 'before')
    const reconciled = await reconcile(pending, state)
    expect(reconciled).to.have.property('kind', 'undone')
    expect(reconciled).to.have.property('reason').that.includes('1819')
    expect(place(state.current)).to.equal('first')
  })

  it('leaves alone what another clone has rotated since', async () => {
    const state = await rotate(await rotate())
    const pending = await killedAfterStage(inputs, state, 'before')
    const theirs = await rotate(state)
    expect(await reconcile(pending, theirs)).to.have.property('kind', 'undone')
    expect([place(theirs.current), place(theirs.previous)]).to.deep.equal(['first', 'second'])
  })

  it('never quotes a statement, which holds the password', async () => {
    server.trouble = { code: 1064, message: 'You have an error near', done: false }
    const state = await rotate()
    const error = await failure(
      (async () => {
        server.trouble = { code: 1064, message: `near '${'x'}'`, done: false }
        const pending = await killedAfterStage(inputs, state, 'before')
        const reconciled = await reconcile(pending, state)
        throw Object.assign(new Error(JSON.stringify(reconciled)), { secret: pending.password })
      })(),
    )
    expect(error.message).to.include('1064').and.to.not.include('near')
  })
})

function hashOf(password: string): Buffer {
  return Buffer.from(nativePasswordHash(password).slice(1), 'hex')
}
