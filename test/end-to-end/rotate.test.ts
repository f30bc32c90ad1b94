import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FakeIam } from '../fakes/iam.ts'
import { type PostgresServer, sharedPostgres, startPostgres } from '../servers/postgres.ts'
import { ended, Program } from './program.ts'

const managerRights = ['iam:ListAccessKeys', 'iam:CreateAccessKey', 'iam:DeleteAccessKey']

describe('esc env rotate', function () {
  this.timeout(60_000)
  let program: Program

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(() => {
    program = new Program()
  })
  afterEach(() => program.remove())

  function postgresPair(server: PostgresServer, first: string, second: string) {
    const { host, port, database, admin } = server
    const managingUser = { username: admin.username, password: { 'fn::secret': admin.password } }
    const rotateUsers = { username1: first, username2: second }
    return { 'fn::rotate::postgres': { inputs: { database: { host, port, database, managingUser }, rotateUsers } } }
  }

  it('moves a PostgreSQL pair a → b → a, the two newest passwords valid and the third not, none of them in the log', async () => {
    const server = await sharedPostgres()
    await server.sql('CREATE ROLE walk_a LOGIN', 'CREATE ROLE walk_b LOGIN')
    await program.withEnvironment(
      'db/pair',
      JSON.stringify({ values: { db: postgresPair(server, 'walk_a', 'walk_b') } }),
    )
    const seen: { username: string; password: string }[] = []
    for (const expected of ['walk_a', 'walk_b', 'walk_a', 'walk_b']) {
      const { code, out, err } = await program.esc(['env', 'rotate', 'db/pair', '--force'])
      expect({ code, err }).to.deep.equal({ code: 0, err: '' })
      expect(out).to.match(/^Environment 'db\/pair' rotated\.\nNew revision '\d+' was created\.\n$/)
      const { current, previous } = await program.open('db/pair', 'db')
      expect(current.username).to.equal(expected)
      const [last, before] = [seen.at(-1), seen.at(-2)]
      if (last) expect(previous).to.deep.equal(last)
      expect(await server.login(current.username, current.password)).to.equal(true)
      if (last) expect(await server.login(last.username, last.password)).to.equal(true)
      if (before) expect(await server.login(before.username, before.password)).to.equal('28P01')
      seen.push(current)
    }
    for (const { password } of seen) expect(server.log()).to.not.include(password)
    expect(server.log()).to.include('SCRAM-SHA-256$')
  })

  it('saves two of three when the database of the third is down; the retry of its path leaves the others alone', async () => {
    const up = await sharedPostgres()
    const down = await startPostgres()
    for (const server of [up, down]) await server.sql('CREATE ROLE part_a LOGIN', 'CREATE ROLE part_b LOGIN')
    const values = {
      app: { db: postgresPair(up, 'part_a', 'part_b') },
      reports: { db: postgresPair(down, 'part_a', 'part_b') },
      token: { 'fn::rotate::password': { inputs: {} } },
    }
    await program.withEnvironment('shop/prod', JSON.stringify({ values }, null, 2))
    expect((await program.esc(['env', 'rotate', 'shop/prod'])).code).to.equal(0)
    await down.stop()

    const failed = await program.esc(['env', 'rotate', 'shop/prod'])
    expect(failed.code).to.equal(3)
    expect(failed.out).to.match(
      /^Environment 'shop\/prod' rotated with errors\.\nNew revision '4' was created\.\n\nFailed secrets:\nPath: reports\.db, error: .*127\.0\.0\.1.*ECONNREFUSED.*\n$/,
    )
    expect(failed.err).to.include('hint: reports.db: ')
    const before = await program.open('shop/prod')
    const definition = () => readFileSync(join(program.store, 'shop/prod/environment.yaml'), 'utf8')
    const ciphertexts = (text: string, of: string, to: string) => text.slice(text.indexOf(of), text.indexOf(to))
    const text = definition()

    const again = await startPostgres({ port: down.port })
    try {
      // A new cluster at the old address, with the managing user's old password.
      await again.sql(
        `ALTER ROLE admin PASSWORD '${down.admin.password}'`,
        'CREATE ROLE part_a LOGIN',
        'CREATE ROLE part_b LOGIN',
      )
      const retried = await program.esc(['env', 'rotate', 'shop/prod', 'reports.db'])
      expect(retried).to.include({ code: 0, out: "Environment 'shop/prod' rotated.\nNew revision '5' was created.\n" })
      const after = await program.open('shop/prod')
      expect(after.app).to.deep.equal(before.app)
      expect(after.token).to.deep.equal(before.token)
      expect(after.reports.db.previous).to.deep.equal(before.reports.db.current)
      for (const [of, to] of [
        ['"app"', '"reports"'],
        ['"token"', '}'],
      ] as const) {
        expect(ciphertexts(definition(), of, to)).to.equal(ciphertexts(text, of, to))
      }
      const nothing = await program.esc(['env', 'rotate', 'shop/prod', '--failed'])
      expect(nothing).to.include({ code: 0, out: "No path of 'shop/prod' failed last time.\n" })
    } finally {
      await again.stop()
    }
  })

  describe('with the managing credentials in another environment', () => {
    let iam: FakeIam
    let env: Record<string, string>
    const arn = 'arn:aws:iam::123456789012:user/pulumi-ci'

    /** Further words are for the command that makes the environment of the credentials. */
    const prepare = async (...provider: string[]) => {
      iam = await new FakeIam({ unknownFor: 1 }).start()
      env = { AWS_ENDPOINT_URL_IAM: iam.url, AWS_ENDPOINT_URL_STS: iam.url, ESC_PASSPHRASE: 'correct horse' }
      const { accessKeyId, secretAccessKey } = iam.addKey(
        iam.addUser('arn:aws:iam::123456789012:user/manager', managerRights),
      )
      iam.addUser(arn)
      const login = {
        'fn::open::aws-login': { static: { accessKeyId, secretAccessKey: { 'fn::secret': secretAccessKey } } },
      }
      await program.ok('init')
      const init = await program.run(['env', 'init', 'credentials/production', ...provider, '--file', '-'], {
        input: JSON.stringify({ values: { aws: { login } } }),
        env,
      })
      expect(init.code, init.err).to.equal(0)
      const inputs = { region: 'us-west-2', login: '${environments.credentials.production.aws.login}', userArn: arn }
      await program.withEnvironment(
        'rotators/pulumi-ci',
        JSON.stringify({ values: { user: { 'fn::rotate::aws-iam': { inputs } } } }),
      )
    }
    afterEach(() => iam.stop())

    const keys = () => iam.users.get(arn)?.keys ?? iam.users.get('pulumi-ci')?.keys ?? []

    it('moves keys current → previous → deleted', async () => {
      await prepare()
      const seen: string[] = []
      for (let round = 0; round < 3; round++) {
        const { code, err } = await program.esc(['env', 'rotate', 'rotators/pulumi-ci', '--force'], env)
        expect(code, err).to.equal(0)
        const { current, previous } = await program.open('rotators/pulumi-ci', 'user')
        expect(previous?.accessKeyId).to.equal(seen.at(-1))
        seen.push(current.accessKeyId)
        expect(keys().map((key) => key.accessKeyId)).to.have.members(seen.slice(-2))
      }
    })

    it('fails before any change when a foreign key fills the second place, and says what to do', async () => {
      await prepare()
      expect((await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)).code).to.equal(0)
      const user = [...iam.users.values()].find((each) => each.arn === arn)
      const foreign = iam.addKey(user as never)
      const before = program.digest()
      const { code, out, err } = await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)
      expect(code).to.equal(1)
      expect(out).to.include(`${foreign.accessKeyId} is not managed here`)
      expect(err).to.include(`delete ${foreign.accessKeyId}`)
      expect(keys()).to.have.length(2)
      expect(program.digest()).to.equal(before)
    })

    it('copes with a current key that was deleted by hand', async () => {
      await prepare()
      await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)
      const { current } = await program.open('rotators/pulumi-ci', 'user')
      const user = [...iam.users.values()].find((each) => each.arn === arn)
      iam.removeKey(user as never, current.accessKeyId)
      const { code, err } = await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)
      expect(code).to.equal(0)
      expect(err).to.include(`IAM no longer has it`)
      expect((await program.open('rotators/pulumi-ci', 'user.current')).accessKeyId).to.equal(keys()[0]?.accessKeyId)
    })

    it('opens for someone without the key of the managing environment, and rotates nothing for them', async () => {
      await prepare('--secrets-provider', 'passphrase')
      await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)
      const { ESC_PASSPHRASE: _, ...withoutKey } = env
      const opened = await program.esc(['env', 'open', 'rotators/pulumi-ci', 'user.current.accessKeyId'], withoutKey)
      expect(opened.code, opened.err).to.equal(0)
      const before = program.digest()
      const calls = iam.calls.length
      const { code, out, err } = await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], withoutKey)
      expect(code).to.equal(1)
      expect(out + err)
        .to.include("'credentials/production'")
        .and.include('ESC_PASSPHRASE')
      expect(program.digest()).to.equal(before)
      expect(iam.calls.length).to.equal(calls)
    })

    it('finishes the step in flight on Ctrl-C, says what was kept, and finishes in the next run', async () => {
      await prepare()
      let reached = () => {}
      const created = new Promise<void>((resolve) => {
        reached = resolve
      })
      let answer = () => {}
      iam.hooks = {
        after: async ({ action }) => {
          if (action !== 'CreateAccessKey') return
          reached()
          await new Promise<void>((resolve) => {
            answer = resolve
          })
        },
      }
      const child = program.start(['env', 'rotate', 'rotators/pulumi-ci'], env)
      const result = ended(child)
      await created
      child.kill('SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 100))
      iam.hooks = {}
      answer()
      const { code, out, err } = await result
      expect(code).to.equal(130)
      expect(out + err).to.include('kept in the journal')
      expect(keys()).to.have.length(1)

      const next = await program.esc(['env', 'rotate', 'rotators/pulumi-ci'], env)
      expect(next.code, next.err).to.equal(0)
      expect(next.err).to.include('finished an interrupted rotation')
      const { current, previous } = await program.open('rotators/pulumi-ci', 'user')
      expect(previous).to.equal(undefined)
      expect(keys().map((key) => key.accessKeyId)).to.deep.equal([current.accessKeyId])
    })

    it('never writes or prints a secret in the clear', async () => {
      await prepare()
      const outputs: string[] = []
      const run = async (words: string[]) => {
        const { out, err } = await program.esc(words, env)
        outputs.push(out, err)
      }
      await run(['env', 'rotate', 'rotators/pulumi-ci'])
      await run(['env', 'rotate', 'rotators/pulumi-ci', '--plan'])
      iam.hooks = {
        before: ({ action }) => {
          if (action === 'GetCallerIdentity') throw new Error('broken')
        },
      }
      await run(['env', 'rotate', 'rotators/pulumi-ci'])
      await run(['env', 'get', 'rotators/pulumi-ci'])
      await run(['env', 'version', 'history', 'rotators/pulumi-ci'])
      const secrets = [...iam.users.values()].flatMap((user) => user.keys.map((key) => key.secretAccessKey))
      const files = readdirSync(program.folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      for (const secret of [...secrets, 'correct horse']) {
        for (const text of [...outputs, ...files]) {
          expect(text).to.not.include(secret)
          expect(text).to.not.include(Buffer.from(secret).toString('base64').slice(0, -4))
        }
      }
    })
  })

  describe('what surrounds it', () => {
    beforeEach(async () => {
      await program.withEnvironment('shop/prod', 'values: {a: {"fn::rotate::password": {inputs: {}}}}')
      for (let round = 0; round < 2; round++) await program.ok('env', 'rotate', 'shop/prod')
    })

    it('refuses a third rotation within minutes unless told to', async () => {
      const before = program.digest()
      const refused = await program.run(['env', 'rotate', 'shop/prod'])
      expect(refused.code).to.equal(1)
      expect(refused.err).to.match(/^Error: a was rotated .* ago; .*\nhint: wait 10 min, .*--force\n$/)
      expect(program.digest()).to.equal(before)
      expect((await program.run(['env', 'rotate', 'shop/prod', '--force'])).code).to.equal(0)
    })

    it('takes the guard window from the settings', async () => {
      const settings = join(program.store, 'shop/prod/settings.yaml')
      appendFileSync(settings, 'rotationGuard: 0\n')
      expect((await program.run(['env', 'rotate', 'shop/prod'])).code).to.equal(0)
      writeFileSync(settings, readFileSync(settings, 'utf8').replace('rotationGuard: 0', 'rotationGuard: soon'))
      const { code, err } = await program.run(['env', 'rotate', 'shop/prod'])
      expect(code).to.equal(1)
      expect(err).to.include('rotationGuard in ').and.include("is 'soon'\nhint: ")
    })

    it('shows the history of rotations, as a table and as JSON', async () => {
      expect(await program.ok('env', 'rotate', 'history', 'shop/prod', '--utc')).to.match(
        / succeeded +3 → 4 .*ada@example\.com/,
      )
      const { events } = JSON.parse(await program.ok('env', 'rotate', 'history', 'shop/prod', '--output', 'json'))
      expect(events.map((event: { postRotationRevision: number }) => event.postRotationRevision)).to.deep.equal([4, 3])
    })

    it('answers in JSON with the event of the run', async () => {
      const { id, status, revision, secretRotationEvent } = JSON.parse(
        await program.ok('env', 'rotate', 'shop/prod', '--force', '--output', 'json'),
      )
      expect({ status, revision, id }).to.deep.equal({ status: 'succeeded', revision: 5, id: secretRotationEvent.id })
      expect(secretRotationEvent.rotations[0]).to.include({ environmentPath: 'a', status: 'succeeded' })
    })
  })

  describe('refuses, with one line and a remedy, and leaves the store as it was', () => {
    const rotator = (inputs: object) => JSON.stringify({ values: { a: { 'fn::rotate::aws-iam': { inputs } } } })
    const login = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: { 'fn::secret': 'x'.repeat(40) } }
    const unreachable = {
      database: {
        host: '127.0.0.1',
        port: 1,
        database: 'd',
        managingUser: { username: 'm', password: { 'fn::secret': 'pw-of-m' } },
      },
      rotateUsers: { username1: 'a', username2: 'b' },
    }
    const cases: [string, string, string[], RegExp][] = [
      [
        'an unknown environment',
        '',
        ['shop/prdo'],
        /Error: environment 'shop\/prdo' does not exist\nhint: did you mean 'shop\/prod'\?/,
      ],
      [
        'a path that names no rotator',
        'values: {a: {"fn::rotate::password": {inputs: {}}}}',
        ['shop/prod', 'aa'],
        /Error: 'aa' names no rotator.*\nhint: did you mean 'a'\?/,
      ],
      [
        'a path that is none',
        'values: {a: {"fn::rotate::password": {inputs: {}}}}',
        ['shop/prod', 'a..['],
        /Error: 'a\.\.\[' is an invalid property path: /,
      ],
      [
        'an environment without rotators',
        'values: {a: 1}',
        ['shop/prod'],
        /Error: Environment 'shop\/prod' has no rotators\nhint: /,
      ],
      [
        'a wrong ARN',
        rotator({ login, userArn: 'arn:aws:iam::123456789012:role/x' }),
        ['shop/prod'],
        /Path: a, error: .*arn:aws:iam::123456789012:role\/x[\s\S]*hint: a: /,
      ],
      [
        'an unreachable host',
        JSON.stringify({ values: { a: { 'fn::rotate::postgres': { inputs: unreachable } } } }),
        ['shop/prod'],
        /Path: a, error: .*127\.0\.0\.1:1.*ECONNREFUSED[\s\S]*hint: a: /,
      ],
      [
        'a version',
        'values: {a: {"fn::rotate::password": {inputs: {}}}}',
        ['shop/prod@1'],
        /Error: the rotate command does not accept environments at specific versions/,
      ],
    ]
    for (const [title, definition, words, expected] of cases) {
      it(title, async () => {
        await program.withEnvironment('shop/prod', definition)
        const before = program.digest()
        const { code, out, err } = await program.esc(['env', 'rotate', ...words])
        expect(code).to.be.oneOf([1, 2])
        expect(out + err).to.match(expected)
        expect(program.digest()).to.equal(before)
        expect(existsSync(join(program.store, 'shop/prod/events'))).to.equal(false)
      })
    }
  })
})
