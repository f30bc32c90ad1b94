import { createPrivateKey } from 'node:crypto'
import { expect } from 'chai'
import { resolveUser } from '../../../src/rotators/chosen/snowflake-user/identifier.ts'
import {
  type SnowflakeInputs,
  type SnowflakePending,
  type SnowflakeState,
  snowflakeUser,
} from '../../../src/rotators/chosen/snowflake-user/index.ts'
import { newPrivateKey, readKeyPair, signJwt } from '../../../src/rotators/chosen/snowflake-user/key-pair.ts'
import { secret } from '../../../src/secret.ts'
import { FakeSnowflake } from '../../fakes/snowflake.ts'
import { Dropped, Refusal } from '../../fakes/vendor-fake.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, resume, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { type SnowflakeAccount, somePrivateKey, startSnowflake } from './snowflake-account.ts'

describe('snowflake-user', () => {
  let account: SnowflakeAccount
  beforeEach(async () => {
    account = await startSnowflake()
  })
  afterEach(() => account.stop())

  const rotate = (state?: SnowflakeState, context = testContext(), journal?: Journal<SnowflakePending>) =>
    rotateOnce({ ...account, state, context, ...(journal && { journal }) })
  const plan = (inputs: SnowflakeInputs = account.inputs, state?: SnowflakeState, context = testContext()) =>
    account.rotator.plan({ inputs, state }, context)
  const slot = (pem: string) => account.fake.slotOf(pem)
  const fingerprintOf = ({ privateKey }: SnowflakeState) => account.fingerprintOf(privateKey.reveal())
  const changes = () => account.fake.actions().filter((action) => action.startsWith('set'))

  it('puts the new key into slot 1 and leaves slot 2 alone, the first time', async () => {
    const state = await rotate()
    expect(account.slots()).to.deep.equal([fingerprintOf(state), undefined])
    expect(state)
      .to.include({ account: account.fake.account, user: 'APP_USER' })
      .and.not.have.property('previousFingerprint')
  })

  it('moves the former key to slot 2, where it dies one rotation later', async () => {
    const first = await rotate()
    const second = await rotate(first)
    expect(account.slots()).to.deep.equal([fingerprintOf(second), fingerprintOf(first)])
    expect(second.previousFingerprint).to.equal(fingerprintOf(first))
    const third = await rotate(second)
    expect(account.slots()).to.deep.equal([fingerprintOf(third), fingerprintOf(second)])
  })

  it('fills slot 2 before it empties slot 1', async () => {
    const first = await rotate()
    account.fake.calls.length = 0
    await rotate(first)
    expect(changes()).to.deep.equal(['set 2', 'set 1'])
  })

  it('makes RSA keys of 2048 bits', async () => {
    const pem = (await newPrivateKey()).reveal()
    expect(createPrivateKey(pem).asymmetricKeyDetails?.modulusLength).to.equal(2048)
  })

  it('opens to what a client needs, with the user of the inputs where the state names none', () => {
    const { user: _, ...state } = account.stateOf('pem')
    const shown = { account: state.account, user: 'APP_USER', privateKey: state.privateKey, rotatedAt: state.createdAt }
    expect(snowflakeUser.open(undefined)).to.equal(undefined)
    expect(snowflakeUser.open({ ...state, user: 'APP_USER' })).to.deep.equal(shown)
    expect(snowflakeUser.open(state, { targetUser: 'app_user' })).to.deep.equal(shown)
  })

  describe('given what is in the slots', () => {
    const [c, p, u] = [somePrivateKey(), somePrivateKey(), somePrivateKey()]
    const put = (slot1: string | undefined, slot2: string | undefined) => {
      account.target.slot1 = slot1 === undefined ? undefined : slot(slot1)
      account.target.slot2 = slot2 === undefined ? undefined : slot(slot2)
    }
    const print = (pem: string) => account.fingerprintOf(pem)

    it('C and P: says that P goes and C stays', async () => {
      put(c, p)
      const { steps } = await plan(account.inputs, account.stateOf(c, p))
      expect(steps).to.deep.equal([
        { action: 'delete', what: `public key ${print(p)} of user APP_USER (previous)` },
        { action: 'create', what: 'public key of user APP_USER' },
        { action: 'keep', what: `public key ${print(c)} of user APP_USER (current, becomes previous)` },
      ])
      expect(changes()).to.deep.equal([])
    })

    it('C and U: fails before any change', async () => {
      put(c, u)
      const error = await failure(plan(account.inputs, account.stateOf(c, p)))
      expect(error.message).to.include(print(u))
      expect(error.hint).to.include('UNSET RSA_PUBLIC_KEY_2').and.to.include('previousFingerprint')
      expect(changes()).to.deep.equal([])
    })

    it('U and anything: fails before any change', async () => {
      for (const [slot2, state] of [
        [undefined, undefined],
        [c, account.stateOf(c)],
        [undefined, account.stateOf(c)],
      ] as const) {
        put(u, slot2)
        const error = await failure(plan(account.inputs, state))
        expect(error.message).to.include(print(u))
        expect(error.hint).to.include('UNSET RSA_PUBLIC_KEY')
      }
      expect(changes()).to.deep.equal([])
    })

    it('nothing and C: sets slot 1 only', async () => {
      put(undefined, c)
      const state = await rotate(account.stateOf(c))
      expect(account.slots()).to.deep.equal([fingerprintOf(state), print(c)])
      expect(changes()).to.deep.equal(['set 1'])
    })

    it('nothing and P, C deleted by hand: keeps P, and warns', async () => {
      put(undefined, p)
      const context = testContext()
      const state = await rotate(account.stateOf(c, p), context)
      expect(account.slots()).to.deep.equal([fingerprintOf(state), print(p)])
      expect(state.previousFingerprint).to.equal(print(p))
      expect(context.warnings.join()).to.include(`user APP_USER no longer has it`)
    })

    it('nothing at all: does not bring C back', async () => {
      const state = await rotate(account.stateOf(c))
      expect(account.slots()).to.deep.equal([fingerprintOf(state), undefined])
    })

    it('U in slot 2, the first time: leaves it and warns of the next', async () => {
      put(undefined, u)
      const context = testContext()
      const state = await rotate(undefined, context)
      expect(account.slots()).to.deep.equal([fingerprintOf(state), print(u)])
      expect(context.warnings.join()).to.include('the next rotation will need its place')
    })
  })

  describe('logs in', () => {
    it('with an OAuth token and a role', async () => {
      const login = {
        account: account.fake.account,
        user: 'MANAGER',
        token: secret(account.fake.addToken(account.manager)),
        role: 'SECURITY',
      }
      await rotateOnce({ ...account, inputs: { ...account.inputs, login }, state: undefined, context: testContext() })
      const { headers, body } = account.fake.calls[0]!.request
      expect(headers['x-snowflake-authorization-token-type']).to.equal('OAUTH')
      expect(JSON.parse(body)).to.include({ role: 'SECURITY' })
    })

    it('with the claims that Snowflake wants', () => {
      const key = readKeyPair(secret(somePrivateKey()))!
      const claimsFor = (name: string) => {
        const now = new Date('2026-01-02T03:04:05Z')
        const [, payload] = signJwt(key, { account: name, user: 'app_user', now }).split('.')
        return JSON.parse(Buffer.from(payload!, 'base64url').toString())
      }
      const iat = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000
      const sub = 'MYORG-ACCOUNT1.APP_USER'
      expect(claimsFor('myorg-account1')).to.deep.equal({ iss: `${sub}.${key.fingerprint}`, sub, iat, exp: iat + 600 })
      expect(claimsFor('xy12345.eu-central-1.aws').sub).to.equal('XY12345.APP_USER')
    })

    it('at the host of the account, underscores as hyphens', async () => {
      expect(account.fake.account).to.equal('MyOrg-Account_1')
      expect(Object.keys(account.fake.routes)).to.deep.equal(['https://myorg-account-1.snowflakecomputing.com'])
      await plan()
    })
  })

  it('waits for a statement that is still running', async () => {
    account.fake.runsFor = 3
    await rotate()
    expect(account.fake.actions().filter((action) => action === 'poll').length).to.be.greaterThan(6)
  })

  it('follows a statement nowhere else', async () => {
    account.fake.hooks = {
      after() {
        const body = { code: '333334', message: 'm', statementStatusUrl: 'https://evil.example/api' }
        throw new Refusal({ status: 202, body })
      },
    }
    expect((await failure(plan())).message).to.include('in a form that is not documented')
  })

  it('gives up on a statement that never ends', async () => {
    account.fake.runsFor = 1_000
    const context = testContext()
    const error = await failure(plan(account.inputs, undefined, context))
    expect(error.message).to.include('still running')
    expect(context.slept()).to.be.lessThan(60_000)
  })

  it('waits until the new key logs in', async () => {
    account.fake.unknownFor = 2
    const context = testContext()
    await rotate(undefined, context)
    expect(context.slept()).to.equal(3_000)
    expect(context.warnings).to.deep.equal([])
  })

  it('warns where the key is set and a log-in is refused all the same', async () => {
    account.target.disabled = true
    const context = testContext()
    const state = await rotate(undefined, context)
    expect(account.slots()).to.deep.equal([fingerprintOf(state), undefined])
    expect(context.warnings.join()).to.include('390101')
  })

  it('sets the staged key once more after a lost answer', async () => {
    let lost = 0
    account.fake.hooks = {
      before({ action }) {
        if (action === 'set 1' && lost++ < 3) throw new Dropped()
      },
    }
    const state = await rotate()
    expect(account.slots()).to.deep.equal([fingerprintOf(state), undefined])
  })

  it('undoes nothing and loses nothing where the change is refused', async () => {
    const first = await rotate()
    account.fake.hooks = {
      before({ action }) {
        if (action.startsWith('set')) {
          throw new Refusal({
            status: 422,
            body: { code: '003001', message: 'Insufficient privileges', sqlState: '42501' },
          })
        }
      },
    }
    const error = await failure(rotate(first))
    expect(error.message).to.include('003001')
    expect(error.hint).to.include('GRANT OWNERSHIP')
    expect(account.slots()).to.deep.equal([fingerprintOf(first), undefined])
  })

  it('keeps a key that somebody else has set since', async () => {
    const journal: Journal<SnowflakePending> = { pending: undefined }
    const first = await rotate()
    account.fake.hooks = {
      before({ action }) {
        if (action === 'set 1') throw new Dropped()
      },
    }
    await failure(rotate(first, testContext(), journal))
    account.fake.hooks = {}
    const theirs = somePrivateKey()
    account.target.slot1 = slot(theirs)
    const reconciled = await resume({ ...account, state: first, journal, context: testContext() })
    expect(reconciled).to.have.property('kind', 'undone')
    expect(account.slots()[0]).to.equal(account.fingerprintOf(theirs))
  })

  it('gives the key of a newer state its place beside a late one', async () => {
    const [basis, theirs, late] = [somePrivateKey(), somePrivateKey(), somePrivateKey()]
    account.target.slot1 = slot(late)
    account.target.slot2 = slot(basis)
    const pending: SnowflakePending = {
      account: account.fake.account,
      user: 'APP_USER',
      privateKey: secret(late),
      createdAt: '2026-01-01T00:00:00Z',
      basis: account.fingerprintOf(basis),
      replaced: account.fingerprintOf(basis),
    }
    const state = account.stateOf(theirs, basis)
    const reconciled = await account.rotator.reconcile(pending, { inputs: account.inputs, state }, testContext())
    expect(reconciled.kind === 'rotated' && reconciled.state.previousFingerprint).to.equal(
      account.fingerprintOf(theirs),
    )
    expect(account.slots()).to.deep.equal([late, theirs].map(account.fingerprintOf))
  })

  it('refuses to reconcile when the inputs name another user by now', async () => {
    const journal: Journal<SnowflakePending> = { pending: undefined }
    account.fake.hooks = {
      before({ action }) {
        if (action === 'set 1') throw new Dropped()
      },
    }
    await failure(rotate(undefined, testContext(), journal))
    const inputs = { ...account.inputs, targetUser: 'other' }
    const error = await failure(
      account.rotator.reconcile(journal.pending!, { inputs, state: undefined }, testContext()),
    )
    expect(error.code).to.equal('conflict')
    expect(error.message).to.include('APP_USER')
  })

  describe('bad input', () => {
    const pem = somePrivateKey()
    const cases: readonly [string, (inputs: SnowflakeInputs) => SnowflakeInputs, RegExp][] = [
      [
        'a name with a quote in it',
        (i) => ({ ...i, targetUser: 'a" SET PASSWORD=\'x\' --"b' }),
        /is not the name of a user/,
      ],
      ['an empty name', (i) => ({ ...i, targetUser: '""' }), /is not the name of a user/],
      ['a name of two lines', (i) => ({ ...i, targetUser: 'a\nb' }), /is not the name of a user/],
      [
        'a URL for an account',
        (i) => ({ ...i, login: { ...i.login, account: 'evil.example/x' } }),
        /account identifier/,
      ],
      [
        'the host for an account',
        (i) => ({ ...i, login: { ...i.login, account: 'myorg-a.snowflakecomputing.com' } }),
        /account identifier/,
      ],
      ['no proof', ({ login: { account, user }, ...i }) => ({ ...i, login: { account, user } }), /neither/],
      ['two proofs', (i) => ({ ...i, login: { ...i.login, token: secret('t') } }), /both/],
      [
        'a key that is none',
        (i) => ({ ...i, login: { ...i.login, privateKey: secret(pem.slice(0, 200)) } }),
        /not an RSA private key/,
      ],
    ]
    for (const [title, spoil, message] of cases) {
      it(`refuses ${title} without asking anybody`, async () => {
        const error = await failure(plan(spoil(account.inputs)))
        expect(error.code).to.equal('invalid_input')
        expect(error.message).to.match(message)
        expect(error.hint).to.be.a('string')
        expect(account.fake.calls).to.deep.equal([])
        expectNoSecret(error, pem.slice(30, 90))
      })
    }

    it('refuses a state of another account or user', async () => {
      const state = account.stateOf(pem)
      expect((await failure(plan(account.inputs, { ...state, account: 'other' }))).message).to.include('account other')
      expect((await failure(plan(account.inputs, { ...state, user: 'OTHER' }))).message).to.include('user OTHER')
      expect(account.fake.calls).to.deep.equal([])
    })

    it('says that the login is not known, and shows neither its key nor its token', async () => {
      const stranger = { ...account.inputs.login, privateKey: secret(pem) }
      const error = await failure(plan({ ...account.inputs, login: stranger }))
      expect(error.message).to.include('390144')
      const { authorization } = account.fake.calls[0]!.request.headers
      expectNoSecret(error, pem, String(authorization).slice(7))
      const token = secret('oauth-canary-token')
      const { privateKey: _, ...login } = account.inputs.login
      const second = await failure(plan({ ...account.inputs, login: { ...login, token } }))
      expect(second.message).to.include('390303')
      expectNoSecret(second, 'oauth-canary-token')
    })

    it('does not know the user, or may not see it', async () => {
      const error = await failure(plan({ ...account.inputs, targetUser: 'nobody' }))
      expect(error.message).to.include('002003')
      account.manager.owns = []
      expect((await failure(plan())).message).to.include('003001')
    })
  })

  it('checks the keys in both slots', async () => {
    const [c, p, u] = [somePrivateKey(), somePrivateKey(), somePrivateKey()]
    account.target.slot1 = slot(c)
    account.target.slot2 = slot(p)
    const check = (state: SnowflakeState) =>
      account.rotator.check!({ inputs: account.inputs, state }, testContext()).then((checks) =>
        checks.map(({ credential, works }) => [credential, works]),
      )
    expect(await check(account.stateOf(c, p))).to.deep.equal([
      ['current', true],
      ['previous', undefined],
    ])
    expect(await check(account.stateOf(u))).to.deep.equal([
      ['current', false],
      ['foreign', undefined],
      ['foreign', undefined],
    ])
    account.target.disabled = true
    expect((await check(account.stateOf(c, p)))[0]).to.deep.equal(['current', undefined])
    expect(changes()).to.deep.equal([])
  })

  it('takes names as SQL does', () => {
    for (const [written, kept] of [
      ['app_user', 'APP_USER'],
      ['"app_user"', 'app_user'],
      ['app.user@example.org', 'app.user@example.org'],
      ['1st', '1st'],
    ] as const) {
      expect(resolveUser(written, 'targetUser')).to.equal(kept)
    }
  })

  it('rotates a user whose name needs quotes', async () => {
    const name = 'app user$@example.org'
    account.fake.addUser(name)
    account.manager.owns = [name]
    const inputs = { ...account.inputs, targetUser: name }
    const state = await rotateOnce({ ...account, inputs, state: undefined, context: testContext() })
    expect(account.fake.users.get(name)!.slot1!.fingerprint).to.equal(fingerprintOf(state))
  })

  it('knows the fingerprint of a key as others compute it', () => {
    // openssl rsa -pubout -outform DER | openssl dgst -sha256 -binary | openssl enc -base64, as
    // Snowflake documents.
    const fake = new FakeSnowflake()
    const pem = somePrivateKey()
    expect(readKeyPair(secret(pem))!.fingerprint).to.equal(fake.slotOf(pem).fingerprint)
  })
})
