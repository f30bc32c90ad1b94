import { expect } from 'chai'
import { displayWidth } from '../../../src/yaml/index.ts'
import { Playground } from './esc.ts'

const definition = `values:
  deploy:
    token:
      fn::rotate::password: {inputs: {length: 20}}
`
/** Nothing listens there. */
const failing = `values:
  cache:
    fn::rotate::redis-acl:
      inputs: {host: 127.0.0.1, port: 1, user: app, login: {username: m, password: {fn::secret: canary}}}
`

describe('env rotate history', () => {
  let esc: Playground
  beforeEach(async () => {
    esc = await new Playground().withEnvironment('rotators/ci', definition)
  })
  afterEach(() => esc.remove())
  const json = async (...words: string[]) => JSON.parse(await esc.ok(...words, '--output', 'json'))

  it('shows runs in which every path failed, with the reason, and changes no file of the store for them', async () => {
    await esc.withEnvironment('rotators/cache', failing.replace('inputs:', 'inputs: &x').replace('&x ', ''))
    const settings = 'rotationRetries: 0\n'
    const { appendFileSync } = await import('node:fs')
    appendFileSync(`${esc.store}/esc.yaml`, settings)
    const before = esc.digest()
    const { code, err } = await esc.run(['env', 'rotate', 'rotators/cache'])
    expect(code).to.equal(1)
    expect(err).to.include('--failed')
    expect(esc.digest()).to.equal(before)
    const { events } = await json('env', 'rotate', 'history', 'rotators/cache')
    expect(events).to.have.length(1)
    expect(events[0]).to.include({ status: 'failed', preRotationRevision: 2, userID: 'ada@example.com' })
    expect(events[0].rotations[0]).to.include({ environmentPath: 'cache', status: 'failed' })
    const text = await esc.ok('env', 'rotate', 'history', 'rotators/cache')
    expect(text).to.include('cache (failed: ').and.include('ECONNREFUSED').and.not.include('canary')
    const reason: string = events[0].rotations[0].errorMessage
    expect(reason.length).to.be.greaterThan(60)
    expect(text, 'whole where it is piped').to.include(reason)
    const at = async (columns: number) => {
      const io = { stdoutIsTerminal: true, columns }
      return (await esc.run(['env', 'rotate', 'history', 'rotators/cache'], { io, env: { NO_COLOR: '1' } })).out
    }
    expect(await at(400))
      .to.include(`cache (failed: ${reason.slice(0, 59).trimEnd()}…)`)
      .and.not.include(reason)
    for (const line of (await at(80)).split('\n')) expect(displayWidth(line), line).to.be.at.most(80)
    const { rotators } = await json('env', 'rotators', 'rotators/cache')
    expect(rotators[0].lastResult).to.equal('failed')
    const again = await esc.run(['env', 'rotate', 'rotators/cache', '--failed'])
    expect(again.out).to.include('Path: cache')
    expect((await json('env', 'rotate', 'history', 'rotators/cache')).events).to.have.length(2)
  })

  it('records nothing where only plans were made, or nothing was left to resume', async () => {
    await esc.run(['env', 'rotate', 'rotators/ci', '--plan'])
    await esc.run(['env', 'rotate', 'rotators/ci', '--resume'])
    await esc.run(['env', 'rotate', 'doctor', 'rotators/ci'])
    expect((await json('env', 'rotate', 'history', 'rotators/ci')).events).to.deep.equal([])
  })

  it('with --credentials shows the life of each credential, and no secret', async () => {
    const secrets: string[] = []
    for (let times = 0; times < 3; times++) {
      await esc.ok('env', 'rotate', 'rotators/ci', '--force')
      secrets.push(JSON.parse(await esc.ok('open', 'rotators/ci')).deploy.token.current)
    }
    const { credentials } = await json('env', 'rotate', 'history', 'rotators/ci', '--credentials')
    const at = '2026-03-04T05:06:07.000Z'
    const shared = { path: 'deploy.token', rotator: 'password', ids: {} }
    expect(credentials).to.deep.equal([
      {
        ...shared,
        status: 'deleted',
        made: { revision: 3, at },
        superseded: { revision: 4, at },
        deleted: { revision: 5, at },
      },
      { ...shared, status: 'previous', made: { revision: 4, at }, superseded: { revision: 5, at }, deleted: null },
      { ...shared, status: 'current', made: { revision: 5, at }, superseded: null, deleted: null },
    ])
    const text = await esc.ok('env', 'rotate', 'history', 'rotators/ci', '--credentials', '--utc')
    expect(text).to.include('2026-03-04 05:06:07').and.include('revision 5').and.include('deploy.token')
    for (const secret of secrets) expect(text + JSON.stringify(credentials)).to.not.include(secret)
    expect(await esc.ok('audit', 'log')).to.include('environment-rotation-examined')
  })

  it('with --credentials keeps lives apart from changes of the key', async () => {
    await esc.ok('env', 'rotate', 'rotators/ci')
    await esc.ok('env', 'change-secrets-provider', 'rotators/ci', 'default')
    await esc.ok('env', 'rotate', 'rotators/ci', '--force')
    const { credentials } = await json('env', 'rotate', 'history', 'rotators/ci', '--credentials')
    expect(credentials.map(({ status }: { status: string }) => status)).to.deep.equal(['previous', 'current'])
  })

  it('with --credentials refuses a history that was changed', async () => {
    await esc.ok('env', 'rotate', 'rotators/ci')
    const { readFileSync, writeFileSync } = await import('node:fs')
    const file = `${esc.store}/rotators/ci/revisions/3.yaml`
    writeFileSync(file, readFileSync(file, 'utf8').replace('length: 20', 'length: 21'))
    const { code, err } = await esc.run(['env', 'rotate', 'history', 'rotators/ci', '--credentials'])
    expect(code).to.not.equal(0)
    expect(err).to.include('3.yaml')
  })
})

describe('env version history', () => {
  let esc: Playground
  before(async () => {
    esc = await new Playground().withEnvironment('rotators/ci', definition)
    await esc.ok('env', 'rotate', 'rotators/ci')
    await esc.ok('env', 'set', 'rotators/ci', 'region', 'eu')
    await esc.ok('env', 'version', 'rollback', 'rotators/ci@3')
  })
  after(() => esc.remove())

  it('says what each revision was', async () => {
    const text = await esc.ok('env', 'version', 'history', 'rotators/ci')
    expect([...text.matchAll(/^Change: (.*)$/gm)].map(([, change]) => change)).to.deep.equal([
      'rollback to 3',
      'set',
      'rotate deploy.token',
      'edit',
      'create',
    ])
  })

  it('says so as JSON', async () => {
    const { revisions } = JSON.parse(await esc.ok('env', 'version', 'history', 'rotators/ci', '--output', 'json'))
    expect(revisions.map(({ change }: { change: string }) => change)).to.deep.equal([
      'rollback',
      'set',
      'rotate',
      'edit',
      'create',
    ])
    expect(revisions[2].rotated).to.deep.equal(['deploy.token'])
  })
})

describe('the audit log of opens', () => {
  let esc: Playground
  before(async () => {
    esc = await new Playground().withEnvironment('app/base', 'values: {a: 1}\n')
    await esc.withEnvironment('app/secrets', 'values: {s: {fn::secret: canary}}\n')
    await esc.withEnvironment('app/dev', 'imports: [app/base@2, app/secrets]\nvalues: {b: "${a}"}\n')
    await esc.ok('env', 'set', 'app/base', 'a', '2')
  })
  after(() => esc.remove())

  const opens = async () => {
    const lines = JSON.parse(await esc.ok('audit', 'log', '--output', 'json')) as {
      event: string
      environment: string
      result: string
      details?: object
      description: string
    }[]
    return lines.filter(({ event }) => event === 'environment-open' || event === 'environment-imported')
  }

  it('holds the revision of every environment that took part, also when nothing was evaluated anew', async () => {
    for (const build of ['one', 'one']) {
      const { code, err } = await esc.run(['open', 'app/dev'], { io: { build } })
      expect(code, err).to.equal(0)
      const [open, imported] = (await opens()).slice(-2)
      expect(open).to.include({ event: 'environment-open', environment: 'app/dev', result: 'allowed' })
      expect(open?.details).to.deep.equal({ revision: 2, environments: ['app/base@2', 'app/secrets@2'] })
      expect(open?.description).to.include('(revision 2)')
      expect(imported?.details).to.deep.equal({ by: 'app/dev', revision: 2 })
    }
    expect(await esc.ok('audit', 'log')).to.include('allowed, revision 2')
    expect(await esc.ok('audit', 'verify')).to.include('nothing is wrong')
  })

  it('holds it of run, and of a version that was asked for', async () => {
    await esc.run(['run', 'app/base@1', '--', 'true'])
    expect((await opens()).at(-1)?.details).to.deep.equal({ revision: 1 })
  })

  it('has a line without a revision where there is none to open', async () => {
    await esc.run(['open', 'app/base@9'])
    const [allowed, failed] = (await opens()).slice(-2)
    expect(allowed?.details).to.equal(undefined)
    expect(failed?.result).to.equal('failed')
  })
})
