import { expect } from 'chai'
import { Playground } from '../cli/commands/esc.ts'
import { createLdapEntry } from '../rotators/chosen/ldap-entry.ts'
import { createDualUser } from '../rotators/chosen/mysql-dual-user.ts'
import { createRedisUser } from '../rotators/chosen/redis-user.ts'
import { missingMariaDb, sharedMariaDb } from '../servers/mariadb.ts'
import { missingOpenLdap, sharedOpenLdap } from '../servers/openldap.ts'
import { missingRedis, sharedRedis } from '../servers/redis.ts'

interface Subject {
  readonly inputs: object
  /** The member of a credential that names the account. */
  readonly account: Readonly<Record<string, string>>
  readonly passwords: readonly [string, string]
  logsIn(password: string): Promise<boolean>
}

const kinds: Readonly<Record<string, { missing(): readonly string[]; create(): Promise<Subject> }>> = {
  'redis-acl': {
    missing: missingRedis,
    async create() {
      const server = await sharedRedis()
      const { inputs, user, passwords } = await createRedisUser(server)
      const logsIn = async (password: string) => (await server.login(user, password)) === true
      return { inputs, account: { username: user }, passwords, logsIn }
    },
  },
  'ldap-password': {
    missing: missingOpenLdap,
    async create() {
      const server = await sharedOpenLdap()
      const { inputs, dn, passwords } = await createLdapEntry(server)
      const logsIn = async (password: string) => (await server.login(dn, password)) === true
      return { inputs, account: { dn }, passwords, logsIn }
    },
  },
  'mysql-dual': {
    missing: missingMariaDb,
    async create() {
      const server = await sharedMariaDb()
      const { inputs, username, passwords } = await createDualUser(server)
      const logsIn = async (password: string) => (await server.login(username, password)) === true
      return { inputs, account: { username }, passwords, logsIn }
    },
  },
}

/** Secrets as definitions take them. */
function written(value: unknown): unknown {
  if (value !== null && typeof value === 'object' && 'reveal' in value) {
    return { 'fn::secret': (value as { reveal(): unknown }).reveal() }
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, written(each)]))
}

for (const [rotator, { missing, create }] of Object.entries(kinds)) {
  describe(`a password of ${rotator} that the server has and the environment never knew`, function () {
    this.timeout(60_000)
    let esc: Playground
    let subject: Subject

    before(async function () {
      if (missing().length > 0) this.skip()
    })
    beforeEach(async () => {
      esc = new Playground()
      await esc.ok('init')
      subject = await create()
      await esc.withEnvironment(
        'rotators/app',
        JSON.stringify({ values: { app: { [`fn::rotate::${rotator}`]: { inputs: written(subject.inputs) } } } }),
      )
    })
    afterEach(() => esc?.remove())

    const rotate = async () => {
      const { code, out, err } = await esc.run(['env', 'rotate', 'rotators/app', '--force'])
      expect(code, out + err).to.equal(0)
      return err
    }
    const adopt = (password: string) =>
      esc.run(['env', 'rotate', 'rotators/app', 'app', '--adopt', '-'], {
        input: JSON.stringify({ ...subject.account, password }),
      })
    const passwordAt = async (place: string) =>
      JSON.parse(await esc.ok('env', 'open', 'rotators/app', 'app', '--format', 'json'))[place]?.password as string

    it('is mentioned by every rotation, and goes with the one after it was adopted', async () => {
      const [initial, other] = subject.passwords
      expect(await rotate())
        .to.match(/2 other passwords/)
        .and.include('--adopt')
      expect(await rotate()).to.match(/2 other passwords/)
      expect(await subject.logsIn(initial), 'it was left alone').to.equal(true)
      const before = [await passwordAt('current'), await passwordAt('previous')]

      // Both places hold what works.
      const adopted = await adopt(initial)
      expect(adopted.out, adopted.err).to.include('Credential adopted.')
      expect(adopted.err).to.include('works until the next rotation, which removes it')
      expect([await passwordAt('current'), await passwordAt('previous')], 'readers see what they saw').to.deep.equal(
        before,
      )
      expect(await esc.ok('env', 'open', 'rotators/app'))
        .to.not.include(initial)
        .and.not.include('adopted')
      expect(await esc.ok('env', 'get', 'rotators/app')).to.not.include(initial)
      expect(await subject.logsIn(initial), 'until the next rotation').to.equal(true)

      expect((await adopt(other)).out).to.include('Credential adopted.')
      const quiet = await rotate()
      expect(quiet).to.not.include('other password').and.not.include('another password')
      expect([await subject.logsIn(initial), await subject.logsIn(other)]).to.deep.equal([false, false])
      for (const place of ['current', 'previous']) {
        expect(await subject.logsIn(await passwordAt(place)), place).to.equal(true)
      }
      expect(await passwordAt('previous')).to.equal(before[0])
      expect(await rotate()).to.not.include('other password')
    })

    // The rest is the engine's, whichever the rotator.
    if (rotator !== 'redis-acl' && process.env.SLOW === undefined) return

    it('fills the place that is free', async () => {
      await rotate()
      const [initial] = subject.passwords
      expect((await adopt(initial)).out).to.include('Credential adopted.')
      expect(await passwordAt('previous')).to.equal(initial)
      await rotate()
      expect(await subject.logsIn(initial)).to.equal(false)
    })

    it('is not adopted when it does not log in, or is known already', async () => {
      await rotate()
      await rotate()
      const wrong = await adopt('canary-that-is-wrong')
      expect(wrong.code).to.equal(1)
      expect(wrong.out).to.include('does not log in')
      expect(wrong.out + wrong.err).to.not.include('canary-that-is-wrong')
      const known = await adopt(await passwordAt('previous'))
      expect(known.out).to.include('in the state already, as `previous`')
      const [initial] = subject.passwords
      await adopt(initial)
      expect((await adopt(initial)).out).to.include('in the state already, as `adopted`')
    })

    it('has its life in the history, and its line in the plan', async () => {
      await rotate()
      await rotate()
      await adopt(subject.passwords[0])
      expect(await esc.ok('env', 'rotate', 'rotators/app', '--plan')).to.match(/delete.*\(adopted\)/)
      expect(await esc.ok('env', 'rotate', 'history', 'rotators/app', '--credentials')).to.match(/adopted/)
      await rotate()
      expect(await esc.ok('env', 'rotate', 'history', 'rotators/app', '--credentials')).to.not.match(/adopted/)
    })
  })
}
