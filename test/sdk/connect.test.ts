import { expect } from 'chai'
import { connect, type EnvironmentStore, EscError, type OpenEnvironment, Secret } from '../../src/sdk/index.ts'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from '../server/running-server.ts'

const isSecret = (value: unknown) => value instanceof Secret && value.reveal() === 's3cret'

describe('the library on a server', function () {
  this.timeout(60_000)
  let program: Program
  let server: RunningServer
  let store: EnvironmentStore

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('base/common', 'values: {region: eu}\n')
    await program.withEnvironment(
      'app/dev',
      'imports: [base/common]\nvalues:\n  token: {fn::secret: s3cret}\n  deploy: {fn::rotate::password: {inputs: {length: 20}}}\n',
    )
    server = await RunningServer.start(program)
    store = await connect(server.url, server.token, { env: { ...program.env, ESC_STORE: '/nowhere' } })
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  it('lists, checks and opens as in a folder', async () => {
    expect(await store.environments()).to.deep.equal(['app/dev', 'base/common'])
    expect(await store.check('app/dev')).to.deep.equal([])
    const env = await store.open('app/dev')
    expect(env.get('region')).to.equal('eu')
    expect(env.get('token')).to.satisfy(isSecret)
    expect(await store.get('app/dev', 'region')).to.equal('eu')
  })

  it('sets, rotates and tells the history', async () => {
    const revision = await store.set('app/dev', 'size', 3)
    expect(await store.get('app/dev', 'size')).to.equal(3)
    const { status, paths } = await store.rotate('app/dev')
    expect([status, paths[0]?.rotator]).to.deep.equal(['succeeded', 'password'])
    const [newest] = await store.history('app/dev')
    expect(newest).to.include({ number: revision + 1, change: 'rotate' })
  })

  it('opens with another lifetime', async () => {
    expect((await store.open('app/dev', { lifetimeSeconds: 900 })).get('token')).to.satisfy(isSecret)
  })

  it('hands on each new version, of what is imported too', async () => {
    const seen: OpenEnvironment[] = []
    let heard = () => {}
    const watch = await store.watch('app/dev', (env) => {
      seen.push(env)
      heard()
    })
    const next = new Promise<void>((resolve) => {
      heard = resolve
    })
    await store.set('base/common', 'region', 'us')
    await next
    watch.close()
    expect(seen.at(-1)?.get('region')).to.equal('us')
  })

  it('says what is wrong with a token, a URL, an environment', async () => {
    const code = (work: Promise<unknown>) => work.then(String, (error) => error instanceof EscError && error.code)
    const env = program.env
    expect(await code(connect(server.url, 'esc_wrong', { env }).then((each) => each.environments()))).to.equal(
      'forbidden',
    )
    expect(await code(connect('no url', 'esc_wrong', { env }))).to.equal('usage')
    expect(await code(store.open('app/none'))).to.equal('not_found')
    expect(
      await code(connect('http://127.0.0.1:9', 'esc_wrong', { env }).then((each) => each.environments())),
    ).to.equal('io')
  })
})
