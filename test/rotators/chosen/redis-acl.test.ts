import { createServer } from 'node:net'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import {
  type RedisAclInputs,
  type RedisAclPending,
  type RedisAclState,
  redisAcl,
  redisAclRotator,
} from '../../../src/rotators/chosen/redis-acl/index.ts'
import { parseReply, ReplyError } from '../../../src/rotators/chosen/redis-acl/resp.ts'
import { passwordHash } from '../../../src/rotators/chosen/redis-acl/server.ts'
import { secret } from '../../../src/secret.ts'
import { skipWithout } from '../../servers/binary.ts'
import { selfSigned } from '../../servers/certificate.ts'
import { missingRedis, type RedisServer, redisPackages, sharedRedis, startRedis } from '../../servers/redis.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createRedisUser, type RedisUser } from './redis-user.ts'

describe('parseReply', () => {
  const parse = (text: string) => parseReply(Buffer.from(text), 0)

  it('reads each kind of reply, however deep', () => {
    expect(parse('+OK\r\n')).to.deep.equal({ reply: 'OK', end: 5 })
    expect(parse(':-7\r\n')?.reply).to.equal(-7)
    expect(parse('$5\r\nhé\r\n\r\n')?.reply).to.equal('hé\r\n')
    expect(parse('$-1\r\n')?.reply).to.equal(null)
    expect(parse('*-1\r\n')?.reply).to.equal(null)
    expect(parse('*2\r\n*1\r\n$1\r\na\r\n*0\r\n')?.reply).to.deep.equal([['a'], []])
    const error = parse('-WRONGPASS invalid\r\n')?.reply
    expect(error).to.be.instanceOf(ReplyError).with.property('code', 'WRONGPASS')
  })

  it('waits for the rest of a reply cut anywhere', () => {
    const whole = '*3\r\n$3\r\nabc\r\n:12\r\n*1\r\n+x\r\n'
    for (let length = 0; length < whole.length; length++)
      expect(parse(whole.slice(0, length)), String(length)).to.equal(undefined)
    expect(parse(whole)).to.deep.equal({ reply: ['abc', 12, ['x']], end: whole.length })
  })

  it('refuses what is not Redis', () => {
    for (const text of ['HTTP/1.1 400 Bad Request\r\n', '$x\r\n', '$-2\r\n', '*\r\n']) {
      expect(() => parse(text), text).to.throw('not Redis')
    }
  })
})

describe('redis-acl', function () {
  this.timeout(30_000)
  let server: RedisServer
  let user: RedisUser
  before(async function () {
    skipWithout(this, missingRedis(), redisPackages)
    server = await sharedRedis()
  })
  beforeEach(async () => {
    user = await createRedisUser(server)
  })

  const rotate = (state?: RedisAclState, context = testContext(), inputs = user.inputs) =>
    rotateOnce({ rotator: redisAcl, inputs, state, context })

  const logsIn = (credential: { username: string; password: { reveal(): string } } | undefined) =>
    server.login(credential!.username, credential!.password.reveal())

  const hashes = async (of = server) => ((await of.command('ACL', 'GETUSER', user.user)) as string[][])[3]!

  async function refuses(changes: Partial<RedisAclInputs>, state?: RedisAclState): Promise<EscError> {
    const before = await hashes()
    const inputs = { ...user.inputs, ...changes }
    const error = await failure(redisAcl.plan({ inputs, state }, testContext()))
    expect(error).to.be.instanceOf(EscError)
    expect(error.message).to.match(/^redis-acl: [^\n]+$/)
    expect(error.hint, error.message).to.be.a('string')
    expectNoSecret(error, inputs.login.password.reveal(), ...user.passwords)
    expect(await hashes()).to.deep.equal(before)
    return error
  }

  it('adds a password, keeps the last one, and retires the one before', async () => {
    const context = testContext()
    const retire = (superseded: RedisAclState, state: RedisAclState) =>
      redisAcl.retire!(superseded, { inputs: user.inputs, state }, context)
    const start = user.state(true)
    const first = await rotate(start, context)
    expect([first.current.username, first.previous]).to.deep.equal([user.user, start.current])
    expect(await logsIn(start.previous), 'alive until the new one is committed').to.equal(true)
    await retire(start, first)
    expect(await logsIn(start.previous)).to.equal('WRONGPASS')
    expect([await logsIn(first.current), await logsIn(first.previous)]).to.deep.equal([true, true])
    await retire(start, first)

    const second = await rotate(first, context)
    await retire(first, second)
    expect(await hashes()).to.have.members(
      [second.current, first.current].map(({ password }) => passwordHash(password)),
    )
    expect(second.current.password.reveal()).to.match(/^[A-Za-z0-9_-]{32}$/)
    expect(context.warnings).to.deep.equal([])

    const secrets = [first.current, second.current].map(({ password }) => password.reveal())
    const log = await server.log()
    expect(log, 'the slow log shows commands').to.include('SETUSER')
    for (const text of [log, server.savedUsers()]) {
      for (const each of secrets) expect(text).to.not.include(each)
    }
    expect(server.savedUsers(), 'survives a restart').to.include(passwordHash(second.current.password))
    const plan = await redisAcl.plan({ inputs: user.inputs, state: second }, context)
    expectNoSecret([plan, context.warnings, context.messages], ...secrets)
  })

  it('leaves foreign passwords alone and says so', async () => {
    const { steps } = await redisAcl.plan({ inputs: user.inputs, state: user.state() }, testContext())
    expect(steps).to.deep.equal([
      { action: 'create', what: `password of user "${user.user}"` },
      { action: 'keep', what: `password of user "${user.user}" (current, becomes previous)` },
      { action: 'keep', what: `1 other password of user "${user.user}" (not managed here)` },
    ])
    const third = await rotate(await rotate(await rotate()))
    for (const password of user.passwords) expect(await server.login(user.user, password)).to.equal(true)
    expect(await logsIn(third.current)).to.equal(true)
  })

  it('keeps the one live password as previous when current was removed by hand', async () => {
    const state = user.state(true)
    await server.command('ACL', 'SETUSER', user.user, `<${user.passwords[0]}`)
    const context = testContext()
    const next = await rotate(state, context)
    expect(next.previous?.password.reveal()).to.equal(user.passwords[1])
    expect(context.warnings.join()).to.include('no longer one that the server takes')
    await redisAcl.retire!(state, { inputs: user.inputs, state: next }, context)
    expect(await logsIn(next.previous)).to.equal(true)
  })

  describe('refuses before any change', () => {
    it('a user that does not exist, and a name that cannot be one', async () => {
      expect((await refuses({ user: 'nobody' })).message).to.include('no such user "nobody"')
      await refuses({ user: '' })
      await refuses({ user: 'a b' })
    })
    it('a user that is off, or takes any password', async () => {
      await server.command('ACL', 'SETUSER', user.user, 'off')
      expect((await refuses({})).hint).to.equal(`run ACL SETUSER ${user.user} on`)
      await server.command('ACL', 'SETUSER', user.user, 'on', 'nopass')
      expect((await refuses({})).message).to.include('nopass')
    })
    it('a state of somebody else', async () => {
      const state = { current: { ...user.state().current, username: 'other' } }
      expect((await refuses({}, state)).message).to.include('"other"')
    })
    it('a login that uses the password to be removed', async () => {
      const login = { username: user.user, password: secret<string>(user.passwords[1]) }
      expect((await refuses({ login }, user.state(true))).message).to.include('which this rotation removes')
    })
    it('a login without the right, with a wrong password, or unknown', async () => {
      await server.command('ACL', 'SETUSER', user.manager, '-acl|getuser')
      expect((await refuses({})).message).to.include('NOPERM')
      await server.command('ACL', 'SETUSER', user.manager, '+acl|getuser', '-acl|setuser', '+acl|dryrun')
      expect((await refuses({})).message).to.include('acl|setuser')
      const login = { username: user.manager, password: secret('wr0ng-canary') }
      expect((await refuses({ login })).message).to.include('WRONGPASS')
      expect((await refuses({ login: { password: secret('wr0ng-canary') } })).message).to.include('user "default"')
    })
    it('a server that does not answer, is not Redis, or has no TLS', async () => {
      expect((await refuses({ port: 1 })).message).to.include('ECONNREFUSED')
      const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      expect((await refuses({ port: (web.address() as { port: number }).port })).message).to.include('NOT_REDIS')
      web.close()
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const hasty = redisAclRotator({ connectMs: 100, commandMs: 100, verifyWaitsMs: [] })
      const inputs = { ...user.inputs, port: (silent.address() as { port: number }).port }
      expect((await failure(hasty.plan({ inputs, state: undefined }, testContext()))).message).to.include('ETIMEDOUT')
      silent.close()
      // Redis takes the beginning of TLS for a command that goes on.
      const tls = await failure(
        hasty.plan({ inputs: { ...user.inputs, tls: { mode: 'require' } }, state: undefined }, testContext()),
      )
      expect(tls.hint).to.include('TLS')
    })
  })

  it('checks the certificate and its name', async function () {
    const certificate = selfSigned()
    if (certificate === undefined) return this.skip()
    const secure = await startRedis({ tls: certificate })
    try {
      const there = await createRedisUser(secure)
      const plan = (changes: Partial<RedisAclInputs>) =>
        redisAcl.plan({ inputs: { ...there.inputs, ...changes }, state: undefined }, testContext())
      expect((await failure(plan({ tls: { mode: 'verify-full' } }))).message).to.include('BAD_CERTIFICATE')
      const ca = certificate.certificate
      expect((await failure(plan({ tls: { ca }, host: '127.1' }))).message).to.include('BAD_CERTIFICATE')
      expect((await failure(plan({}))).message).to.include('ECONNRESET')
      for (const tls of [{ mode: 'require' }, { mode: 'verify-full', ca }] as const) {
        const state = await rotate(undefined, testContext(), { ...there.inputs, tls })
        expect(await secure.login(state.current.username, state.current.password.reveal())).to.equal(true)
      }
    } finally {
      await secure.stop()
    }
  })

  it('warns where a restart would lose the new password', async () => {
    const fileless = await startRedis({ aclFile: false })
    try {
      const there = await createRedisUser(fileless)
      const context = testContext()
      await rotate(undefined, context, there.inputs)
      expect(context.warnings.join())
        .to.include('a restart would bring back the former passwords')
        .and.include('aclfile')
    } finally {
      await fileless.stop()
    }
  })

  it('warns of a replica, to which users are not copied', async () => {
    const replica = await startRedis()
    try {
      await server.command('ACL', 'SETUSER', 'replication', 'on', '>copy', '+psync', '+replconf', '+ping')
      for (const [name, value] of [
        ['masteruser', 'replication'],
        ['masterauth', 'copy'],
      ] as const) {
        await replica.command('CONFIG', 'SET', name, value)
      }
      await replica.command('REPLICAOF', server.host, String(server.port))
      await server.command('ACL', 'SETUSER', user.manager, '+role')
      const context = testContext()
      const warned = () => context.warnings.some((warning) => warning.includes('has a replica'))
      for (let tries = 0; tries < 100 && !warned(); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        await redisAcl.plan({ inputs: user.inputs, state: undefined }, context)
      }
      expect(context.warnings.join()).to.include('has a replica')
    } finally {
      await replica.stop()
    }
  })

  describe('after a crash', () => {
    async function killed(state: RedisAclState | undefined, when: 'before' | 'after'): Promise<RedisAclPending> {
      const journal: Journal<RedisAclPending> = { pending: undefined }
      const plan = await redisAcl.plan({ inputs: user.inputs, state }, testContext())
      const stage = async (pending: RedisAclPending) => {
        journal.pending = pending
        if (when === 'before') throw new Error('killed')
      }
      await redisAcl.rotate(plan, { inputs: user.inputs, state }, stage, testContext()).catch(() => {})
      return journal.pending!
    }
    const reconcile = (pending: RedisAclPending, state?: RedisAclState, inputs = user.inputs) =>
      redisAcl.reconcile(pending, { inputs, state }, testContext())

    for (const when of ['before', 'after'] as const) {
      it(`${when} the password was added: it is there, and current`, async () => {
        const pending = await killed(user.state(), when)
        expect(await reconcile(pending, user.state())).to.have.property('kind', 'rotated')
        expect(await server.login(user.user, pending.password.reveal())).to.equal(true)
      })
    }

    it('removes what nobody holds once another clone has rotated', async () => {
      const pending = await killed(user.state(), 'after')
      const theirs = await rotate(user.state())
      const reconciled = await reconcile(pending, theirs)
      expect(reconciled).to.have.property('kind', 'undone')
      expect(await server.login(user.user, pending.password.reveal())).to.equal('WRONGPASS')
      expect(await logsIn(theirs.current)).to.equal(true)
    })

    it('does not make a user anew that is gone, nor touch another', async () => {
      const pending = await killed(undefined, 'after')
      expect(await failure(reconcile(pending, undefined, { ...user.inputs, user: 'other' }))).to.have.property(
        'code',
        'conflict',
      )
      await server.command('ACL', 'DELUSER', user.user)
      expect(await reconcile(pending)).to.have.property('kind', 'undone')
      expect(await server.command('ACL', 'GETUSER', user.user)).to.equal(null)
    })
  })

  it('checks every password, names the others, and changes nothing', async () => {
    await server.command('ACL', 'SETUSER', user.user, `<${user.passwords[0]}`, '>by-hand')
    const before = await hashes()
    const what = `password of user "${user.user}" on ${server.host}:${server.port}`
    expect(await redisAcl.check!({ inputs: user.inputs, state: user.state(true) }, testContext())).to.deep.equal([
      { credential: 'current', what, works: false, detail: 'refused at log-in (WRONGPASS)' },
      { credential: 'previous', what, works: true },
      { credential: 'foreign', what: `another ${what}`, works: undefined, detail: 'not managed here' },
    ])
    expect(await hashes()).to.deep.equal(before)
  })
})
