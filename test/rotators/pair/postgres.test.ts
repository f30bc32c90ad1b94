import { inspect } from 'node:util'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import type { Database } from '../../../src/rotators/pair/kit/types.ts'
import {
  type PostgresInputs,
  type PostgresPending,
  type PostgresState,
  postgres,
  postgresRotator,
} from '../../../src/rotators/pair/postgres/index.ts'
import { tlsOptions } from '../../../src/rotators/tls/index.ts'
import { secret } from '../../../src/secret.ts'
import { selfSigned } from '../../servers/certificate.ts'
import { type PostgresServer, sharedPostgres, startPostgres } from '../../servers/postgres.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createUserPair, type UserPair } from './postgres-pair.ts'

describe('postgres', function () {
  this.timeout(30_000)
  let server: PostgresServer
  let pair: UserPair
  before(async () => {
    server = await sharedPostgres()
  })
  beforeEach(async () => {
    pair = await createUserPair(server)
  })

  const rotate = (state?: PostgresState, context = testContext(), inputs = pair.inputs) =>
    rotateOnce({ rotator: postgres, inputs, state, context })

  const logsIn = (user: { username: string; password: { reveal(): string } } | undefined) =>
    server.login(user!.username, user!.password.reveal())

  async function refuses(inputs: PostgresInputs, state?: PostgresState): Promise<EscError> {
    const error = await failure(postgres.plan({ inputs, state }, testContext()))
    expect(error).to.be.instanceOf(EscError)
    expect(error.message).to.match(/^postgres: [^\n]+$/)
    expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
    expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
    return error as EscError
  }

  const database = (changes: Partial<PostgresInputs['database']>): PostgresInputs => ({
    ...pair.inputs,
    database: { ...pair.inputs.database, ...changes },
  })

  const users = (username1: string, username2: string): PostgresInputs => ({
    ...pair.inputs,
    rotateUsers: { username1, username2 },
  })

  it('refuses the path of a file where certificates are expected, before any change', async () => {
    for (const ca of ['/etc/ssl/ca.pem', './ca', '~/ca', 'C:\\ca', 'authority.crt']) {
      const inputs = database({ tls: { mode: 'verify-full', ca } })
      const error = await failure(postgres.plan({ inputs, state: undefined }, testContext()))
      expect(error.message, ca).to.include('`database.tls.ca` holds the path')
    }
  })

  it('warns where the server stores new passwords as md5, which the rotation changes', async () => {
    const own = await startPostgres()
    try {
      const { inputs } = await createUserPair(own)
      await own.sql(`ALTER SYSTEM SET password_encryption = 'md5'`, 'SELECT pg_reload_conf()', 'SELECT pg_sleep(0.2)')
      const context = testContext()
      const state = await rotate(undefined, context, inputs)
      expect(context.warnings.join()).to.include('stores new passwords as md5').and.include('SCRAM-SHA-256')
      expect(await own.login(state.current!.username, state.current!.password.reveal())).to.equal(true)
    } finally {
      await own.stop()
    }
  })

  it('moves from one user to the other and back, two passwords valid at any time', async () => {
    const changedBefore = server.log().match(/ALTER ROLE "app.* WITH PASSWORD/g)?.length ?? 0
    const first = await rotate()
    expect(first.current?.username).to.equal(pair.username1)
    expect(first).to.not.have.property('previous')
    expect(await logsIn(first.current)).to.equal(true)
    expect(await server.login(pair.username1, pair.passwords[1])).to.equal('28P01')
    expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)

    const second = await rotate(first)
    expect([second.current?.username, second.previous?.username]).to.deep.equal([pair.username2, pair.username1])
    expect([await logsIn(second.current), await logsIn(second.previous)]).to.deep.equal([true, true])

    const third = await rotate(second)
    expect([third.current?.username, third.previous?.username]).to.deep.equal([pair.username1, pair.username2])
    expect([await logsIn(third.current), await logsIn(third.previous)]).to.deep.equal([true, true])
    expect(await logsIn(second.previous)).to.equal('28P01')

    const log = server.log()
    const changes = log.split('\n').filter((line) => line.includes(`ALTER ROLE "app`) && line.includes('WITH PASSWORD'))
    expect(changes.length - changedBefore, 'one statement a rotation').to.equal(3)
    for (const change of changes.slice(changedBefore)) expect(change).to.include("'SCRAM-SHA-256$4096:")
    for (const state of [first, second, third]) expect(log).to.not.include(state.current!.password.reveal())
    expect(third.current!.password.reveal()).to.match(/^[A-Za-z0-9_-]{32}$/)
  })

  it('says what it will change and keep', async () => {
    const { steps } = await postgres.plan({ inputs: pair.inputs, state: pair.state(2, 1) }, testContext())
    const place = `${server.host}:${server.port}`
    expect(steps).to.deep.equal([
      { action: 'change', what: `password of role "${pair.username1}" on ${place} (previous)` },
      { action: 'keep', what: `password of role "${pair.username2}" on ${place} (becomes previous)` },
    ])
  })

  describe('chooses', () => {
    const cases: readonly [string, (pair: UserPair) => PostgresState | undefined, 1 | 2][] = [
      ['username1 without a state', () => undefined, 1],
      ['the other one beside current', (pair) => pair.state(1), 2],
      ['the other one beside current, whichever that is', (pair) => pair.state(2), 1],
      ['previous', (pair) => pair.state(1, 2), 2],
      ['the other one where only previous is known', (pair) => ({ previous: pair.state(1).current! }), 2],
      ['username1 for an empty state', () => ({}), 1],
    ]
    for (const [title, state, expected] of cases) {
      it(title, async () => {
        const plan = await postgres.plan({ inputs: pair.inputs, state: state(pair) }, testContext())
        expect(plan.username).to.equal(expected === 1 ? pair.username1 : pair.username2)
      })
    }
  })

  describe('refuses before any change', () => {
    it('the same user twice', async () => {
      expect((await refuses(users(pair.username1, pair.username1))).message).to.include('both')
    })
    it('the managing user among the rotated', async () => {
      expect((await refuses(users(pair.manager, pair.username2))).message).to.include('managing user')
    })
    it('a state that names somebody else', async () => {
      const error = await refuses(users(pair.username1, 'postgres_other'), pair.state(1, 2))
      expect(error.message).to.include(pair.username2)
    })
    it('a state that names one user twice', async () => {
      expect((await refuses(pair.inputs, pair.state(1, 1))).message).to.include('both')
    })
    it('a role that does not exist', async () => {
      const error = await refuses(users(pair.username1, 'nobody_here'))
      expect(error.message).to.include('nobody_here').and.to.include('42704')
      expect(error.hint).to.include('CREATE ROLE nobody_here')
    })
    it('a name longer than PostgreSQL keeps, which it would silently cut', async () => {
      await server.sql(`CREATE ROLE ${'x'.repeat(63)} LOGIN`)
      expect((await refuses(users('x'.repeat(64), pair.username2))).message).to.include('42704')
    })
    it('an empty name and one with a NUL', async () => {
      await refuses(users('', pair.username2))
      await refuses(users('a\0b', pair.username2))
    })
    it('a role that may not log in, and one whose password has expired', async () => {
      await server.sql(`ALTER ROLE ${pair.username2} NOLOGIN`)
      const error = await failure(postgres.plan({ inputs: pair.inputs, state: undefined }, testContext()))
      expect(error.message).to.include('may not log in')
      await server.sql(`ALTER ROLE ${pair.username2} LOGIN VALID UNTIL '2001-01-01'`)
      const expired = await failure(postgres.plan({ inputs: pair.inputs, state: undefined }, testContext()))
      expect(expired.message).to.include('expired')
    })
    it('a manager without ADMIN OPTION, one without CREATEROLE, and a superuser as target', async () => {
      await server.sql(`REVOKE ADMIN OPTION FOR ${pair.username2} FROM ${pair.manager}`)
      const error = await refuses(pair.inputs)
      expect(error.hint).to.equal(`run GRANT ${pair.username2} TO ${pair.manager} WITH ADMIN OPTION`)
      await server.sql(`ALTER ROLE ${pair.manager} NOCREATEROLE`)
      expect((await refuses(pair.inputs)).message).to.include('CREATEROLE')
      expect((await refuses(users('admin', pair.username2))).message).to.include('superuser')
    })
    it('a wrong password of the manager, which it does not show', async () => {
      const managingUser = { username: pair.manager, password: secret('wr0ng') }
      const error = await refuses(database({ managingUser }))
      expect(error.message).to.include('28P01').and.to.include(pair.manager)
      expect(inspect(error, { depth: 20, showHidden: true })).to.not.include('wr0ng')
    })
    it('a database that does not exist', async () => {
      expect((await refuses(database({ database: 'nowhere' }))).message).to.include('3D000')
    })
    it('a host that does not answer, or whose name is unknown', async () => {
      const error = await refuses(database({ port: 1 }))
      expect(error.message).to.include('127.0.0.1:1').and.to.include('ECONNREFUSED')
      const unknown = await refuses(database({ host: 'no-such-host.invalid', tls: { mode: 'disable' } }))
      expect(unknown.message).to.match(/ENOTFOUND|EAI_AGAIN/)
    })
    it('a host that takes too long', async () => {
      const { createServer } = await import('node:net')
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const { port } = silent.address() as { port: number }
      const hasty = postgresRotator({ connectMs: 100, queryMs: 100, verifyWaitsMs: [], probeMs: 100 })
      const error = await failure(hasty.plan({ inputs: database({ port }), state: undefined }, testContext()))
      expect(error.message).to.include('ETIMEDOUT')
      silent.close()
    })
    it('a server without TLS where TLS is asked for', async () => {
      expect((await refuses(database({ tls: { mode: 'require' } }))).message).to.include('NO_TLS')
    })
  })

  it('logs the managing user in over a unix socket, without a password where the server needs none', async () => {
    const own = await startPostgres()
    try {
      const { inputs } = await createUserPair(own)
      const { username } = inputs.database.managingUser
      const local: PostgresInputs = {
        ...inputs,
        database: { ...inputs.database, host: own.socketFolder, managingUser: { username } },
      }
      const refused = await failure(rotate(undefined, testContext(), local))
      expect(refused.message).to.include('28P01')
      await own.access([`local all ${username} trust`])
      const state = await rotate(undefined, testContext(), local)
      expect(await own.login(state.current!.username, state.current!.password.reveal())).to.equal(true)
    } finally {
      await own.stop()
    }
  })

  describe('TLS', () => {
    const at = (host: string, tls?: Database['tls']) => tlsOptions({ host, ...(tls && { tls }) })

    it('is verified by default, and off by default only on this machine', () => {
      for (const host of ['localhost', 'LOCALHOST.', '127.0.0.1', '127.1.2.3', '::1', '/run/postgresql']) {
        expect(at(host), host).to.equal(false)
      }
      for (const host of ['db.example.org', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', '::2']) {
        expect(at(host), host).to.deep.equal({ rejectUnauthorized: true })
      }
      expect(at('localhost', { mode: 'verify-full', ca: 'pem' })).to.deep.equal({ rejectUnauthorized: true, ca: 'pem' })
      expect(at('localhost', { ca: 'pem' }), 'naming an authority asks for TLS').to.deep.equal({
        rejectUnauthorized: true,
        ca: 'pem',
      })
      expect(at('db.example.org', { mode: 'require' })).to.deep.equal({ rejectUnauthorized: false })
      expect(at('db.example.org', { mode: 'disable' })).to.equal(false)
    })

    it('refuses a certificate nobody vouches for, and takes one of the authority it is given', async function () {
      const certificate = selfSigned()
      if (certificate === undefined) return this.skip()
      const secure = await startPostgres({ tls: certificate })
      try {
        const there = await createUserPair(secure)
        const inputs = (tls: Database['tls']): PostgresInputs => ({
          ...there.inputs,
          database: { ...there.inputs.database, tls },
        })
        await secure.access(['hostnossl all all 127.0.0.1/32 reject'])
        const error = await failure(
          postgres.plan({ inputs: inputs({ mode: 'verify-full' }), state: undefined }, testContext()),
        )
        expect(error.message).to.include('BAD_CERTIFICATE').and.to.include('SELF_SIGNED')
        for (const tls of [{ mode: 'require' }, { mode: 'verify-full', ca: certificate.certificate }] as const) {
          const state = await rotate(undefined, testContext(), inputs(tls))
          expect(state.current?.username).to.equal(there.username1)
        }
      } finally {
        await secure.stop()
      }
    })
  })

  describe('after a crash', () => {
    /** The record of a run that was killed before, or right after, the password was set. */
    async function killed(state: PostgresState | undefined, when: 'before' | 'after'): Promise<PostgresPending> {
      const journal: Journal<PostgresPending> = { pending: undefined }
      const plan = await postgres.plan({ inputs: pair.inputs, state }, testContext())
      const stage = async (pending: PostgresPending) => {
        journal.pending = pending
        if (when === 'before') throw new Error('killed')
      }
      await postgres.rotate(plan, { inputs: pair.inputs, state }, stage, testContext()).catch(() => {})
      return journal.pending!
    }

    const reconcile = (
      pending: PostgresPending,
      state?: PostgresState,
      context = testContext(),
      inputs = pair.inputs,
    ) => postgres.reconcile(pending, { inputs, state }, context)

    for (const when of ['before', 'after'] as const) {
      it(`${when} the password was set: it is set, and current`, async () => {
        const pending = await killed(pair.state(1, 2), when)
        const reconciled = await reconcile(pending, pair.state(1, 2))
        expect(reconciled).to.have.property('kind', 'rotated')
        expect(await server.login(pair.username2, pending.password.reveal())).to.equal(true)
        expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
      })
    }

    it('keeps the record while the server is out of reach', async () => {
      const pending = await killed(undefined, 'before')
      const inputs = database({ managingUser: { username: pair.manager, password: secret('wr0ng') } })
      expect((await failure(reconcile(pending, undefined, testContext(), inputs))).message).to.include('28P01')
    })

    it('undoes what may no longer be done', async () => {
      const pending = await killed(undefined, 'before')
      await server.sql(`ALTER ROLE ${pair.manager} NOCREATEROLE`)
      const reconciled = await reconcile(pending)
      expect(reconciled).to.have.property('kind', 'undone')
      expect(reconciled).to.have.property('reason').that.includes('42501')
      expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
    })

    it('keeps what another clone rotated since', async () => {
      const pending = await killed(pair.state(1, 2), 'before')
      const theirs = await rotate(pair.state(1, 2))
      const reconciled = await reconcile(pending, theirs)
      expect(reconciled).to.have.property('kind', 'undone')
      expect(await logsIn(theirs.current)).to.equal(true)
    })

    it('returns the state as it is when an earlier run committed it, even where the state has moved on', async () => {
      const pending = await killed(undefined, 'after')
      const reconciled = await reconcile(pending)
      const state = (reconciled as { state: PostgresState }).state
      expect(await reconcile(pending, state)).to.deep.equal({ kind: 'rotated', state })
      const later = await rotate(state)
      expect(await reconcile(pending, later)).to.deep.equal({ kind: 'rotated', state: later })
    })

    it('does not touch another server or role than the one it began with', async () => {
      const pending = await killed(undefined, 'after')
      const moved = await failure(reconcile(pending, undefined, testContext(), database({ host: 'localhost' })))
      expect(moved).to.have.property('code', 'conflict')
      const renamed = await failure(reconcile(pending, undefined, testContext(), users('x', pair.username2)))
      expect(renamed).to.have.property('code', 'conflict')
    })

    it('waits for its own statement that is still on its way', async () => {
      const pending = await killed(pair.state(1, 2), 'before')
      const { default: pg } = await import('pg')
      const { host, port, admin } = server
      const slow = new pg.Client({ host, port, database: 'postgres', user: admin.username, password: admin.password })
      await slow.connect()
      await slow.query('BEGIN')
      await slow.query(`ALTER ROLE ${pair.username2} PASSWORD '${pending.password.reveal()}'`)
      const reconciling = reconcile(pending, pair.state(1, 2))
      await new Promise((resolve) => setTimeout(resolve, 200))
      await slow.query('COMMIT')
      await slow.end()
      expect(await reconciling).to.have.property('kind', 'rotated')
      expect(await server.login(pair.username2, pending.password.reveal())).to.equal(true)
    })
  })

  describe('where a log-in proves nothing', () => {
    afterEach(() => server.access([]))

    it('warns when the rotated user may not connect from here', async () => {
      await server.access([`host all ${pair.username2} 127.0.0.1/32 reject`])
      const context = testContext()
      const state = await rotate(pair.state(1, 2), context)
      expect(context.warnings.join()).to.include('could not be tried').and.to.include('28000')
      await server.access([])
      expect(await logsIn(state.current)).to.equal(true)
    })

    it('does not believe a server that lets anybody in', async () => {
      await server.access([`host all ${pair.username2} 127.0.0.1/32 trust`])
      const context = testContext()
      const plan = await postgres.plan({ inputs: pair.inputs, state: pair.state(1, 2) }, context)
      let pending: PostgresPending | undefined
      const stage = async (record: PostgresPending) => {
        pending = record
        throw new Error('killed')
      }
      await postgres.rotate(plan, { inputs: pair.inputs, state: pair.state(1, 2) }, stage, context).catch(() => {})
      const reconciled = await postgres.reconcile(pending!, { inputs: pair.inputs, state: pair.state(1, 2) }, context)
      expect(reconciled).to.have.property('kind', 'rotated')
      expect(context.warnings.join()).to.include('without asking for a password')
      await server.access([])
      expect(await server.login(pair.username2, pending!.password.reveal())).to.equal(true)
    })

    it('takes a user without a right to the database for logged in', async () => {
      await server.sql(
        `CREATE DATABASE closed_${pair.username2}`,
        `REVOKE CONNECT ON DATABASE closed_${pair.username2} FROM public`,
        `GRANT CONNECT ON DATABASE closed_${pair.username2} TO ${pair.manager}`,
      )
      const inputs = database({ database: `closed_${pair.username2}` })
      const context = testContext()
      const state = await rotate(undefined, context, inputs)
      expect(context.warnings).to.deep.equal([])
      expect(await logsIn(state.current)).to.equal(true)
    })
  })

  it('sets the former password back when the new one is set but refused', async () => {
    // Two servers behind one name: the manager reaches one, the user the other.
    const other = await startPostgres()
    try {
      await other.sql(`CREATE ROLE ${pair.username2} LOGIN PASSWORD 'elsewhere'`)
      const { connect, createServer } = await import('node:net')
      const front = createServer((client) => {
        client.once('data', (startup) => {
          const { port, host } = startup.includes(pair.manager) ? server : other
          const upstream = connect(port, host)
          upstream.write(startup)
          client.pipe(upstream).pipe(client)
          for (const socket of [client, upstream]) socket.on('error', () => {})
        })
      })
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
      const { port } = front.address() as { port: number }
      const error = await failure(rotate(pair.state(1, 2), testContext(), database({ port })))
      expect(error.message).to.include('its former password was set back')
      expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
      front.close()
    } finally {
      await other.stop()
    }
  })

  describe('check', () => {
    const what = (username: string) => `password of role "${username}" on ${server.host}:${server.port}`

    it('logs in with both and changes nothing', async () => {
      const request = { inputs: pair.inputs, state: pair.state(2, 1) }
      expect(await postgres.check!(request, testContext())).to.deep.equal([
        { credential: 'current', what: what(pair.username2), works: true },
        { credential: 'previous', what: what(pair.username1), works: true },
      ])
      await server.sql(`ALTER ROLE ${pair.username2} PASSWORD 'by hand'`)
      expect(await postgres.check!(request, testContext())).to.deep.equal([
        { credential: 'current', what: what(pair.username2), works: false, detail: 'refused at log-in (28P01)' },
        { credential: 'previous', what: what(pair.username1), works: true },
      ])
      expect(await server.login(pair.username2, 'by hand')).to.equal(true)
    })

    it('cannot tell when the server is out of reach, and has nothing to say without a state', async () => {
      const [current] = await postgres.check!({ inputs: database({ port: 1 }), state: pair.state(1) }, testContext())
      expect(current).to.have.property('works', undefined)
      expect(current?.detail).to.include('ECONNREFUSED')
      expect(await postgres.check!({ inputs: pair.inputs, state: undefined }, testContext())).to.deep.equal([])
    })
  })

  it('has the same target whichever user comes first', () => {
    const { username1, username2 } = pair
    expect(postgres.target(users(username1, username2))).to.equal(postgres.target(users(username2, username1)))
    expect(postgres.target(users(username1, 'x'))).to.not.equal(postgres.target(users(username1, username2)))
  })
})

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a failure')
}
