import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  DefinitionError,
  type EnvironmentStore,
  type EscError,
  openStore,
  Secret,
  secret,
} from '../../src/sdk/index.ts'
import { Playground } from '../cli/commands/esc.ts'
import { cpuMsSince, expectWithin } from '../cpu-time.ts'

describe('the store of a program', () => {
  let playground: Playground
  let store: EnvironmentStore
  beforeEach(async () => {
    playground = new Playground()
    await playground.ok('init')
    await playground.ok('env', 'init', 'app/dev')
    store = await openStore(playground.folder, { env: { ...process.env, ...playground.env } })
  })
  afterEach(() => playground.remove())

  const failure = (run: Promise<unknown>): Promise<EscError> =>
    run.then(
      () => expect.fail('nothing was thrown'),
      (error) => error,
    )

  it('saves values and secrets, and opens them', async () => {
    expect(await store.set('app/dev', 'region', 'eu-central-1')).to.equal(2)
    await store.set('app/dev', 'ports', [80, 443])
    await store.set('app/dev', 'password', new Secret('pa$$ ${word}\n'))
    await store.set('app/dev', 'token', secret('t0ken-of-mine'))
    await store.set('app/dev', 'environmentVariables.REGION', '${region}')
    await store.set('app/dev', 'plain', 'x', { secret: true })
    const env = await store.open('app/dev')
    expect(env.get('ports')).to.deep.equal([80, 443])
    expect((env.get('password') as Secret).reveal()).to.equal('pa$$ ${word}\n')
    expect((await store.get('app/dev', 'token')) as Secret).to.be.instanceOf(Secret)
    expect((env.get('plain') as Secret).reveal()).to.equal('x')
    expect(JSON.stringify(env)).not.to.include('t0ken')
    expect(await store.environments()).to.deep.equal(['app/dev'])
  })

  it('keeps what depends on nothing else until it changes', async () => {
    await store.set('app/dev', 'a', '1')
    await new Promise((resolve) => setTimeout(resolve, 80))
    const first = await store.open('app/dev')
    expect(await store.open('app/dev')).to.equal(first)
    await playground.ok('env', 'set', 'app/dev', 'a', '2')
    expect((await store.open('app/dev')).get('a')).to.equal(2)
    expect((await store.open('app/dev@2')).get('a')).to.equal('1')
  })

  it('opens 1,000 times in half a second when nothing has changed, and sees a change at once', async () => {
    await store.set('app/dev', 'a', '1')
    // What has just been written is not believed to stay.
    await new Promise((resolve) => setTimeout(resolve, 80))
    await store.open('app/dev')
    const before = process.cpuUsage()
    for (let i = 0; i < 1000; i++) await store.open('app/dev')
    expectWithin(500, cpuMsSince(before))
    await playground.ok('env', 'set', 'app/dev', 'a', '2')
    expect((await store.open('app/dev')).get('a')).to.equal(2)
  })

  it('rotates, with one result for each path', async () => {
    await store.set('app/dev', 'pin', { 'fn::rotate::password': { inputs: { length: 20 } } })
    const phases: string[] = []
    const first = await store.rotate('app/dev', { onProgress: (path, phase) => phases.push(`${path} ${phase}`) })
    expect(first.paths).to.deep.equal([{ path: 'pin', rotator: 'password', status: 'succeeded' }])
    expect(phases).to.include('pin rotated')
    expect((await store.rotate('app/dev', { paths: ['pin'] })).status).to.equal('succeeded')
    // The credential that was current before both would end.
    const again = await failure(store.rotate('app/dev'))
    expect(again.message).to.include('rotated')
    const forced = await store.rotate('app/dev', { force: true })
    expect(forced.revision).to.equal(first.revision! + 2)
    const env = await store.open('app/dev')
    expect(env.get('pin.current')).to.be.instanceOf(Secret)
    const [newest] = await store.history('app/dev')
    expect(newest).to.deep.include({ number: forced.revision, change: 'rotate', rotated: ['pin'], retracted: false })
  })

  it('hands each new revision to who watches', async () => {
    await store.set('app/dev', 'a', 'one')
    const seen: unknown[] = []
    const watch = await store.watch('app/dev', (env) => seen.push(env.get('a')))
    expect(seen).to.deep.equal(['one'])
    await playground.ok('env', 'set', 'app/dev', 'a', 'two')
    for (let i = 0; i < 200 && seen.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    watch.close()
    expect(seen).to.deep.equal(['one', 'two'])
  }).timeout(20_000)

  it('says what is wrong, with a code and a remedy', async () => {
    const gone = await failure(store.open('app/gone'))
    expect([gone.code, gone.message]).to.deep.equal(['not_found', "environment 'app/gone' does not exist"])
    const looks = await failure(store.set('app/dev', 'token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'))
    expect(looks.message).to.include('looks like a secret')
    const nowhere = await failure(openStore(`${playground.folder}/nowhere`))
    expect(nowhere.code).to.equal('not_found')
    expect((await failure(store.get('app/dev', 'a['))).code).to.equal('invalid_input')
  })

  it('has the mistakes of a definition as data', async () => {
    const bad = await failure(store.set('app/dev', 'a', { 'fn::nope': 1 }))
    expect(bad).to.be.instanceOf(DefinitionError)
    const { diagnostics } = bad as DefinitionError
    expect(diagnostics[0]).to.deep.include({ severity: 'error', path: 'values.a' })
    expect(diagnostics[0]!.place).to.match(/^app\/dev:\d+:\d+$/)
    expect(await store.check('app/dev')).to.deep.equal([])
  })

  it('obeys the access rules', async () => {
    appendFileSync(join(playground.store, 'esc.yaml'), 'access: {default: read, rules: []}\n')
    const denied = await failure(store.open('app/dev'))
    expect(denied.code).to.equal('forbidden')
  })
})
