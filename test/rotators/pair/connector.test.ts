import { expect } from 'chai'
import { openConnector } from '../../../src/rotators/pair/kit/connector.ts'
import { orderHeaders } from '../../../src/rotators/pair/kit/connector-https.ts'
import { type PostgresInputs, type PostgresState, postgres } from '../../../src/rotators/pair/postgres/index.ts'
import { secret } from '../../../src/secret.ts'
import { FakeHttpsConnector } from '../../fakes/https-connector.ts'
import { FakeLambda, type FunctionResult } from '../../fakes/lambda.ts'
import { selfSigned } from '../../servers/certificate.ts'
import { type PostgresServer, sharedPostgres } from '../../servers/postgres.ts'
import { type Subject, sweep } from '../contract.ts'
import { expectNoSecret, failure } from '../failure.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { readOrder, type WireOrder } from './connector-order.ts'
import { createUserPair, type UserPair } from './postgres-pair.ts'

const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:esc-rotator'
const login = { accessKeyId: 'AKIALAMBDA', secretAccessKey: secret<string>('lambda-canary-secret') }
const shared = 'connector-canary-secret'

/** What the function inside the network does: it reaches the server that we do not. */
async function carryOut(server: PostgresServer, event: unknown): Promise<{ code: number; message: string }> {
  const { rotateUser } = readOrder(event)
  try {
    await server.sql(
      `ALTER ROLE "${rotateUser.username.replaceAll('"', '""')}" WITH PASSWORD '${rotateUser.newPassword}'`,
    )
    return { code: 200, message: 'ok' }
  } catch (error) {
    return { code: 400, message: (error as Error).message }
  }
}

describe('a connector', function () {
  this.timeout(60_000)
  let server: PostgresServer
  let pair: UserPair
  let orders: WireOrder[]
  before(async () => {
    server = await sharedPostgres()
  })
  beforeEach(async () => {
    pair = await createUserPair(server)
    orders = []
  })

  /** `reachable`: a log-in from here gets through. */
  function privateDatabase(reachable: boolean): PostgresInputs['database'] {
    return { ...pair.inputs.database, ...(!reachable && { port: 1 }) }
  }

  const logsIn = (user: { username: string; password: { reveal(): string } } | undefined) =>
    server.login(user!.username, user!.password.reveal())

  const rotate = (inputs: PostgresInputs, state?: PostgresState, context = testContext()) =>
    rotateOnce({ rotator: postgres, inputs, state, context })

  describe('that is a Lambda function', () => {
    let lambda: FakeLambda
    let result: ((event: unknown) => Promise<FunctionResult>) | undefined
    const before = process.env.AWS_ENDPOINT_URL_LAMBDA
    beforeEach(async () => {
      result = undefined
      lambda = await new FakeLambda({
        functionArn,
        accessKeyId: login.accessKeyId,
        secretAccessKey: login.secretAccessKey.reveal(),
        async run(event) {
          orders.push(readOrder(event))
          return result?.(event) ?? { payload: await carryOut(server, event) }
        },
      }).start()
      process.env.AWS_ENDPOINT_URL_LAMBDA = lambda.url
    })
    afterEach(async () => {
      await lambda.stop()
      if (before === undefined) delete process.env.AWS_ENDPOINT_URL_LAMBDA
      else process.env.AWS_ENDPOINT_URL_LAMBDA = before
    })

    const through = async (reachable: boolean, awsLambda = { lambdaArn: functionArn, login }) => ({
      ...pair.inputs,
      database: { ...privateDatabase(reachable), connector: { awsLambda } },
    })

    it('sets the password, which a log-in from here proves', async () => {
      const inputs = await through(true)
      const context = testContext()
      const { steps } = await postgres.plan({ inputs, state: pair.state(1, 2) }, context)
      expect(steps[0]!.what).to.include('through Lambda function esc-rotator')
      expect(lambda.invocations).to.deep.equal(['DryRun'])
      const state = await rotate(inputs, pair.state(1, 2), context)
      expect(await logsIn(state.current)).to.equal(true)
      expect(context.warnings).to.deep.equal([])
      const { host, port, managingUser } = pair.inputs.database
      expect(orders).to.deep.equal([
        {
          type: 'postgres',
          host,
          port,
          database: 'postgres',
          managingUser: { username: pair.manager, password: managingUser.password!.reveal() },
          rotateUser: {
            username: pair.username2,
            password: pair.passwords[2],
            newPassword: state.current!.password.reveal(),
          },
        },
      ])
    })

    it('is believed, with a warning, where the server is out of reach', async () => {
      const context = testContext()
      const state = await rotate(await through(false), pair.state(1, 2), context)
      expect(await logsIn(state.current)).to.equal(true)
      expect(orders, 'asked once').to.have.length(1)
      expect(context.warnings.join()).to.include('is set but could not be tried').and.to.include('ECONNREFUSED')
    })

    it('sends an empty old password where none is known', async () => {
      await rotate(await through(true))
      expect(orders[0]!.rotateUser.password).to.equal('')
    })

    it('undoes what the database refused, and says why without secrets', async () => {
      await server.sql(`REVOKE ADMIN OPTION FOR ${pair.username2} FROM ${pair.manager}`)
      result = async (event) => ({
        payload: { code: 400, message: `permission denied for ${JSON.stringify(event)}` },
      })
      const error = await failure(rotate(await through(false), pair.state(1, 2)))
      expect(error.message).to.include('Lambda function esc-rotator').and.to.include('400: permission denied')
      expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
      const { newPassword, password } = orders[0]!.rotateUser
      expectNoSecret(error, newPassword, password, orders[0]!.managingUser.password)
    })

    it('keeps the record where it cannot be told what the function did', async () => {
      const trouble: Record<string, FunctionResult> = {
        Unhandled: { functionError: 'Unhandled', payload: { errorType: 'Runtime.ExitError', errorMessage: 'exit' } },
        'without a `code`': { payload: 'fine' },
        '500: connection reset': { payload: { code: 500, message: 'connection reset' } },
      }
      for (const [expected, answer] of Object.entries(trouble)) {
        result = async (event) => {
          await carryOut(server, event)
          return answer
        }
        const journal: { pending: Parameters<typeof postgres.reconcile>[0] | undefined } = { pending: undefined }
        const inputs = await through(false)
        const state = pair.state(1, 2)
        const run = { rotator: postgres, inputs, state, context: testContext(), journal }
        const error = await failure(rotateOnce(run))
        expect(error.message).to.include(expected)
        expectNoSecret(error, orders.at(-1)!.rotateUser.newPassword)
        result = undefined
        const reconciled = await postgres.reconcile(journal.pending!, { inputs, state }, testContext())
        expect(reconciled).to.have.property('kind', 'rotated')
        expect(await logsIn((reconciled as { state: PostgresState }).state.current)).to.equal(true)
        await server.sql(`ALTER ROLE ${pair.username2} PASSWORD '${pair.passwords[2]}'`)
      }
    })

    it('is refused beforehand when it cannot be invoked', async () => {
      const plan = async (awsLambda?: Parameters<typeof through>[1]) => {
        const error = await failure(
          postgres.plan({ inputs: await through(true, awsLambda), state: undefined }, testContext()),
        )
        expectNoSecret(error, login.secretAccessKey.reveal(), 'wrong-canary')
        return error
      }
      expect((await plan({ lambdaArn: 'esc-rotator', login })).message).to.include('is not the ARN')
      const missing = { lambdaArn: `${functionArn}x`, login }
      expect((await plan(missing)).message).to.include('ResourceNotFound')
      const wrong = { ...login, secretAccessKey: secret<string>('wrong-canary') }
      expect((await plan({ lambdaArn: functionArn, login: wrong })).message).to.include('InvalidSignature')
      lambda.allowed = false
      const denied = await plan()
      expect(denied.message).to.include('AccessDenied')
      expect(denied.hint).to.include('lambda:InvokeFunction')
      expect(orders).to.deep.equal([])
    })
  })

  describe('that is an HTTPS service', () => {
    let connector: FakeHttpsConnector
    afterEach(() => connector?.stop())

    async function start(options: Partial<ConstructorParameters<typeof FakeHttpsConnector>[0]> = {}) {
      connector = await new FakeHttpsConnector({
        secret: shared,
        run: async (order) => {
          orders.push(readOrder(order))
          return carryOut(server, order)
        },
        ...options,
      }).start()
    }

    const through = async (
      reachable: boolean,
      https: { url: string; secret: ReturnType<typeof secret<string>>; ca?: string } = {
        url: connector.url,
        secret: secret<string>(shared),
      },
    ): Promise<PostgresInputs> => ({
      ...pair.inputs,
      database: { ...privateDatabase(reachable), connector: { https } },
    })

    it('gets orders signed with their time', () => {
      // printf '1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
      expect(orderHeaders('{}', secret('0123456789abcdef'), new Date(1_700_000_000_999))).to.deep.equal({
        Timestamp: '1700000000',
        Signature: 'sha256=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e',
      })
    })

    it('sets the password, over TLS with an authority of its own', async function () {
      const certificate = selfSigned()
      if (certificate === undefined) return this.skip()
      await start({ tls: certificate })
      const context = testContext()
      const https = { url: connector.url, secret: secret<string>(shared) }
      const distrusted = await failure(rotate(await through(false, https), pair.state(1, 2)))
      expect(distrusted.message).to.include('BAD_CERTIFICATE')
      const inputs = await through(false, { ...https, ca: certificate.certificate })
      const state = await rotate(inputs, pair.state(1, 2), context)
      expect(await logsIn(state.current)).to.equal(true)
      expect(context.warnings.join()).to.include('could not be tried')
      expect(orders).to.have.length(1)
    })

    it('refuses a wrong signature and an old order, and nothing has changed', async () => {
      await start()
      const wrong = await through(false, { url: connector.url, secret: secret('another-canary-secret') })
      const error = await failure(rotate(wrong, pair.state(1, 2)))
      expect(error.message).to.include('HTTP 401')
      expectNoSecret(error, 'another-canary-secret')
      await connector.stop()
      await start({ now: () => new Date(Date.now() + 10 * 60_000) })
      expect((await failure(rotate(await through(false), pair.state(1, 2)))).message).to.include('too old')
      expect(orders).to.deep.equal([])
      expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
    })

    it('does not send a second order after a page of a proxy, nor follow anywhere', async () => {
      await start()
      for (const [status, text] of [
        [502, '<html>bad gateway</html>'],
        [302, ''],
        [200, 'x'.repeat(100_000)],
      ] as const) {
        connector.trouble = { status, text }
        const error = await failure(rotate(await through(false), pair.state(1, 2)))
        expect(error.message).to.match(/HTTP \d+|ANSWER_TOO_LONG/)
        expect(error.message.length).to.be.below(600)
      }
      expect(await server.login(pair.username2, pair.passwords[2])).to.equal(true)
    })

    it('is known to have got no order where no connection holds', async () => {
      await start()
      const https = { url: connector.url.replace('http:', 'https:'), secret: secret('0123456789abcdef') }
      const link = await openConnector({ https }, { rotator: 'postgres', now: () => new Date() })
      const error = await failure(link.send('{}', (text) => text))
      expect(error.message).to.match(/could not be asked: NO_TLS: \w+/)
      expect(error).to.have.property('refused', true)
      expect(connector.statuses).to.deep.equal([])
    })

    it('is refused beforehand with an address or secret that cannot be right', async () => {
      await start()
      for (const [url, key] of [
        ['http://rotator.example.org/', shared],
        ['https://user:url-canary@rotator.example.org/', shared],
        ['rotator', shared],
        ['https://rotator.example.org/', 'short'],
      ] as const) {
        const inputs = await through(true, { url, secret: secret<string>(key) })
        const error = await failure(postgres.plan({ inputs, state: undefined }, testContext()))
        expect(error).to.have.property('code', 'invalid_input')
        expectNoSecret(error, 'url-canary', shared)
      }
    })

    it('must be one of the two', async () => {
      for (const connector of [
        {},
        {
          https: { url: 'https://a.example.org', secret: secret<string>(shared) },
          awsLambda: { lambdaArn: functionArn, login },
        },
      ]) {
        const inputs = { ...pair.inputs, database: { ...pair.inputs.database, connector } }
        const error = await failure(postgres.plan({ inputs, state: undefined }, testContext()))
        expect(error.message).to.match(/names (no way|two ways)/)
      }
    })

    for (const reachable of [true, false]) {
      it(`loses nothing when killed anywhere, the server ${reachable ? 'within' : 'out of'} reach`, async () => {
        const subject: Subject<PostgresInputs, PostgresState, never, never> = async (enter) => {
          pair = await createUserPair(server)
          const mine = pair
          await connector?.stop().catch(() => {})
          await start({ pass: (when) => enter().pass('remote', when) })
          return {
            rotator: postgres as never,
            inputs: await through(reachable),
            state: mine.state(1, 2),
            async checkCurrent({ current }) {
              expect(await logsIn(current)).to.equal(true)
            },
            async checkAgreement(state) {
              expect([await logsIn(state?.current), await logsIn(state?.previous)]).to.deep.equal([true, true])
            },
            close: async () => {},
          }
        }
        const outcomes = await sweep(subject, { twice: true })
        expect(outcomes).to.include('after stage 1: rotated')
        // Where a log-in tells, the run that lost its answer needs no other.
        if (!reachable) expect(outcomes).to.include('after remote 1: rotated')
      })
    }
  })
})
