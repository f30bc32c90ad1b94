import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import { nativePasswordHash } from '../../../src/rotators/mysql-server/password-hash.ts'
import type { Database } from '../../../src/rotators/pair/kit/types.ts'
import {
  type MySqlInputs,
  type MySqlPending,
  type MySqlState,
  mysql,
  mysqlRotator,
} from '../../../src/rotators/pair/mysql.ts'
import { secret } from '../../../src/secret.ts'
import { skipWithout } from '../../servers/binary.ts'
import { selfSigned } from '../../servers/certificate.ts'
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
import { createMySqlPair, type MySqlPair } from './mysql-pair.ts'

describe('nativePasswordHash', () => {
  it('is what the server computes', () => {
    // SELECT PASSWORD('password')
    expect(nativePasswordHash('password')).to.equal('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19')
  })
})

describe('mysql', function () {
  this.timeout(30_000)
  let server: MariaDbServer
  let pair: MySqlPair
  before(async function () {
    skipWithout(this, missingMariaDb(), mariaDbPackages)
    server = await sharedMariaDb()
  })
  beforeEach(async () => {
    pair = await createMySqlPair(server)
  })

  const rotate = (state?: MySqlState, context = testContext(), inputs = pair.inputs) =>
    rotateOnce({ rotator: mysql, inputs, state, context })

  const logsIn = (user: { username: string; password: { reveal(): string } } | undefined) =>
    server.login(user!.username, user!.password.reveal())

  async function refuses(inputs: MySqlInputs, state?: MySqlState): Promise<EscError> {
    const error = await failure(mysql.plan({ inputs, state }, testContext()))
    expect(error).to.be.instanceOf(EscError)
    expect(error.message).to.match(/^mysql: [^\n]+$/)
    expectNoSecret(error, inputs.database.managingUser.password!.reveal())
    expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
    expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
    return error as EscError
  }

  const database = (changes: Partial<MySqlInputs['database']>): MySqlInputs => ({
    ...pair.inputs,
    database: { ...pair.inputs.database, ...changes },
  })

  const users = (username1: string, username2: string, host?: string): MySqlInputs => ({
    ...pair.inputs,
    rotateUsers: { username1, username2, ...(host !== undefined && { host }) },
  })

  it('moves from one user to the other and back, two passwords valid at any time', async () => {
    const context = testContext()
    const first = await rotate(undefined, context)
    expect(first.current?.username).to.equal(pair.username1)
    expect(first).to.not.have.property('previous')
    expect(await logsIn(first.current)).to.equal(true)
    expect(await server.login(pair.username1, pair.passwords[1])).to.equal(1045)
    expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)

    const second = await rotate(first, context)
    expect([second.current?.username, second.previous?.username]).to.deep.equal([pair.username2, pair.username1])
    expect([await logsIn(second.current), await logsIn(second.previous)]).to.deep.equal([true, true])

    const third = await rotate(second, context)
    expect([third.current?.username, third.previous?.username]).to.deep.equal([pair.username1, pair.username2])
    expect([await logsIn(third.current), await logsIn(third.previous)]).to.deep.equal([true, true])
    expect(await logsIn(second.previous)).to.equal(1045)
    expect(third.current!.password.reveal()).to.match(/^[A-Za-z0-9_-]{32}$/)

    const log = server.log()
    const secrets = [first, second, third].map((state) => state.current!.password.reveal())
    for (const each of secrets) {
      expect(log, 'the hash is logged').to.include(nativePasswordHash(each))
      expect(log, 'the password is not').to.not.include(each)
    }
    expect(context.warnings).to.deep.equal([])
    const plan = await mysql.plan({ inputs: pair.inputs, state: third }, context)
    expectNoSecret([plan, context.warnings, context.messages], ...secrets)
  })

  it('says what it will change and keep', async () => {
    const { steps } = await mysql.plan({ inputs: pair.inputs, state: pair.state(2, 1) }, testContext())
    const place = `${server.host}:${server.port}`
    expect(steps).to.deep.equal([
      { action: 'change', what: `password of user "${pair.username1}" on ${place} (previous)` },
      { action: 'keep', what: `password of user "${pair.username2}" on ${place} (becomes previous)` },
    ])
  })

  it('leaves everything else of the account alone', async () => {
    await server.sql(`ALTER USER ${pair.username2} WITH MAX_USER_CONNECTIONS 7`)
    await rotate(pair.state(1, 2))
    const [row] = await server.sql(`SHOW CREATE USER ${pair.username2}`)
    expect(Object.values(row!)[0]).to.include('MAX_USER_CONNECTIONS 7')
  })

  it('rotates accounts of another host', async () => {
    await server.sql(
      `CREATE USER pinned_a@localhost IDENTIFIED BY 'a'`,
      `CREATE USER pinned_b@localhost IDENTIFIED BY 'b'`,
    )
    const state = await rotate(undefined, testContext(), users('pinned_a', 'pinned_b', 'localhost'))
    expect(await logsIn(state.current)).to.equal(true)
    const error = await refuses(users('pinned_a', 'pinned_b'))
    expect(error.message).to.include('`pinned_a`@`%`').and.to.include('1396')
    expect(error.hint).to.equal('it exists for localhost: write `rotateUsers.host: "localhost"`')
  })

  describe('refuses before any change', () => {
    it('the same user twice, and the managing user among the rotated', async () => {
      expect((await refuses(users(pair.username1, pair.username1))).message).to.include('both')
      expect((await refuses(users(pair.manager, pair.username2))).message).to.include('managing user')
    })
    it('a state that names somebody else, or one user twice', async () => {
      expect((await refuses(users(pair.username1, 'other'), pair.state(1, 2))).message).to.include(pair.username2)
      expect((await refuses(pair.inputs, pair.state(1, 1))).message).to.include('both')
    })
    it('a user that does not exist, an empty name and one with a NUL', async () => {
      const error = await refuses(users(pair.username1, 'nobody_here'))
      expect(error.message).to.include('nobody_here').and.to.include('1396')
      expect(error.hint).to.include('CREATE USER `nobody_here`@`%`')
      await refuses(users('', pair.username2))
      await refuses(users('a\0b', pair.username2))
    })
    it('a locked account, and one that must show a certificate or use TLS', async () => {
      await server.sql(`ALTER USER ${pair.username2} ACCOUNT LOCK`)
      const plan = () => failure(mysql.plan({ inputs: pair.inputs, state: undefined }, testContext()))
      expect((await plan()).hint).to.equal(`run ALTER USER \`${pair.username2}\`@\`%\` ACCOUNT UNLOCK`)
      await server.sql(`ALTER USER ${pair.username2} REQUIRE X509 ACCOUNT UNLOCK`)
      expect((await plan()).message).to.include('client certificate')
      await server.sql(`ALTER USER ${pair.username2} REQUIRE SSL`)
      expect((await plan()).message).to.include('must use TLS')
    })
    it('an account with other ways in, which a new password would replace', async () => {
      const hash = nativePasswordHash(pair.passwords[2])
      await server.sql(
        `ALTER USER ${pair.username2} IDENTIFIED VIA unix_socket OR mysql_native_password USING '${hash}'`,
      )
      const error = await refuses(pair.inputs)
      expect(error.message).to.include('unix_socket or mysql_native_password')
      expect(error.hint).to.include('mysql-dual')
    })
    it('a manager without CREATE USER', async () => {
      await server.sql(`REVOKE CREATE USER ON *.* FROM ${pair.manager}`)
      const error = await refuses(pair.inputs)
      expect(error.message).to.include('1227')
      expect(error.hint).to.include('GRANT CREATE USER')
    })
    it('a read-only server', async () => {
      await server.sql('SET GLOBAL read_only = 1')
      try {
        expect((await refuses(pair.inputs)).message).to.include('read-only')
      } finally {
        await server.sql('SET GLOBAL read_only = 0')
      }
    })
    it('a wrong password of the manager, which it does not show', async () => {
      const managingUser = { username: pair.manager, password: secret('wr0ng-canary') }
      expect((await refuses(database({ managingUser }))).message)
        .to.include('1045')
        .and.to.include(pair.manager)
    })
    it('a host that does not answer, or whose name is unknown', async () => {
      expect((await refuses(database({ port: 1 }))).message)
        .to.include('127.0.0.1:1')
        .and.to.include('ECONNREFUSED')
      const unknown = await refuses(database({ host: 'no-such-host.invalid', tls: { mode: 'disable' } }))
      expect(unknown.message).to.match(/ENOTFOUND|EAI_AGAIN/)
    })
    it('a host that takes too long', async () => {
      const { createServer } = await import('node:net')
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const { port } = silent.address() as { port: number }
      const hasty = mysqlRotator({ connectMs: 100, queryMs: 100, verifyWaitsMs: [], probeMs: 100 })
      const error = await failure(hasty.plan({ inputs: database({ port }), state: undefined }, testContext()))
      expect(error.message).to.include('ETIMEDOUT')
      silent.close()
    })
    it('a server without TLS where TLS is asked for', async () => {
      expect((await refuses(database({ tls: { mode: 'require' } }))).message).to.include('NO_TLS')
    })
  })

  it('rotates with CREATE USER alone, saying what it could not check', async () => {
    await server.sql(`REVOKE SELECT ON mysql.* FROM ${pair.manager}`)
    const context = testContext()
    const state = await rotate(pair.state(1, 2), context)
    expect(await logsIn(state.current)).to.equal(true)
    expect(context.warnings.join()).to.include('GRANT SELECT ON mysql.*')
    expect(context.warnings.join(), 'what it would replace').to.include('such as ed25519 or unix_socket, are replaced')
    const error = await failure(rotate(undefined, testContext(), users('nobody_here', pair.username2)))
    expect(error.message).to.include('1396')
  })

  it('gives a policy the password itself, and warns that it may be logged', async () => {
    const strict = await startMariaDb()
    try {
      const there = await createMySqlPair(strict)
      await strict.sql(`INSTALL SONAME 'simple_password_check'`)
      const context = testContext()
      const state = await rotate(undefined, context, there.inputs)
      expect(await strict.login(there.username1, state.current!.password.reveal())).to.equal(true)
      expect(context.warnings.join()).to.include('strict_password_validation')
    } finally {
      await strict.stop()
    }
  })

  it('checks the certificate and its name, and takes one of the authority it is given', async function () {
    const certificate = selfSigned()
    if (certificate === undefined) return this.skip()
    const secure = await startMariaDb({ tls: certificate })
    try {
      const there = await createMySqlPair(secure)
      for (const name of [there.username1.replaceAll('`', '``'), there.username2]) {
        await secure.sql(`ALTER USER \`${name}\` REQUIRE SSL`)
      }
      const inputs = (tls: Database['tls'], host = '127.0.0.1'): MySqlInputs => ({
        ...there.inputs,
        database: { ...there.inputs.database, host, ...(tls && { tls }) },
      })
      const plan = (tls: Database['tls'], host?: string) =>
        mysql.plan({ inputs: inputs(tls, host), state: undefined }, testContext())
      expect((await failure(plan({ mode: 'verify-full' }))).message).to.include('BAD_CERTIFICATE')
      // The certificate is for 127.0.0.1 and localhost; this is another name of the same address.
      const ca = certificate.certificate
      expect((await failure(plan({ ca }, '127.1'))).message).to.include('BAD_CERTIFICATE')
      for (const tls of [{ mode: 'require' }, { mode: 'verify-full', ca }] as const) {
        const state = await rotate(undefined, testContext(), inputs(tls))
        expect(state.current?.username).to.equal(there.username1)
      }
    } finally {
      await secure.stop()
    }
  })

  describe('after a crash', () => {
    async function killed(state: MySqlState | undefined, when: 'before' | 'after'): Promise<MySqlPending> {
      const journal: Journal<MySqlPending> = { pending: undefined }
      const plan = await mysql.plan({ inputs: pair.inputs, state }, testContext())
      const stage = async (pending: MySqlPending) => {
        journal.pending = pending
        if (when === 'before') throw new Error('killed')
      }
      await mysql.rotate(plan, { inputs: pair.inputs, state }, stage, testContext()).catch(() => {})
      return journal.pending!
    }

    const reconcile = (pending: MySqlPending, state?: MySqlState, context = testContext(), inputs = pair.inputs) =>
      mysql.reconcile(pending, { inputs, state }, context)

    for (const when of ['before', 'after'] as const) {
      it(`${when} the password was set: it is set, and current`, async () => {
        const pending = await killed(pair.state(1, 2), when)
        expect(await reconcile(pending, pair.state(1, 2))).to.have.property('kind', 'rotated')
        expect(await server.login(pair.username2, pending.password.reveal())).to.equal(true)
        expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
      })
    }

    it('undoes what may no longer be done', async () => {
      const pending = await killed(undefined, 'before')
      await server.sql(`REVOKE CREATE USER ON *.* FROM ${pair.manager}`)
      const reconciled = await reconcile(pending)
      expect(reconciled).to.have.property('kind', 'undone')
      expect(reconciled).to.have.property('reason').that.includes('1227')
      expect(await server.login(pair.username1, pair.passwords[1])).to.equal(true)
    })

    it('keeps what another clone rotated since', async () => {
      const pending = await killed(pair.state(1, 2), 'before')
      const theirs = await rotate(pair.state(1, 2))
      expect(await reconcile(pending, theirs)).to.have.property('kind', 'undone')
      expect(await logsIn(theirs.current)).to.equal(true)
    })

    it('does not touch another server or account than the one it began with', async () => {
      const pending = await killed(undefined, 'after')
      const moved = await failure(reconcile(pending, undefined, testContext(), database({ host: 'localhost' })))
      expect(moved).to.have.property('code', 'conflict')
      const other = users(pair.username1, pair.username2, '10.%')
      expect(await failure(reconcile(pending, undefined, testContext(), other))).to.have.property('code', 'conflict')
    })
  })

  it('warns when the rotated user may not connect from here', async () => {
    await server.sql(
      `CREATE USER away_a@'10.0.0.1' IDENTIFIED BY 'a'`,
      `CREATE USER away_b@'10.0.0.1' IDENTIFIED BY 'b'`,
    )
    const context = testContext()
    const state = await rotate(undefined, context, users('away_a', 'away_b', '10.0.0.1'))
    expect(context.warnings.join()).to.include('could not be tried').and.to.include('1045')
    await server.sql(`RENAME USER away_a@'10.0.0.1' TO away_a@'%'`)
    expect(await logsIn(state.current)).to.equal(true)
  })

  it('keeps the record of a password that is set but refused where no former one is known', async () => {
    const context = testContext()
    const request = { inputs: pair.inputs, state: pair.state(1) }
    const plan = await mysql.plan(request, context)
    const journal: Journal<MySqlPending> = { pending: undefined }
    const stage = async (pending: MySqlPending) => {
      journal.pending = pending
    }
    await mysql.rotate(plan, request, stage, context)
    // Made since the plan: clients from here get the more specific account.
    await server.sql(`CREATE USER ${pair.username2}@'127.0.0.1' IDENTIFIED BY 'other'`)
    await server.sql(`CREATE USER ${pair.username2}@localhost IDENTIFIED BY 'other'`)
    const error = await failure(mysql.reconcile(journal.pending!, request, context))
    expect(error.message).to.include('refused at log-in (1045), and its former password is not known here')
    await server.sql(`DROP USER ${pair.username2}@'127.0.0.1'`, `DROP USER ${pair.username2}@localhost`)
    const reconciled = await mysql.reconcile(journal.pending!, { inputs: pair.inputs, state: pair.state(1) }, context)
    expect(reconciled).to.have.property('kind', 'rotated')
    expect(await logsIn((reconciled as { state: MySqlState }).state.current)).to.equal(true)
  })

  describe('a more specific account in front of one of the pair', () => {
    const inFront: Readonly<Record<string, string>> = {
      'of the same user, at localhost': 'localhost',
      'of the same user, at this address': '127.0.0.1',
      'of the same user, for a range of addresses': '127.0.0.%',
      'of the same user, for a network': '127.0.0.0/255.0.0.0',
    }
    for (const [which, host] of Object.entries(inFront)) {
      it(`is found in the plan and refused: ${which}`, async () => {
        const other = `${pair.username2}@'${host}'`
        await server.sql(`CREATE USER ${other} IDENTIFIED BY 'other'`)
        try {
          for (const state of [undefined, pair.state(1)]) {
            const error = await failure(mysql.plan({ inputs: pair.inputs, state }, testContext()))
            expect(error.message).to.include(`\`${pair.username2}\`@\`${host}\` for whoever logs in`)
            expect(error).to.have.property('hint').that.includes('rotate that one')
          }
        } finally {
          await server.sql(`DROP USER ${other}`)
        }
      })
    }

    it('is found in the plan and refused: without a name, which is for everybody', async () => {
      // The managing user would meet it too, were it not for this host.
      const manager = { username: 'manager_here', password: secret('here') }
      await server.sql(
        `CREATE USER manager_here@localhost IDENTIFIED BY 'here'`,
        `GRANT CREATE USER ON *.* TO manager_here@localhost`,
        `GRANT SELECT ON mysql.* TO manager_here@localhost`,
        `CREATE USER ''@localhost`,
      )
      try {
        const inputs = { ...pair.inputs, database: { ...pair.inputs.database, managingUser: manager } }
        const error = await failure(mysql.plan({ inputs, state: undefined }, testContext()))
        expect(error).to.have.property('hint').that.includes('anonymous').and.includes('DROP USER ``@`localhost`')
      } finally {
        await server.sql(`DROP USER ''@localhost, manager_here@localhost`)
      }
    })

    it('is only mentioned where it is for clients elsewhere', async () => {
      await server.sql(`CREATE USER ${pair.username2}@'10.1.%' IDENTIFIED BY 'other'`)
      const context = testContext()
      await rotate(pair.state(1), context)
      expect(context.warnings.join()).to.include('other accounts, for 10.1.%')
    })
  })

  it('checks both passwords and changes nothing', async () => {
    const what = (username: string) => `password of user "${username}" on ${server.host}:${server.port}`
    await server.sql(`ALTER USER ${pair.username2} IDENTIFIED BY 'by hand'`)
    expect(await mysql.check!({ inputs: pair.inputs, state: pair.state(2, 1) }, testContext())).to.deep.equal([
      { credential: 'current', what: what(pair.username2), works: false, detail: 'refused at log-in (1045)' },
      { credential: 'previous', what: what(pair.username1), works: true },
    ])
    expect(await server.login(pair.username2, 'by hand')).to.equal(true)
  })
})
