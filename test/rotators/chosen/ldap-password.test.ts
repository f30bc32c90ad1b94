import { createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import {
  type LdapInputs,
  type LdapPending,
  type LdapState,
  ldapPassword,
  ldapPasswordRotator,
} from '../../../src/rotators/chosen/ldap-password/index.ts'
import { isValueOf, saltedValue } from '../../../src/rotators/chosen/ldap-password/password-value.ts'
import { secret } from '../../../src/secret.ts'
import { skipWithout } from '../../servers/binary.ts'
import { selfSigned } from '../../servers/certificate.ts'
import {
  missingOpenLdap,
  type OpenLdapServer,
  openLdapPackages,
  sharedOpenLdap,
  startOpenLdap,
} from '../../servers/openldap.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createLdapEntry, type LdapEntry } from './ldap-entry.ts'

describe('isValueOf', () => {
  const is = (stored: string, password: string) => isValueOf(Buffer.from(stored), password)

  it('knows the schemes of OpenLDAP', () => {
    // slappasswd -h '{SSHA}' -s secret, and likewise
    expect(is('{SSHA}Gcv5OtUDr+WNy51JzmwXG4XEE3pocIko', 'secret')).to.equal(true)
    expect(is('{SMD5}ILUy/At0vsd7eEY+rYiWPO5ChAw=', 'secret')).to.equal(true)
    expect(is('{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', 'secret')).to.equal(true)
    expect(is('{SSHA}Gcv5OtUDr+WNy51JzmwXG4XEE3pocIko', 'Secret')).to.equal(false)
    expect(is('secret', 'secret')).to.equal(true)
    expect(is('{CLEARTEXT}secret', 'secret')).to.equal(true)
    expect(is('{CRYPT}$6$abc$def', 'secret')).to.equal(undefined)
  })

  it('knows its own values, which are the same every time', () => {
    expect(saltedValue('secret'))
      .to.equal(saltedValue('secret'))
      .and.to.match(/^\{SSHA\}[A-Za-z0-9+/]{38}==$/)
    expect(saltedValue('secret')).to.not.equal(saltedValue('secret2'))
    expect(is(saltedValue('sécret'), 'sécret')).to.equal(true)
  })
})

describe('ldap-password', function () {
  this.timeout(30_000)
  let server: OpenLdapServer
  let entry: LdapEntry
  before(async function () {
    skipWithout(this, missingOpenLdap(), openLdapPackages)
    server = await sharedOpenLdap()
  })
  beforeEach(async () => {
    entry = await createLdapEntry(server)
  })

  const rotate = (state?: LdapState, context = testContext(), inputs = entry.inputs) =>
    rotateOnce({ rotator: ldapPassword, inputs, state, context })

  const logsIn = (credential: { dn: string; password: { reveal(): string } } | undefined, at = server) =>
    at.login(credential!.dn, credential!.password.reveal())

  async function refuses(changes: Partial<LdapInputs>, state?: LdapState): Promise<EscError> {
    const before = await server.values(entry.dn)
    const inputs = { ...entry.inputs, ...changes }
    const error = await failure(ldapPassword.plan({ inputs, state }, testContext()))
    expect(error).to.be.instanceOf(EscError)
    expect(error.message).to.match(/^ldap-password: [^\n]+$/)
    expect(error.hint, error.message).to.be.a('string')
    expectNoSecret(
      error,
      ...entry.passwords,
      ...(inputs.login.password.reveal() ? [inputs.login.password.reveal()] : []),
    )
    expect(await server.values(entry.dn)).to.deep.equal(before)
    return error
  }

  for (const reads of [true, false]) {
    it(`adds, keeps and retires, by a login that may ${reads ? '' : 'not '}read passwords`, async () => {
      entry = await createLdapEntry(server, { reads })
      const context = testContext()
      const retire = (superseded: LdapState, state: LdapState) =>
        ldapPassword.retire!(superseded, { inputs: entry.inputs, state }, context)
      const start = entry.state(true)
      const first = await rotate(start, context)
      expect(first.previous).to.deep.equal(start.current)
      expect(await logsIn(start.previous), 'alive until the new one is committed').to.equal(true)
      await retire(start, first)
      expect(await logsIn(start.previous)).to.equal(49)
      expect([await logsIn(first.current), await logsIn(first.previous)]).to.deep.equal([true, true])
      await retire(start, first)

      const second = await rotate(first, context)
      await retire(first, second)
      expect(await server.values(entry.dn)).to.have.members(
        [second.current, first.current].map(({ password }) => saltedValue(password.reveal())),
      )
      const third = await rotate(second, context)
      await retire(second, third)
      expect([await logsIn(third.current), await logsIn(third.previous)]).to.deep.equal([true, true])
      expect(await logsIn(second.previous)).to.equal(49)
      expect(context.warnings).to.deep.equal([])
      const secrets = [first, second, third].map(({ current }) => current.password.reveal())
      const log = server.log()
      expect(log).to.include('MOD attr=userPassword')
      for (const each of secrets) expect(log).to.not.include(each)
      const plan = await ldapPassword.plan({ inputs: entry.inputs, state: third }, context)
      expectNoSecret([plan, context.warnings, context.messages], ...secrets)
    })
  }

  it('leaves foreign passwords alone and says so', async () => {
    const { steps } = await ldapPassword.plan({ inputs: entry.inputs, state: entry.state() }, testContext())
    expect(steps).to.deep.equal([
      { action: 'create', what: `password of "${entry.dn}"` },
      { action: 'keep', what: `password of "${entry.dn}" (current, becomes previous)` },
      { action: 'keep', what: `1 other password of "${entry.dn}" (not managed here)` },
    ])
    const state = await rotate(await rotate(await rotate()))
    for (const password of entry.passwords) expect(await server.login(entry.dn, password)).to.equal(true)
    expect(await logsIn(state.current)).to.equal(true)
  })

  it('keeps the one live password as previous when current was removed by hand', async () => {
    const state = { ...entry.state(true), current: { dn: entry.dn, password: secret('gone') } }
    const context = testContext()
    const next = await rotate(state, context)
    expect(next.previous).to.deep.equal(state.previous)
    expect(context.warnings.join()).to.include('no longer one that the directory takes')
    await ldapPassword.retire!(state, { inputs: entry.inputs, state: next }, context)
    expect(await logsIn(next.previous)).to.equal(true)
  })

  it('warns where the entry has passwords of another scheme than the new one', async () => {
    const { inputs, dn } = await createLdapEntry(server)
    const { Attribute, Change } = await import('ldapts')
    const modification = new Attribute({
      type: 'userPassword',
      values: ['{SSHA512}c29tZXRoaW5n', '{ARGON2}$argon2id$x'],
    })
    await server.asRoot((client) => client.modify(dn, new Change({ operation: 'replace', modification })))
    const warningsOf = async (hashing: 'client' | 'server') => {
      const context = testContext()
      await ldapPassword.plan({ inputs: { ...inputs, hashing }, state: undefined }, context)
      return context.warnings.join()
    }
    expect(await warningsOf('client')).to.match(
      /kept as \{(SSHA512\}, \{ARGON2|ARGON2\}, \{SSHA512)\}, and the new one/,
    )
    expect(await warningsOf('server')).to.not.include('kept as')
  })

  it('lets the directory hash where that is asked for', async () => {
    const inputs = { ...entry.inputs, hashing: 'server' as const }
    const first = await rotate(undefined, testContext(), inputs)
    const second = await rotate(first, testContext(), inputs)
    const third = await rotate(second, testContext(), inputs)
    await ldapPassword.retire!(second, { inputs, state: third }, testContext())
    expect(await logsIn(first.current)).to.equal(49)
    expect([await logsIn(third.current), await logsIn(third.previous)]).to.deep.equal([true, true])
  })

  describe('refuses before any change', () => {
    it('an entry that does not exist, and a name that is no DN', async () => {
      expect((await refuses({ dn: 'cn=nobody,dc=example,dc=org' })).message).to.include('no such entry')
      await refuses({ dn: 'app' })
      await refuses({ dn: '' })
    })
    it('a URL that is none, or says more than where', async () => {
      for (const url of [
        'ldap.example.org',
        'https://ldap.example.org',
        'ldap://a.example.org/dc=x',
        'ldap://u:url-canary@x',
      ]) {
        expect((await refuses({ url })).message).to.include('`url`')
        expectNoSecret(await refuses({ url }), 'url-canary')
      }
      expect((await refuses({ url: 'ldaps://127.0.0.1', tls: { mode: 'disable' } })).message).to.include('forbids')
    })
    it('a state of another entry', async () => {
      const state = { current: { ...entry.state().current, dn: 'cn=other,dc=example,dc=org' } }
      expect((await refuses({}, state)).message).to.include('cn=other')
    })
    it('a login that is wrong, empty, or uses the password to be removed', async () => {
      const { login } = entry.inputs
      expect((await refuses({ login: { ...login, password: secret('wr0ng-canary') } })).message).to.include('49')
      expect((await refuses({ login: { ...login, password: secret('') } })).message).to.include('empty')
      const self = { dn: entry.dn.replace('cn=', 'CN = '), password: secret<string>(entry.passwords[1]) }
      expect((await refuses({ login: self }, entry.state(true))).message).to.include('which this rotation removes')
    })
    it('a host that does not answer, takes too long, or has no TLS', async () => {
      expect((await refuses({ url: 'ldap://127.0.0.1:1' })).message).to.include('ECONNREFUSED')
      expect((await refuses({ url: 'ldaps://127.0.0.1:1' })).message).to.include('ECONNREFUSED')
      expect((await refuses({ url: 'ldaps://127.0.0.1:1', tls: { mode: 'require' } })).message).to.include(
        'ECONNREFUSED',
      )
      expect((await refuses({ tls: { mode: 'require' } })).message).to.include('NO_TLS')
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const hasty = ldapPasswordRotator({ connectMs: 100, requestMs: 100, verifyWaitsMs: [] })
      for (const tls of [{ mode: 'disable' }, { mode: 'require' }] as const) {
        const url = `ldap://127.0.0.1:${(silent.address() as { port: number }).port}`
        const inputs = { ...entry.inputs, url, tls }
        expect((await failure(hasty.plan({ inputs, state: undefined }, testContext()))).message).to.include('ETIMEDOUT')
      }
      silent.close()
    })
  })

  it('rotates under a password policy, which may want to see the password', async () => {
    const strict = await startOpenLdap({ policy: true })
    try {
      const there = await createLdapEntry(strict, { passwords: 1 })
      const first = await rotate(there.state(), testContext(), there.inputs)
      expect([await logsIn(first.current, strict), await logsIn(first.previous, strict)]).to.deep.equal([true, true])
      await strict.asRoot(async (client) => {
        const { Attribute, Change } = await import('ldapts')
        const modification = new Attribute({ type: 'pwdCheckQuality', values: ['2'] })
        await client.modify('cn=policy,dc=example,dc=org', new Change({ operation: 'replace', modification }))
      })
      const refused = await failure(rotate(first, testContext(), there.inputs))
      expect(refused.message).to.include('19: Password fails quality checking policy')
      expect(refused.hint).to.include('hashing: server')
      expect(await strict.values(there.dn)).to.have.length(2)
      const inputs = { ...there.inputs, hashing: 'server' as const }
      const second = await rotate(first, testContext(), inputs)
      await ldapPassword.retire!(first, { inputs, state: second }, testContext())
      expect([await logsIn(second.current, strict), await logsIn(second.previous, strict)]).to.deep.equal([true, true])
      expect(await strict.login(there.dn, there.passwords[0])).to.equal(49)
    } finally {
      await strict.stop()
    }
  })

  describe('under a policy that locks after one failed log-in', () => {
    let strict: OpenLdapServer
    before(async () => {
      strict = await startOpenLdap({ policy: true })
      await strict.asRoot(async (client) => {
        const { Attribute, Change } = await import('ldapts')
        for (const [type, value] of [
          ['pwdLockout', 'TRUE'],
          ['pwdMaxFailure', '1'],
        ] as const) {
          const modification = new Attribute({ type, values: [value] })
          await client.modify('cn=policy,dc=example,dc=org', new Change({ operation: 'replace', modification }))
        }
      })
    })
    after(() => strict?.stop())

    const expectUntouched = async (dn: string, works: string) => {
      const found = await strict.asRoot((client) =>
        client.search(dn, { scope: 'base', attributes: ['pwdFailureTime', 'pwdAccountLockedTime'] }),
      )
      expect(found.searchEntries[0]).to.deep.include({ pwdFailureTime: [], pwdAccountLockedTime: [] })
      expect(await strict.login(dn, works)).to.equal(true)
    }

    for (const reads of [true, false]) {
      it(`three rotations and their clean-up fail no log-in, with a login that may ${reads ? '' : 'not '}read passwords`, async () => {
        const there = await createLdapEntry(strict, { reads, passwords: 1 })
        let state = there.state()
        for (let times = 0; times < 3; times++) {
          const next = await rotate(state, testContext(), there.inputs)
          await ldapPassword.retire!(state, { inputs: there.inputs, state: next }, testContext())
          state = next
          await expectUntouched(there.dn, state.current.password.reveal())
        }
        expect(await strict.values(there.dn)).to.have.length(2)
      })
    }

    it('fails no log-in after a crash before the password was added, nor when the clean-up is repeated', async () => {
      const there = await createLdapEntry(strict, { passwords: 1 })
      const { inputs } = there
      const password = secret('never-added-canary-0123456789')
      const pending = { url: inputs.url, dn: there.dn, password, current: there.state().current.password }
      const reconciled = await ldapPassword.reconcile(pending, { inputs, state: there.state() }, testContext())
      expect(reconciled).to.have.property('kind', 'rotated')
      await expectUntouched(there.dn, password.reveal())
      const superseded = there.state()
      const state = { current: { dn: there.dn, password } }
      for (let times = 0; times < 2; times++) {
        await ldapPassword.retire!(superseded, { inputs, state }, testContext())
      }
      await expectUntouched(there.dn, password.reveal())
    })

    it('fails no log-in when it checks or plans with a password that is gone, and says what does not work', async () => {
      const there = await createLdapEntry(strict, { passwords: 1 })
      const { inputs } = there
      const state = { current: { dn: there.dn, password: secret('gone-canary') }, previous: there.state().current }
      const checks = await ldapPassword.check!({ inputs, state }, testContext())
      expect(checks.map(({ credential, works }) => [credential, works])).to.deep.equal([
        ['current', false],
        ['previous', true],
      ])
      const context = testContext()
      await ldapPassword.plan({ inputs, state }, context)
      expect(context.warnings.join()).to.include('no longer one that the directory takes')
      await expectUntouched(there.dn, there.passwords[0])
    })

    it('warns of an account that is locked already', async () => {
      const there = await createLdapEntry(strict, { passwords: 1 })
      expect(await strict.login(there.dn, 'wrong')).to.equal(49)
      const context = testContext()
      await ldapPassword.plan({ inputs: there.inputs, state: there.state() }, context)
      expect(context.warnings.join()).to.include('locked by a password policy')
    })
  })

  it('undoes what the directory does not allow', async () => {
    const inputs = { ...entry.inputs, login: { dn: entry.dn, password: secret<string>(entry.passwords[0]) } }
    const error = await failure(rotate(undefined, testContext(), inputs))
    expect(error.message).to.include('50')
    expect(error.hint).to.include('userPassword')
    expect(await server.values(entry.dn)).to.have.length(2)
  })

  it('says so where a superseded password cannot be removed', async () => {
    const state = entry.state(true)
    const next = await rotate(state)
    const crypt = '{CRYPT}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'
    await server.asRoot(async (client) => {
      const { Attribute, Change } = await import('ldapts')
      const change = (operation: 'add' | 'delete', value: string) =>
        client.modify(
          entry.dn,
          new Change({ operation, modification: new Attribute({ type: 'userPassword', values: [value] }) }),
        )
      await change('add', crypt)
    })
    // md5-crypt of "password", which only the directory can compare.
    const former = { current: state.current, previous: { dn: entry.dn, password: secret('password') } }
    expect(await logsIn(former.previous)).to.equal(true)
    const error = await failure(ldapPassword.retire!(former, { inputs: entry.inputs, state: next }, testContext()))
    expect(error.message).to.include('still accepted')
  })

  describe('TLS', () => {
    it('is STARTTLS or ldaps, verified, and never given up', async function () {
      const certificate = selfSigned()
      if (certificate === undefined) return this.skip()
      const secure = await startOpenLdap({ tls: certificate })
      try {
        const there = await createLdapEntry(secure)
        const ca = certificate.certificate
        const [plain, tls] = [`ldap://127.0.0.1:${secure.port}`, `ldaps://127.0.0.1:${secure.securePort}`]
        const plan = (changes: Partial<LdapInputs>) =>
          ldapPassword.plan({ inputs: { ...there.inputs, ...changes }, state: undefined }, testContext())
        for (const url of [plain, tls]) {
          expect((await failure(plan({ url, tls: { mode: 'verify-full' } }))).message, url).to.include(
            'BAD_CERTIFICATE',
          )
          const elsewhere = await failure(plan({ url: url.replace('127.0.0.1', '127.1'), tls: { ca } }))
          expect(elsewhere.message, url).to.match(/BAD_CERTIFICATE|ECONNREFUSED/)
          for (const mode of [{ mode: 'require' }, { mode: 'verify-full', ca }] as const) {
            const inputs = { ...there.inputs, url, tls: mode }
            expect(await logsIn((await rotate(undefined, testContext(), inputs)).current, secure)).to.equal(true)
          }
        }
        expect((await failure(plan({ url: tls }))).message, 'ldaps is verified, even here').to.include(
          'BAD_CERTIFICATE',
        )
        expect(secure.log()).to.include('STARTTLS')
      } finally {
        await secure.stop()
      }
    })

    it('does not send the password in the clear to somebody who cuts off the encrypted connection', async function () {
      const certificate = selfSigned()
      if (certificate === undefined) return this.skip()
      const { TLSSocket } = await import('node:tls')
      const heard: Buffer[] = []
      const attacker = createServer((socket: Socket) => {
        socket.on('error', () => {})
        socket.once('data', (request) => {
          heard.push(request)
          // An extended response of success to the request whose id is in its fifth byte.
          socket.write(
            Buffer.from([0x30, 0x0c, 0x02, 0x01, request[4]!, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]),
          )
          const upgraded = new TLSSocket(socket, {
            isServer: true,
            key: certificate.key,
            cert: certificate.certificate,
          })
          upgraded.on('error', () => {})
          upgraded.on('secure', () => socket.destroy())
        })
      })
      await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve))
      const url = `ldap://127.0.0.1:${(attacker.address() as { port: number }).port}`
      const inputs = { ...entry.inputs, url, tls: { mode: 'require' } as const }
      const hasty = ldapPasswordRotator({ connectMs: 500, requestMs: 500, verifyWaitsMs: [] })
      await failure(hasty.plan({ inputs, state: undefined }, testContext()))
      expect(heard.length, 'the attacker was asked for STARTTLS').to.equal(1)
      expect(Buffer.concat(heard).toString('latin1')).to.not.include(entry.inputs.login.password.reveal())
      attacker.close()
    })
  })

  describe('after a crash', () => {
    async function killed(state: LdapState | undefined, when: 'before' | 'after'): Promise<LdapPending> {
      const journal: Journal<LdapPending> = { pending: undefined }
      const plan = await ldapPassword.plan({ inputs: entry.inputs, state }, testContext())
      const stage = async (pending: LdapPending) => {
        journal.pending = pending
        if (when === 'before') throw new Error('killed')
      }
      await ldapPassword.rotate(plan, { inputs: entry.inputs, state }, stage, testContext()).catch(() => {})
      return journal.pending!
    }
    const reconcile = (pending: LdapPending, state?: LdapState, inputs = entry.inputs) =>
      ldapPassword.reconcile(pending, { inputs, state }, testContext())

    for (const when of ['before', 'after'] as const) {
      it(`${when} the password was added: it is there once, and current`, async () => {
        const pending = await killed(entry.state(), when)
        expect(await reconcile(pending, entry.state())).to.have.property('kind', 'rotated')
        expect(await server.login(entry.dn, pending.password.reveal())).to.equal(true)
        expect(await server.values(entry.dn)).to.have.length(3)
      })
    }

    it('removes what nobody holds once another clone has rotated', async () => {
      const pending = await killed(entry.state(), 'after')
      const theirs = await rotate(entry.state())
      expect(await reconcile(pending, theirs)).to.have.property('kind', 'undone')
      expect(await server.login(entry.dn, pending.password.reveal())).to.equal(49)
      expect(await logsIn(theirs.current)).to.equal(true)
    })

    it('does not touch another directory or entry', async () => {
      const pending = await killed(undefined, 'after')
      for (const changes of [{ dn: 'cn=other,dc=example,dc=org' }, { url: 'ldap://localhost:1' }]) {
        expect(await failure(reconcile(pending, undefined, { ...entry.inputs, ...changes }))).to.have.property(
          'code',
          'conflict',
        )
      }
    })
  })

  it('checks every password, names the others, and changes nothing', async () => {
    const before = await server.values(entry.dn)
    const what = `password of "${entry.dn}" on ${server.host}:${server.port}`
    const state = { current: { dn: entry.dn, password: secret('gone') }, previous: entry.state().current }
    expect(await ldapPassword.check!({ inputs: entry.inputs, state }, testContext())).to.deep.equal([
      { credential: 'current', what, works: false, detail: 'not a password of the entry any more' },
      { credential: 'previous', what, works: true },
      { credential: 'foreign', what: `another ${what}`, works: undefined, detail: 'not managed here' },
    ])
    expect(await server.values(entry.dn)).to.deep.equal(before)
    const context = testContext()
    const inputs = { ...entry.inputs, login: { ...entry.inputs.login, password: secret<string>('wrong') } }
    expect(await ldapPassword.check!({ inputs, state }, context)).to.have.length(2)
    expect(context.warnings.join()).to.include('is not known')
  })
})
