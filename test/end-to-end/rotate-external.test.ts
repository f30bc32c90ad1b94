import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { oidcKeySet } from '../../src/keys/index.ts'
import { adapterCertificate } from '../fakes/adapter-certificate.ts'
import { FakeAdapter } from '../fakes/external-adapter.ts'
import { Dropped } from '../fakes/vendor-fake.ts'
import { Program } from './program.ts'

describe('esc env rotate, with an adapter', function () {
  this.timeout(60_000)
  let program: Program
  let adapter: FakeAdapter
  let trust: Readonly<Record<string, string>>

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    program = new Program()
    adapter = await new FakeAdapter().start()
    adapter.host = '127.0.0.1'
    const external = {
      inputs: {
        url: `https://127.0.0.1:${adapter.port}/rotate`,
        request: { role: { 'fn::secret': 'r3quest-canary' } },
      },
    }
    await program.withEnvironment('app/prod', JSON.stringify({ values: { key: { 'fn::rotate::external': external } } }))
    const certificate = join(program.folder, 'adapter.pem')
    writeFileSync(certificate, adapterCertificate)
    trust = { NODE_EXTRA_CA_CERTS: certificate }
    const configFolder = program.env.ESC_CONFIG_HOME!
    const issuer = 'https://esc.example.org'
    adapter.trusted = { issuer, ...oidcKeySet({ env: {}, configFolder, notify: () => {} }, new Date()) }
    appendFileSync(join(program.store, 'esc.yaml'), `oidc:\n  issuer: ${issuer}\n`)
    await program.ok('trust', '--yes')
  })
  afterEach(async () => {
    await adapter?.stop()
    program?.remove()
  })

  const allow = async () => {
    appendFileSync(join(program.store, 'esc.yaml'), 'network:\n  privateHosts: [127.0.0.1]\n')
    await program.ok('trust', '--yes')
  }
  const rotate = (...flags: string[]) => program.esc(['env', 'rotate', 'app/prod', ...flags], trust)

  it('calls nothing on this machine unless the configuration allows it', async () => {
    const { code, out, err } = await rotate()
    expect(code).to.not.equal(0)
    expect(out + err)
      .to.include('not a public one')
      .and.to.include('network.privateHosts')
    expect(adapter.calls).to.deep.equal([])
  })

  it('does not call what esc.yaml names until this machine has allowed it', async () => {
    appendFileSync(join(program.store, 'esc.yaml'), 'network:\n  privateHosts: [127.0.0.1]\n')
    for (const flags of [['--plan'], []]) {
      const { code, out, err } = await rotate(...flags)
      expect(code).to.equal(1)
      expect(out + err)
        .to.include('has not allowed the store to let rotators call 127.0.0.1')
        .and.to.include('"esc trust"')
    }
    expect(adapter.calls).to.deep.equal([])
    await program.ok('trust', '--yes')
    expect(await rotate()).to.include({ code: 0 })
  })

  it('signs nothing for a store that may not use the identity key, and leaves nothing in the journal', async () => {
    await allow()
    await program.ok('trust', 'revoke')
    const { code, out, err } = await rotate()
    expect(code).to.equal(1)
    expect(out + err).to.include('has not allowed the store to sign identity tokens')
    expect(adapter.calls).to.deep.equal([])
    await program.ok('trust', '--yes')
    expect(await rotate(), 'nothing has to be resumed').to.include({ code: 0, err: '' })
  })

  it('saves what the adapter answers, which knows the store by its signature', async () => {
    await allow()
    expect(await rotate()).to.include({ code: 0, err: '' })
    const { current } = await program.open('app/prod', 'key')
    expect(current).to.include({ user: 'app', password: adapter.valid[0] })
    expect(adapter.claims[0]).to.include({ env: 'app/prod', org: 'local' })
    const saved = readFileSync(join(program.store, 'app/prod/environment.yaml'), 'utf8')
    expect(saved).to.not.include(adapter.valid[0]).and.not.include('r3quest-canary')
  })

  it('keeps a lost answer in the journal, and asks for it again', async () => {
    await allow()
    adapter.hooks = {
      after() {
        throw new Dropped()
      },
    }
    const { code, out, err } = await rotate()
    expect(code).to.not.equal(0)
    expect(out + err)
      .to.include('kept in the journal')
      .and.not.include('canary')
    expect(adapter.calls).to.have.length(1)
    const journal = join(program.machine, 'journal')
    const files = readdirSync(journal, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.length).to.be.greaterThan(0)
    for (const { parentPath, name } of files) {
      expect(readFileSync(join(parentPath, name), 'utf8')).to.not.match(/r3quest-canary|"password"/)
    }
    adapter.hooks = {}
    expect(await rotate('--resume')).to.include({ code: 0 })
    expect(adapter.rotations).to.equal(1)
    const { current } = await program.open('app/prod', 'key')
    expect(current.password).to.equal(adapter.valid[0])
  })
})
