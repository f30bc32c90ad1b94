import { expect } from 'chai'
import { FakeIam } from '../fakes/iam.ts'
import { slow, strideOf } from '../sample.ts'
import { type PostgresServer, sharedPostgres } from '../servers/postgres.ts'
import { killSweep } from './kill-sweep.ts'
import { Program } from './program.ts'

describe('a rotation killed at any point and run again', function () {
  this.timeout(slow ? 900_000 : 120_000)
  let program: Program

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(() => {
    program = new Program()
  })
  afterEach(() => program.remove())

  async function revisionsAreContiguous(environment: string) {
    const history = await program.ok('env', 'version', 'history', environment, '--output', 'json')
    const numbers = JSON.parse(history).revisions.map((revision: { number: number }) => revision.number)
    expect(numbers).to.deep.equal(Array.from(numbers, (_, index) => numbers.length - index))
  }

  it('leaves a PostgreSQL pair with two passwords that log in, and loses none', async () => {
    const server: PostgresServer = await sharedPostgres()
    const { host, port, database, admin } = server
    await server.sql('CREATE ROLE sweep_a LOGIN', 'CREATE ROLE sweep_b LOGIN')
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const inputs = {
      database: { host, port, database, managingUser },
      rotateUsers: { username1: 'sweep_a', username2: 'sweep_b' },
    }
    await program.withEnvironment('db/pair', JSON.stringify({ values: { db: { 'fn::rotate::postgres': { inputs } } } }))
    const stride = strideOf(13)
    const points = await killSweep(program, 'db/pair', {
      stride,
      check: async (context) => {
        const { current, previous } = JSON.parse(await program.ok('env', 'open', 'db/pair', 'db'))
        expect(await server.login(current.username, current.password), context).to.equal(true)
        if (previous) expect(await server.login(previous.username, previous.password), context).to.equal(true)
        await revisionsAreContiguous('db/pair')
      },
    })
    console.log(`      postgres: killed at ${points.length} points`)
    expect(points.length).to.be.greaterThan(stride() === 1 ? 30 : 4)
  })

  it('leaves an IAM user with no key but those of the state, and its current key logs in', async () => {
    const iam = await new FakeIam({ unknownFor: 1 }).start()
    try {
      const manager = iam.addUser('arn:aws:iam::123456789012:user/manager', [
        'iam:ListAccessKeys',
        'iam:CreateAccessKey',
        'iam:DeleteAccessKey',
        'iam:GetUser',
        'iam:GetAccessKeyLastUsed',
      ])
      const { accessKeyId, secretAccessKey } = iam.addKey(manager)
      const user = iam.addUser('arn:aws:iam::123456789012:user/app')
      const login = { accessKeyId, secretAccessKey: { 'fn::secret': secretAccessKey } }
      const values = { key: { 'fn::rotate::aws-iam': { inputs: { login, userArn: user.arn } } } }
      await program.withEnvironment('aws/user', JSON.stringify({ values }))
      const stride = strideOf(15)
      const points = await killSweep(program, 'aws/user', {
        env: { AWS_ENDPOINT_URL_IAM: iam.url, AWS_ENDPOINT_URL_STS: iam.url },
        stride,
        check: async (context) => {
          const { current, previous } = JSON.parse(await program.ok('env', 'open', 'aws/user', 'key'))
          const known = new Map(
            [current, previous].filter(Boolean).map((key) => [key.accessKeyId, key.secretAccessKey]),
          )
          for (const key of user.keys) expect(known.get(key.accessKeyId), context).to.equal(key.secretAccessKey)
          expect(
            user.keys.map((key) => key.accessKeyId),
            context,
          ).to.include(current.accessKeyId)
          await revisionsAreContiguous('aws/user')
        },
      })
      console.log(`      aws-iam: killed at ${points.length} points`)
      expect(points.length).to.be.greaterThan(stride() === 1 ? 40 : 6)
    } finally {
      await iam.stop()
    }
  })
})
