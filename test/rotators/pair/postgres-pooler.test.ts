import { expect } from 'chai'
import type { EscError } from '../../../src/errors.ts'
import { pairTiming } from '../../../src/rotators/pair/kit/index.ts'
import { type PostgresPending, postgresRotator } from '../../../src/rotators/pair/postgres/index.ts'
import { skipWithout } from '../../servers/binary.ts'
import {
  missingPgBouncer,
  type PgBouncerOptions,
  type PgBouncerServer,
  pgBouncerPackages,
  startPgBouncer,
} from '../../servers/pgbouncer.ts'
import { type PostgresServer, sharedPostgres } from '../../servers/postgres.ts'
import { failure } from '../failure.ts'
import { type Journal, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { createUserPair, type UserPair } from './postgres-pair.ts'

const postgres = postgresRotator({ ...pairTiming, verifyWaitsMs: [10] })

describe('postgres behind PgBouncer', function () {
  this.timeout(30_000)
  let server: PostgresServer
  let pair: UserPair
  let pooler: PgBouncerServer
  before(async function () {
    skipWithout(this, missingPgBouncer(), pgBouncerPackages)
    server = await sharedPostgres()
  })
  beforeEach(async () => {
    pair = await createUserPair(server)
  })
  afterEach(() => pooler?.stop())

  /** Knows the passwords that the pair was made with, and no others. */
  async function behind(
    authType: PgBouncerOptions['authType'],
    settings: PgBouncerOptions['settings'] = {},
  ): Promise<UserPair['inputs']> {
    const { managingUser } = pair.inputs.database
    const users = {
      [managingUser.username]: managingUser.password!.reveal(),
      [pair.username1]: pair.passwords[1],
      [pair.username2]: pair.passwords[2],
    }
    pooler = await startPgBouncer({ server, users, authType, settings })
    return { ...pair.inputs, database: { ...pair.inputs.database, port: pooler.port } }
  }

  for (const authType of ['scram-sha-256', 'md5', 'plain'] as const) {
    it(`sets the former password back where a static list (${authType}) refuses the new one`, async () => {
      const inputs = await behind(authType)
      const context = testContext()
      const state = pair.state(1, 2)
      const error = (await failure(rotateOnce({ rotator: postgres, inputs, state, context }))) as EscError
      expect(error.message)
        .to.include('refused by a pooler in front of the server (08P01); its former password was set back')
        .and.include('let `database` name the server itself')
      expect(error.transient, 'nothing that passes by itself').to.not.equal(true)
      expect(context.warnings.join()).to.include('is a pooler in front of the server')
      for (const which of [1, 2] as const) {
        const username = which === 1 ? pair.username1 : pair.username2
        expect(await server.login(username, pair.passwords[which]), username).to.equal(true)
      }
      const checks = await postgres.check!({ inputs, state }, testContext())
      expect(checks.map(({ works }) => works)).to.deep.equal([true, true])
    })
  }

  it('keeps the record where the former password is not known, and finishes once the server is named', async () => {
    const inputs = await behind('scram-sha-256')
    const context = testContext()
    const journal: Journal<PostgresPending> = { pending: undefined }
    const run = { rotator: postgres, inputs, state: undefined, context, journal }
    const error = (await failure(rotateOnce(run))) as EscError
    expect(error).to.have.property('code', 'rotation_failed')
    expect(error.message).to.include('its former password is not known here')
    expect(error.hint).to.include('auth_query')
    const { password } = journal.pending!
    expect(await server.login(pair.username1, password.reveal())).to.equal(true)
    const checks = await postgres.check!(
      { inputs, state: { current: { username: pair.username1, password } } },
      context,
    )
    expect(checks[0]).to.include({ works: false, detail: 'refused by a pooler in front of the server (08P01)' })
  })

  it('never takes the word of a pooler for a password that the server does not have', async () => {
    const inputs = await behind('scram-sha-256')
    const state = pair.state(1, 2)
    const journal: Journal<PostgresPending> = { pending: undefined }
    const stage = async (pending: PostgresPending) => {
      journal.pending = pending
    }
    const plan = await postgres.plan({ inputs, state }, testContext())
    await postgres.rotate(plan, { inputs, state }, stage, testContext())
    // Cut off here; meanwhile the manager has lost the right to set it again or back.
    await server.sql(`ALTER ROLE ${pair.manager} NOCREATEROLE`)
    const error = await failure(postgres.reconcile(journal.pending!, { inputs, state }, testContext()))
    expect(error.message).to.include('42501')
    expect(await server.login(pair.username2, journal.pending!.password.reveal())).to.equal(true)
  })

  it('takes a user whom the pooler does not know for no passing fault', async () => {
    const inputs = await behind('plain')
    const managingUser = { ...inputs.database.managingUser, username: 'nobody' }
    const unknown = { ...inputs, database: { ...inputs.database, managingUser } }
    const refused = (await failure(postgres.plan({ inputs: unknown, state: undefined }, testContext()))) as EscError
    expect(refused.message).to.include('08P01')
    expect(refused.transient).to.equal(false)
  })

  it('takes a pooler that has no room for a passing fault', async () => {
    const inputs = await behind('plain', { max_client_conn: '0' })
    const full = (await failure(postgres.plan({ inputs, state: undefined }, testContext()))) as EscError
    expect(full.message).to.include('08P01').and.include('no more connections allowed')
    expect(full.transient).to.equal(true)
  })
})
