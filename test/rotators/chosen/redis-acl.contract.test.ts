import { expect } from 'chai'
import {
  type RedisAclInputs,
  type RedisAclPending,
  type RedisAclState,
  redisAcl,
} from '../../../src/rotators/chosen/redis-acl/index.ts'
import type { Plan } from '../../../src/rotators/rotator.ts'
import { skipWithout } from '../../servers/binary.ts'
import { GatedProxy } from '../../servers/gated-proxy.ts'
import { missingRedis, redisPackages, sharedRedis } from '../../servers/redis.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { createRedisUser, type RedisUser } from './redis-user.ts'

function subject(
  prepare: (user: RedisUser) => RedisAclState | undefined,
): Subject<RedisAclInputs, RedisAclState, RedisAclPending, Plan> {
  return async (enter) => {
    const server = await sharedRedis()
    const user = await createRedisUser(server)
    const proxy = await new GatedProxy(server, enter).start()
    const logsIn = (credential: { username: string; password: { reveal(): string } }) =>
      server.login(credential.username, credential.password.reveal())
    const count = async () => ((await server.command('ACL', 'GETUSER', user.user)) as string[][])[3]!.length
    const state = prepare(user)
    return {
      rotator: redisAcl,
      inputs: { ...user.inputs, port: proxy.port },
      state,
      async checkCurrent({ current }) {
        expect(await logsIn(current), 'current').to.equal(true)
      },
      async checkAgreement(now) {
        const ours = [now?.current, now?.previous].filter((each) => each !== undefined)
        for (const each of ours) expect(await logsIn(each), 'of the state').to.equal(true)
        // Foreign, or superseded and not retired: both stay.
        for (const password of user.passwords) expect(await server.login(user.user, password)).to.equal(true)
        const made = ours.filter((each) => !user.passwords.includes(each.password.reveal())).length
        // The second rotation of a sweep leaves the first's password, which is not retired here,
        // beside its own.
        expect(await count(), 'passwords at the server').to.be.within(2 + made, 2 + Math.max(made, 2))
        if (made === 0) expect(await count()).to.equal(2)
      },
      close: () => proxy.stop(),
    }
  }
}

describe('redis-acl, killed anywhere', function () {
  this.timeout(600_000)
  before(function () {
    skipWithout(this, missingRedis(), redisPackages)
  })

  itKeepsTheState(
    'first rotation',
    subject(() => undefined),
  )
  itKeepsTheState(
    'third rotation',
    subject((user) => user.state(true)),
    { retire: false },
  )

  it('loses nothing in the first rotation', async () => {
    const outcomes = await sweep(
      subject(() => undefined),
      { twice: true },
    )
    expect(outcomes).to.include('after stage 1: rotated').and.include('before stage 1: undone')
  })

  it('loses nothing in the third rotation', async () => {
    await sweep(
      subject((user) => user.state(true)),
      { twice: true },
    )
  })
})
