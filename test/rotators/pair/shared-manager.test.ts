import { expect } from 'chai'
import { RunResources } from '../../../src/rotation/shared-resources.ts'
import {
  type PostgresInputs,
  type PostgresPending,
  type PostgresPlan,
  type PostgresState,
  postgres,
} from '../../../src/rotators/pair/postgres/index.ts'
import type { RotatorContext } from '../../../src/rotators/rotator.ts'
import { secret } from '../../../src/secret.ts'
import { slow, strideOf } from '../../sample.ts'
import { GatedProxy } from '../../servers/gated-proxy.ts'
import { type PostgresServer, sharedPostgres } from '../../servers/postgres.ts'
import { sweep } from '../contract.ts'
import { failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createUserPair, type UserPair } from './postgres-pair.ts'

describe('the log-in that the pairs of a server share in a run', function () {
  this.timeout(slow ? 600_000 : 60_000)
  let server: PostgresServer
  let pairs: readonly UserPair[]
  let shared: RunResources
  before(async () => {
    server = await sharedPostgres()
  })
  beforeEach(async () => {
    const first = await createUserPair(server)
    pairs = [first, await createUserPair(server, first), await createUserPair(server, first)]
    shared = new RunResources()
  })
  afterEach(() => shared.close())

  const inRun = () => ({ ...testContext(), shared })
  const through = (inputs: PostgresInputs, port: number, password?: string): PostgresInputs => {
    const { managingUser } = inputs.database
    const given = password === undefined ? managingUser : { ...managingUser, password: secret<string>(password) }
    return { ...inputs, database: { ...inputs.database, port, managingUser: given } }
  }
  const expectRotated = async (state: PostgresState) => {
    for (const user of [state.current, state.previous]) {
      if (user === undefined) continue
      expect(await server.login(user.username, user.password.reveal()), user.username).to.equal(true)
    }
  }
  /** Counts connections. */
  async function counted<T>(use: (port: number, opened: () => number) => Promise<T>): Promise<T> {
    let opened = 0
    const proxy = await new GatedProxy(server, () => {
      opened++
      return { pass: () => {} }
    }).start()
    try {
      return await use(proxy.port, () => opened)
    } finally {
      await proxy.stop()
    }
  }

  it('is one for all of them, beside one of each rotated user to prove the password', async () => {
    await counted(async (port, opened) => {
      const states = await Promise.all(
        pairs.map((pair) =>
          rotateOnce({
            rotator: postgres,
            inputs: through(pair.inputs, port),
            state: pair.state(1, 2),
            context: inRun(),
          }),
        ),
      )
      expect(opened()).to.equal(1 + pairs.length)
      for (const state of states) await expectRotated(state)
    })
  })

  it('is another one where the managing user, the server or the database is another', async () => {
    const other = await createUserPair(server)
    await counted(async (port, opened) => {
      for (const { inputs } of [pairs[0]!, other]) {
        await postgres.plan({ inputs: through(inputs, port), state: undefined }, inRun())
      }
      expect(opened()).to.equal(2)
    })
  })

  it('is tried once where the managing user is refused, and every pair says so', async () => {
    await counted(async (port, opened) => {
      for (const { inputs } of pairs) {
        const refused = failure(postgres.plan({ inputs: through(inputs, port, 'wrong'), state: undefined }, inRun()))
        expect((await refused).message).to.include('28P01')
      }
      expect(opened()).to.equal(1)
    })
  })

  it('is made anew when it was cut off between two steps, and nobody notices', async () => {
    const [pair] = pairs
    const cutOff = async () => {
      await server.sql(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '${pair!.manager}'`,
      )
    }
    const context = inRun()
    const request = { inputs: pair!.inputs, state: pair!.state(1, 2) }
    const plan = await postgres.plan(request, context)
    await cutOff()
    let pending: Parameters<typeof postgres.reconcile>[0] | undefined
    const stage = async (record: NonNullable<typeof pending>) => {
      pending = record
      await cutOff()
    }
    await postgres.rotate(plan, request, stage, context)
    const reconciled = await postgres.reconcile(pending!, request, context)
    expect(reconciled).to.have.property('kind', 'rotated')
    await expectRotated((reconciled as { state: PostgresState }).state)
    expect(context.warnings).to.deep.equal([])
  })

  it('costs no other pair anything when it breaks under the request of one', async () => {
    let cuts = 0
    const proxy = await new GatedProxy(server, () => {
      let requests = 0
      return {
        pass(_, when) {
          // Only the session of the managing user gets so far, and only the first of them is cut,
          // at its eighth message.
          if (when === 'before' && ++requests === 8 && cuts++ === 0) throw new Error('cut')
        },
      }
    }).start()
    try {
      const ends = await Promise.allSettled(
        pairs.map((pair) => {
          const request = { inputs: through(pair.inputs, proxy.port), state: pair.state(1, 2) }
          return rotateOnce({ rotator: postgres, ...request, context: inRun() })
        }),
      )
      expect(cuts).to.be.greaterThan(0)
      for (const end of ends) {
        expect(end.status, String((end as { reason?: unknown }).reason)).to.equal('fulfilled')
        await expectRotated((end as PromiseFulfilledResult<PostgresState>).value)
      }
    } finally {
      await proxy.stop()
    }
  })

  it('loses nothing when a run that shares it is killed anywhere', async () => {
    const outcomes = await sweep<PostgresInputs, PostgresState, PostgresPending, PostgresPlan>(
      async (enter) => {
        const pair = await createUserPair(server)
        const proxy = await new GatedProxy(server, enter).start()
        const held: RunResources[] = []
        // One for each run, as the engine makes it: the context of a run is the same object in all
        // its steps.
        const ofRun = new WeakMap<object, RotatorContext>()
        const sharing = (context: RotatorContext): RotatorContext => {
          const known = ofRun.get(context)
          if (known !== undefined) return known
          const resources = new RunResources()
          held.push(resources)
          const made = { ...context, shared: resources }
          ofRun.set(context, made)
          return made
        }
        return {
          rotator: {
            ...postgres,
            plan: (request, context) => postgres.plan(request, sharing(context)),
            rotate: (plan, request, stage, context) => postgres.rotate(plan, request, stage, sharing(context)),
            reconcile: (pending, request, context) => postgres.reconcile(pending, request, sharing(context)),
          },
          inputs: through(pair.inputs, proxy.port),
          state: pair.state(1, 2),
          checkCurrent: ({ current }) => expectRotated({ current: current! }),
          checkAgreement: (state) => expectRotated(state!),
          async close() {
            await Promise.all(held.map((each) => each.close()))
            await proxy.stop()
          },
        }
      },
      { twice: slow, stride: strideOf(5) },
    )
    expect(outcomes.some((outcome) => outcome.endsWith('rotated'))).to.equal(true)
    expect(outcomes.some((outcome) => outcome.endsWith('undone'))).to.equal(true)
  })
})
