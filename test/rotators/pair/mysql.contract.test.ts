import { expect } from 'chai'
import {
  type MySqlInputs,
  type MySqlPending,
  type MySqlPlan,
  type MySqlState,
  mysql,
} from '../../../src/rotators/pair/mysql.ts'
import { slow, strideOf } from '../../sample.ts'
import { skipWithout } from '../../servers/binary.ts'
import { GatedProxy } from '../../servers/gated-proxy.ts'
import { mariaDbPackages, missingMariaDb, sharedMariaDb } from '../../servers/mariadb.ts'
import { type Subject, sweep } from '../contract.ts'
import { itKeepsTheState } from '../stale-records.ts'
import { createMySqlPair, type MySqlPair } from './mysql-pair.ts'

function subject(
  prepare: (pair: MySqlPair) => MySqlState | undefined,
): Subject<MySqlInputs, MySqlState, MySqlPending, MySqlPlan> {
  return async (enter) => {
    const server = await sharedMariaDb()
    const pair = await createMySqlPair(server)
    const proxy = await new GatedProxy(server, enter).start()
    const logsIn = (user: { username: string; password: { reveal(): string } }) =>
      server.login(user.username, user.password.reveal())
    return {
      rotator: mysql,
      inputs: { ...pair.inputs, database: { ...pair.inputs.database, port: proxy.port } },
      state: prepare(pair),
      async checkCurrent({ current }) {
        expect(await logsIn(current!), 'current').to.equal(true)
      },
      async checkAgreement(state) {
        for (const user of [state?.current, state?.previous]) {
          if (user !== undefined) expect(await logsIn(user), user.username).to.equal(true)
        }
        for (const which of [1, 2] as const) {
          const username = which === 1 ? pair.username1 : pair.username2
          if ([state?.current, state?.previous].some((user) => user?.username === username)) continue
          expect(await server.login(username, pair.passwords[which]), `untouched ${username}`).to.equal(true)
        }
      },
      close: () => proxy.stop(),
    }
  }
}

describe('mysql, killed anywhere', function () {
  const twice = slow
  this.timeout(twice ? 600_000 : 60_000)
  before(function () {
    skipWithout(this, missingMariaDb(), mariaDbPackages)
  })

  itKeepsTheState(
    'first rotation',
    subject(() => undefined),
  )
  itKeepsTheState(
    'third rotation',
    subject((pair) => pair.state(1, 2)),
  )

  it('loses nothing in the first rotation', async () => {
    const outcomes = await sweep(
      subject(() => undefined),
      { twice, stride: strideOf(5) },
    )
    expect(outcomes).to.include('after stage 1: rotated').and.include('before stage 1: undone')
  })

  it('loses nothing in the third rotation', async () => {
    await sweep(
      subject((pair) => pair.state(1, 2)),
      { twice, stride: strideOf(5) },
    )
  })
})
